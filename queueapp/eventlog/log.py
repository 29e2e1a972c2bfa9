"""A log as read: one table with fixed columns for the parts that matter, and all the rest."""

from dataclasses import dataclass, field

import polars as pl

from queueapp.eventlog.header import free_name
from queueapp.eventlog.model import Columns, Format
from queueapp.eventlog.timestamps import Times, parse_times, typed_times

#: Column names of `RawLog.frame` and `CleanLog.frame` that never mean a column of the file.
RESERVED = (
    "row",
    "case",
    "activity",
    "resource",
    "time_text",
    "time",
    "start_text",
    "start",
    "lifecycle",
    "timestamp_inferred",
)
_LIFECYCLES = ("lifecycle:transition", "lifecycle")


@dataclass(frozen=True)
class Source:
    """How a log was read, for reports."""

    format: Format
    columns: Columns
    #: Every column of the file, in its order.
    header: tuple[str, ...]
    timezone: str
    delimiter: str | None = None
    encoding: str | None = None
    #: Columns of a kind that no cell of text can hold (lists, structures, bytes).
    left_out: tuple[str, ...] = ()
    #: Records with no text in any field; they are not numbered.
    blank_rows: int = 0


@dataclass(frozen=True)
class RawLog:
    """All records of a log in file order.

    `frame` has row (1-based record number), case, activity, resource, time_text, time (UTC
    microseconds, null when blank or unreadable); start_text and start, and lifecycle, where the
    file has them; then each other column of the file as text. Blank texts are null.
    """

    frame: pl.DataFrame
    source: Source
    times: Times
    #: Frame column -> column of the file, for the columns that play no part.
    attributes: dict[str, str] = field(default_factory=dict)
    #: Rows with more fields than the header; their values may stand in wrong columns.
    overlong: tuple[int, ...] = ()

    @property
    def text_columns(self) -> list[str]:
        """The frame columns that hold what the file said, without what was derived."""
        derived = {"row", "time", "start"}
        return [name for name in self.frame.columns if name not in derived]


def shape(table: pl.DataFrame, source: Source, *, overlong: tuple[int, ...] = ()) -> RawLog:
    """Turn a table with the file's columns into a raw log."""
    roles = source.columns.by_role()
    parts: dict[str, pl.Series] = {
        "row": pl.int_range(1, table.height + 1, dtype=pl.UInt32, eager=True),
        "case": _text(table[roles["case_id"]]),
        "activity": _text(table[roles["activity"]]),
        "resource": _resource(table, roles.get("resource")),
        "time_text": _text(table[roles["time"]]),
    }
    times = _times(table[roles["time"]], parts["time_text"], source.timezone)
    parts["time"] = times.time
    if "start_time" in roles:
        start = table[roles["start_time"]]
        parts["start_text"] = _text(start)
        parts["start"] = _times(start, parts["start_text"], source.timezone).time
    attributes = _add_attributes(parts, table, set(roles.values()))
    frame = pl.DataFrame([series.alias(name) for name, series in parts.items()])
    return RawLog(frame, source, times, attributes, overlong)


def _add_attributes(
    parts: dict[str, pl.Series], table: pl.DataFrame, mapped: set[str]
) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name in table.columns:
        if name in mapped:
            continue
        if name.lower() in _LIFECYCLES and "lifecycle" not in parts:
            parts["lifecycle"] = _text(table[name])
            continue
        kept = free_name(name, {*parts, *RESERVED})
        parts[kept] = table[name].cast(pl.String)
        attributes[kept] = name
    return attributes


def _resource(table: pl.DataFrame, name: str | None) -> pl.Series:
    if name is None:
        return pl.Series([None], dtype=pl.String).new_from_index(0, table.height)
    return _text(table[name])


def _text(series: pl.Series) -> pl.Series:
    """Return the column as text, null where it is blank."""
    text = series.cast(pl.String)
    blank = text.str.strip_chars().str.len_bytes() == 0
    if not blank.any():
        return text
    return pl.select(pl.when(~blank).then(text)).to_series()


def _times(column: pl.Series, text: pl.Series, zone: str) -> Times:
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        return typed_times(column, zone=zone)
    return parse_times(text, zone=zone)
