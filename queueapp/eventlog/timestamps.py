"""Read columns of time texts in many notations as UTC, whole columns at a time.

ISO 8601 texts take a fast path (fixed positions); what is left is rewritten to ISO text and
read the same way. The only true ambiguity, day/month order, is decided once per column by
which order reads more of its rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from queueapp.eventlog.model import LogError
from queueapp.eventlog.notations import day_month_order, to_iso

_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
_CHUNK_ROWS = 65_536
_TAIL = r"^(?:[.,](?<fraction>\d{1,9}))?\s*(?<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"


@dataclass(frozen=True)
class Times:
    """A column of instants, and what its notation says about precision."""

    time: pl.Series
    readable: int
    at_midnight: int
    at_whole_minute: int
    ambiguous_day_month: bool


def known_zone(name: str | None) -> str:
    """Return the zone for times without offset.

    Raises: LogError unknown_timezone.
    """
    if name is None:
        return "UTC"
    try:
        key = ZoneInfo(name).key
        # A few names of the system's database are no zones to the table library.
        pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone(key)
    except (KeyError, ValueError, OSError, pl.exceptions.ComputeError) as error:
        raise LogError(
            "unknown_timezone", f"{name!r} is not a known time zone", field="timezone"
        ) from error
    return key


def parse_times(text: pl.Series, *, zone: str) -> Times:
    """Read a String column as UTC; null where blank or unreadable.

    `zone` is a checked zone name for texts without offset.
    """
    parts = _in_chunks(text, lambda chunk: _iso_parts(chunk.str.strip_chars()))
    left = parts["wall"].is_null() & text.is_not_null()
    ambiguous = False
    if left.any():
        odd = text.filter(left).str.strip_chars()
        day_first, ambiguous = day_month_order(odd)
        patch = _in_chunks(odd, lambda chunk: _iso_parts(to_iso(chunk, day_first=day_first)))
        parts = _patched(parts, left, patch)
    return _measured(parts, zone, ambiguous)


def typed_times(values: pl.Series, *, zone: str) -> Times:
    """Bring a column that already holds dates or date-times to UTC."""
    aware = isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None
    wall = (values.dt.replace_time_zone(None) if aware else values).cast(pl.Datetime("us"))
    offset = pl.Series("offset", [None], dtype=pl.Int64).new_from_index(0, len(values))
    if aware:
        utc = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        offset = (wall - utc.cast(pl.Datetime("us"))).dt.total_microseconds()
    return _measured(
        pl.DataFrame({"wall": wall.alias("wall"), "offset": offset.alias("offset")}), zone, False
    )


def _in_chunks(text: pl.Series, parse: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Parse some rows at a time: the texts in between would be larger than the column."""
    starts = range(0, max(len(text), 1), _CHUNK_ROWS)
    return pl.concat([parse(text.slice(start, _CHUNK_ROWS)) for start in starts])


def _iso_parts(bare: pl.Series) -> pl.DataFrame:
    """Split ISO texts with seconds into wall time and offset (null: none given)."""
    body = bare.str.slice(0, 19)
    wall = body.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    if wall.null_count() > bare.null_count():
        blank = body.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
        wall = pl.select(pl.coalesce(wall, blank)).to_series()
    return pl.DataFrame({"wall": wall, "tail": bare.str.slice(19)}).select(_with_tail())


def _with_tail() -> list[pl.Expr]:
    part = pl.col("tail").str.extract_groups(_TAIL)
    fraction = part.struct.field("fraction").str.pad_end(6, "0").str.slice(0, 6)
    zone = part.struct.field("zone").str.to_uppercase()
    digits = zone.str.slice(1).str.replace(":", "")
    minutes = digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(2).cast(
        pl.Int64, strict=False
    ).fill_null(0)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    readable = pl.col("tail").str.contains(_TAIL)
    return [
        pl.when(readable)
        .then(pl.col("wall") + pl.duration(microseconds=fraction.cast(pl.Int64).fill_null(0)))
        .alias("wall"),
        pl.when(zone.is_in(["Z", "UTC", "GMT"]))
        .then(0)
        .otherwise(minutes * sign * _MINUTE_US)
        .alias("offset"),
    ]


def _patched(parts: pl.DataFrame, where: pl.Series, patch: pl.DataFrame) -> pl.DataFrame:
    """Put the rows of `patch` at the true places of `where`, in order."""
    places = where.arg_true()
    return parts.select(
        parts[name].scatter(places, patch[name]).alias(name) for name in parts.columns
    )


def _measured(parts: pl.DataFrame, zone: str, ambiguous: bool) -> Times:
    clock = parts["wall"].dt.epoch("us")
    return Times(
        time=parts.select(_to_utc(zone).alias("time"))["time"],
        readable=len(clock) - clock.null_count(),
        at_midnight=int((clock % _DAY_US == 0).sum() or 0),
        at_whole_minute=int((clock % _MINUTE_US == 0).sum() or 0),
        ambiguous_day_month=ambiguous,
    )


def _to_utc(zone: str) -> pl.Expr:
    wall = pl.col("wall")
    known = (wall - pl.duration(microseconds=pl.col("offset"))).dt.replace_time_zone("UTC")
    if zone == "UTC":
        return pl.coalesce(known, wall.dt.replace_time_zone("UTC"))
    hour = pl.duration(hours=1)
    # A wall time inside the spring gap means the clock had not been put forward yet.
    local = pl.coalesce(
        wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null"),
        (wall - hour).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null") + hour,
    ).dt.convert_time_zone("UTC")
    return pl.when(pl.col("offset").is_null()).then(local).otherwise(known)
