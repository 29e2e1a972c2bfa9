"""Read delimited text (CSV) as a table of strings.

A strict, parallel reader takes clean files; what it refuses (rows with extra fields, quotes
where none belong) goes to a careful one that names the row or keeps it marked.
"""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from queueapp.eventlog.header import known_roles, unique_names
from queueapp.eventlog.model import Columns, LogError

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 262_144
_SAMPLE_RECORDS = 50
_CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Table:
    """A file's columns as strings in file order, and the rows (1-based) with extra fields."""

    frame: pl.DataFrame
    overlong: tuple[int, ...] = ()
    blank_rows: int = 0


def delimiter_of(head: str, hint: str | None, columns: Columns | None) -> str:
    """Return the delimiter: the hint, or the one that explains the first records best.

    Raises: LogError unknown_delimiter, not_a_table.
    """
    if hint is not None:
        return _checked_hint(hint)
    wanted = set(columns.by_role().values()) if columns else set()
    best = max(DELIMITERS, key=lambda delimiter: _fit(head, delimiter, wanted))
    if _fit(head, best, wanted)[1] == 0:
        raise LogError(
            "not_a_table",
            "the first lines have no comma, semicolon, tab or bar that splits them into columns",
            field="delimiter",
        )
    return best


def read_delimited(path: Path, *, hint: str | None, columns: Columns | None) -> tuple[Table, str]:
    """Read a plain UTF-8 file; give the table and the delimiter.

    Raises: LogError not_a_table, bad_csv, no_rows, unknown_delimiter.
    """
    with path.open(encoding="utf-8-sig", newline="") as text:
        head = text.read(_SAMPLE_CHARS)
    delimiter = delimiter_of(head, hint, columns)
    header, is_first = _header(head, delimiter)
    table = _read_strict(path, delimiter, header, eol=_line_end(head)) if is_first else None
    if table is None:
        table = _read_carefully(path, delimiter, header)
    if table.frame.is_empty():
        raise LogError("no_rows", "the file has a header but no rows")
    if len(table.overlong) * 2 > table.frame.height:
        raise LogError(
            "not_a_table",
            f"most rows have more fields than the header's {len(header)}",
            row=table.overlong[0],
        )
    return table, delimiter


def _checked_hint(hint: str) -> str:
    delimiter = {"tab": "\t", "\\t": "\t"}.get(hint, hint)
    if (
        len(delimiter) != 1
        or not delimiter.isascii()
        or delimiter in '"\r\n'
        or (delimiter.isalnum())
    ):
        raise LogError("unknown_delimiter", f"{hint!r} cannot separate fields", field="delimiter")
    return delimiter


def _fit(head: str, delimiter: str, wanted: set[str]) -> tuple[int, float, int]:
    """Rate a delimiter: named columns found, share of records that agree, fields."""
    records = list(itertools.islice(_records(head, delimiter), _SAMPLE_RECORDS))
    if not records or len(records[0]) < 2:
        return (0, 0.0, 0)
    names = [cell.strip() for cell in records[0]]
    found = len(wanted & set(names)) if wanted else len(known_roles(names))
    agreeing = sum(len(record) == len(names) for record in records) / len(records)
    return (found, agreeing, len(names))


def _records(head: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the non-blank records of a sample, as far as it parses."""
    lines = io.StringIO(head, newline="")
    try:
        yield from (record for record in csv.reader(lines, delimiter=delimiter) if record)
    except csv.Error:
        return


def _header(head: str, delimiter: str) -> tuple[list[str], bool]:
    """Return the column names, and whether they are the very first record."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        for place, record in enumerate(reader, 1):
            if any(cell.strip() for cell in record):
                return unique_names(record), place == 1
    except csv.Error as error:
        raise LogError("bad_csv", f"the header cannot be read: {error}") from error
    raise LogError("empty_file", "the file is empty")


def _line_end(head: str) -> str:
    return "\r" if "\r" in head and "\n" not in head else "\n"


def _read_strict(path: Path, delimiter: str, header: list[str], *, eol: str) -> Table | None:
    """Read a clean file with the fast reader, None where it has a doubt."""
    try:
        frame = pl.read_csv(
            path,
            separator=delimiter,
            has_header=False,
            skip_rows=1,
            schema=dict.fromkeys(header, pl.String),
            eol_char=eol,
            glob=False,
            low_memory=True,
        )
    except (pl.exceptions.PolarsError, OSError):
        return None
    return _without_blank_rows(frame)


def _without_blank_rows(frame: pl.DataFrame) -> Table:
    blank = frame.select(pl.all_horizontal(pl.all().is_null()).alias("x"))["x"]
    count = int(blank.sum())
    return Table(frame.filter(~blank) if count else frame, blank_rows=count)


def _read_carefully(path: Path, delimiter: str, header: list[str]) -> Table:
    width, parts, overlong, blank_rows, row = len(header), [], [], 0, 0
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        records = _after_header(reader)
        while chunk := list(itertools.islice(_strictly(records, reader), _CHUNK_ROWS)):
            kept = []
            for record in chunk:
                if not any(record):
                    blank_rows += 1
                    continue
                row += 1
                if any(record[width:]):
                    overlong.append(row)
                kept.append((record + [""] * (width - len(record)))[:width])
            parts.append(_as_frame(header, kept))
    return (
        Table(pl.concat(parts), tuple(overlong), blank_rows)
        if parts
        else Table(_as_frame(header, []))
    )


def _after_header(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    for record in reader:
        if any(cell.strip() for cell in record):
            break
    return reader


def _strictly(records: Iterator[list[str]], reader: object) -> Iterator[list[str]]:
    try:
        yield from records
    except csv.Error as error:
        line = getattr(reader, "line_num", None)
        raise LogError(
            "bad_csv",
            f"the record that ends in line {line} has a quoted field that is never closed, is"
            f" followed by text, or is too long ({error})",
        ) from error


def _as_frame(header: list[str], records: list[list[str]]) -> pl.DataFrame:
    cells = zip(*records, strict=True) if records else ([] for _ in header)
    frame = pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.String)
            for name, values in zip(header, cells, strict=True)
        }
    )
    return frame.with_columns(pl.all().replace("", None))
