"""Tiny cleaned logs, written as one line per case, for tests with known answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from actors.mining.document import Mined, Settings, mine

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
NO_QUALITY: dict[str, Any] = {
    "score": 100.0,
    "parts": {"validity": 1.0},
    "totalRecords": 0,
    "validRecords": 0,
    "duplicatesRemoved": 0,
    "invalidRecords": 0,
    "invalidByReason": {},
    "repairs": [],
    "problems": [],
    "warnings": [],
}
HEAD: dict[str, Any] = {
    "made": "2024-06-01T00:00:00Z",
    "dataset": {"id": "d", "name": "tiny", "format": "csv", "sha256": "0" * 64},
    "parameters": {},
    "versions": {"queueapp": "1"},
}


def log(*cases: str, **columns: list[Any]) -> pl.DataFrame:
    """Build a cleaned log: each case is `A@0 B@60:ann`, activity, second and resource."""
    rows = []
    for number, case in enumerate(cases):
        for word in case.split():
            activity, _, rest = word.partition("@")
            second, _, resource = rest.partition(":")
            at = BEGIN + timedelta(seconds=float(second))
            rows.append((f"c{number:04d}", activity, at, resource or None))
    frame = pl.DataFrame(
        rows,
        schema={
            "case": pl.String,
            "activity": pl.String,
            "time": pl.Datetime("us", "UTC"),
            "resource": pl.String,
        },
        orient="row",
    )
    marked = frame.with_row_index("row", 1).with_columns(timestamp_inferred=False)
    return marked.with_columns(pl.Series(name, values) for name, values in columns.items())


def mined(frame: pl.DataFrame, settings: Settings | None = None) -> Mined:
    """Mine a tiny log."""
    return mine(frame, settings or Settings(), head=dict(HEAD), quality=dict(NO_QUALITY))
