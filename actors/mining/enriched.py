"""The enriched data set: the cleaned log with what mining found about each event, as CSV.

Written in slices, so that a log of any length needs the memory of one slice.
"""

from collections.abc import Callable, Mapping
from typing import IO

import polars as pl

from actors.mining.events import MICROSECOND, Events

SLICE = 100_000
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_OWN = {
    "case": "case_id",
    "activity": "activity",
    "time": "timestamp",
    "start": "start_timestamp",
    "resource": "resource",
    "lifecycle": "lifecycle",
}


def write_csv(
    log: pl.DataFrame,
    events: Events,
    cases: pl.DataFrame,
    file: IO[bytes],
    *,
    names: Mapping[str, str],
    on_rows: Callable[[int], None] = lambda _n: None,
) -> int:
    """Write every event with its columns and what was found about it; return the number.

    `names` maps the log's own further columns to what the file called them.
    """
    titles = _column_titles(log, names)
    for offset in range(0, log.height, SLICE):
        piece = log.slice(offset, SLICE)
        found = _found(events.frame.slice(offset, SLICE), cases)
        table = pl.concat([_written(piece, titles), found], how="horizontal")
        file.write(table.write_csv(include_header=offset == 0).encode())
        on_rows(offset + piece.height)
    return log.height


def _column_titles(log: pl.DataFrame, names: Mapping[str, str]) -> dict[str, str]:
    """Map the frame's columns to the file's: our own first, then the log's others."""
    titles = {column: _OWN[column] for column in _OWN if column in log.columns}
    taken = {*titles.values(), *_FOUND}
    for column in log.columns:
        if column in names:
            titles[column] = _unused(safe_text(names[column]), taken)
            taken.add(titles[column])
    return titles


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_original"
    return name


def safe_text(text: str) -> str:
    """Keep a spreadsheet from reading text as a formula."""
    return "'" + text if text[:1] in tuple("=+-@\t\r") else text


def _written(piece: pl.DataFrame, titles: dict[str, str]) -> pl.DataFrame:
    columns = []
    for column, title in titles.items():
        kind = piece.schema[column]
        value = pl.col(column)
        if kind in (pl.String, pl.Categorical):
            value = _safe(value.cast(pl.String))
        elif isinstance(kind, pl.Datetime):
            value = value.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        columns.append(value.alias(title))
    return piece.select(pl.col("row").alias("source_row"), *columns, "timestamp_inferred")


def _safe(value: pl.Expr) -> pl.Expr:
    dangerous = value.str.contains(_FORMULA) & ~value.str.contains(_NUMBER)
    return pl.when(dangerous).then(pl.concat_str(pl.lit("'"), value)).otherwise(value)


_FOUND = (
    "source_row",
    "timestamp_inferred",
    "event_index",
    "seconds_since_previous",
    "seconds_since_case_start",
    "case_events",
    "case_start",
    "case_end",
    "case_duration_seconds",
    "variant_id",
)


def _found(piece: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    of_case = cases[piece["case"]]
    stamp = "%Y-%m-%dT%H:%M:%S%.6fZ"
    return piece.with_columns(of_case.drop("case").rename({"events": "n"})).select(
        event_index=pl.col("index") + 1,
        seconds_since_previous=pl.col("gap") / MICROSECOND,
        seconds_since_case_start=(pl.col("time") - pl.col("begin")) / MICROSECOND,
        case_events="n",
        case_start=pl.from_epoch("begin", time_unit="us").dt.strftime(stamp),
        case_end=pl.from_epoch("end", time_unit="us").dt.strftime(stamp),
        case_duration_seconds="duration",
        variant_id="variant",
    )
