"""Read XES (IEEE 1849) as a table of strings, streaming, on the standard library's expat.

One row an event in file order; event attributes under their key, trace attributes as
`case:<key>`. Attributes inside attributes, lists and containers are passed over. Documents with a
DOCTYPE are refused, so no entity is ever expanded; depth and columns are bounded.
"""

from collections.abc import Callable, Iterable, Sequence
from xml.parsers import expat

import polars as pl

from queueapp.eventlog.model import MAX_COLUMNS, Columns, LogError

MAX_DEPTH = 64
_ENDS_EARLY = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
    }
)
_CHUNK_ROWS = 50_000
_VALUED = frozenset({"string", "date", "int", "float", "boolean", "id"})


def default_columns(names: Sequence[str]) -> Columns:
    """Return the mapping that the XES standard's own extensions give."""
    return Columns(
        case_id="case:concept:name",
        activity="concept:name",
        time="time:timestamp",
        resource="org:resource" if "org:resource" in names else None,
    )


def read_xes(blocks: Iterable[bytes], *, on_rows: Callable[[int], None]) -> pl.DataFrame:
    """Read the events of an XES document given in blocks of bytes.

    Raises: LogError bad_xml, entities_refused, too_deep, too_large, no_rows.
    """
    rows = _Rows(on_rows)
    reader = _Reader(rows)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for block in blocks:
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise LogError("bad_xml", _broken(error)) from error
    except LogError:
        raise
    except (LookupError, ValueError) as error:
        raise LogError("bad_xml", f"the declared encoding cannot be read: {error}") from error
    return rows.table()


def _broken(error: expat.ExpatError) -> str:
    if error.code in _ENDS_EARLY:
        return f"the XML ends too early, in line {error.lineno}"
    return f"the XML is broken in line {error.lineno}: {expat.ErrorString(error.code)}"


def _refuse_doctype(*_args: object) -> None:
    raise LogError("entities_refused", "documents with a DOCTYPE or entities are refused")


class _Rows:
    """Events as growing columns, packed into tables now and then."""

    def __init__(self, on_rows: Callable[[int], None]) -> None:
        self._on_rows = on_rows
        self._columns: dict[str, list[str | None]] = {}
        self._height = 0
        self._packed: list[pl.DataFrame] = []
        self._total = 0

    def add(self, trace: dict[str, str], events: list[dict[str, str]]) -> None:
        """Append a trace's events, each with the trace's attributes."""
        for event in events:
            for key, value in event.items():
                self._column(key).append(value)
            self._height += 1
        first = self._height - len(events)
        for key, value in trace.items():
            # A slice, because an event may carry the same key itself; the trace's word wins.
            self._column(f"case:{key}")[first:] = [value] * len(events)
        if self._height >= _CHUNK_ROWS:
            self._pack()

    def table(self) -> pl.DataFrame:
        self._pack()
        if not self._total:
            raise LogError("no_rows", "the log has no events")
        return pl.concat(self._packed, how="diagonal")

    def _column(self, name: str) -> list[str | None]:
        column = self._columns.get(name)
        if column is None:
            if len(self._columns) >= MAX_COLUMNS:
                raise LogError("too_large", f"the log has more than {MAX_COLUMNS} attributes")
            column = self._columns[name] = []
        gap = self._height - len(column)
        if gap > 0:
            column.extend([None] * gap)
        return column

    def _pack(self) -> None:
        if not self._height:
            return
        for column in self._columns.values():
            column.extend([None] * (self._height - len(column)))
        self._packed.append(
            pl.DataFrame(
                {name: pl.Series(cells, dtype=pl.String) for name, cells in self._columns.items()}
            )
        )
        self._total += self._height
        self._height = 0
        self._columns = {name: [] for name in self._columns}
        self._on_rows(self._total)


class _Reader:
    """Follow the elements of one document: log, trace, event and their direct attributes."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._depth = 0
        self._skipping = 0
        self._trace: dict[str, str] = {}
        self._events: list[dict[str, str]] = []
        self._event: dict[str, str] | None = None
        self._in_trace = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise LogError("too_deep", f"elements are nested deeper than {MAX_DEPTH}")
        if self._skipping:
            return
        local = name.rpartition(":")[2]
        if self._depth == 1:
            _expect_log(local)
        elif local == "event" and self._event is None:
            self._event = {}
        elif local == "trace" and self._depth == 2:
            self._in_trace, self._trace, self._events = True, {}, []
        else:
            self._attribute(local, attributes)
            self._skipping = self._depth

    def end(self, _name: str) -> None:
        if self._skipping:
            if self._skipping == self._depth:
                self._skipping = 0
        elif self._event is not None:
            self._end_event()
        elif self._in_trace:
            self._rows.add(self._trace, self._events)
            self._in_trace = False
        self._depth -= 1

    def _attribute(self, local: str, attributes: dict[str, str]) -> None:
        key, value = attributes.get("key"), attributes.get("value")
        if local not in _VALUED or key is None or value is None:
            return
        if self._event is not None:
            self._event[key] = value
        elif self._in_trace:
            self._trace[key] = value

    def _end_event(self) -> None:
        event = self._event or {}
        self._event = None
        if self._in_trace:
            self._events.append(event)
        else:
            self._rows.add({}, [event])


def _expect_log(local: str) -> None:
    if local != "log":
        raise LogError("bad_xml", f"the document is <{local}>, not an XES <log>")
