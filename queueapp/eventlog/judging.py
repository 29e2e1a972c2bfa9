"""Judge each record of a raw log: a duplicate, usable, and if not, why not.

The verdicts do not depend on which repairs are wanted; cleaning and profiles both start here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from queueapp.eventlog.inference import infer_times
from queueapp.eventlog.log import RawLog
from queueapp.eventlog.model import LogError

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
#: Clocks differ and zones get lost: an event up to a day after receipt is believed.
LATEST_AFTER_RECEIPT = timedelta(days=1)

#: Code of a fault -> what it means for one row; in the order in which they are looked for.
REASONS = {
    "too_many_fields": "the row has more fields than the header",
    "blank_case": "the row names no case",
    "blank_activity": "the row names no activity",
    "blank_time": "the row has no time",
    "unreadable_time": "the time cannot be read",
    "time_before_1990": "the time lies before 1990",
    "time_in_future": "the time lies more than a day after the log was received",
}
_REASON = pl.Enum(list(REASONS))

#: Hashing a whole log at once would copy all its columns.
_HASHED_ROWS = 65_536

TimeWindow = tuple[date | None, date | None]


@dataclass(frozen=True)
class Verdicts:
    """One column each, as long as the raw log: what was found for every record."""

    #: Equal in every column to an earlier record.
    duplicate: pl.Series
    #: A code of REASONS, null where the record is usable as it stands.
    reason: pl.Series
    #: The time inferred for a record without one, null where none can be.
    inferred: pl.Series
    #: The record's time lies outside the window asked for.
    outside: pl.Series

    @property
    def inferable(self) -> pl.Series:
        """Records whose blank time lies between dated neighbours."""
        return self.inferred.is_not_null()

    @property
    def usable(self) -> pl.Series:
        """Records that have a case, an activity and a time, given or inferable."""
        return self.reason.is_null() | self.inferable


def judge(raw: RawLog, *, now: datetime, window: TimeWindow | None = None) -> Verdicts:
    """Judge every record; `now` is the time of receipt.

    Raises: LogError bad_time_window.
    """
    duplicate = _duplicates(raw)
    reason = _reasons(raw, now)
    inferred = infer_times(
        raw.frame["case"],
        dated=pl.select(pl.when(~_is_mistimed(reason)).then(raw.frame["time"])).to_series(),
        blank=(reason == "blank_time").fill_null(False),
        duplicate=duplicate,
    )
    outside = _outside(raw.frame["time"], reason, inferred, window)
    return Verdicts(duplicate, reason, inferred, outside)


def _duplicates(raw: RawLog) -> pl.Series:
    """Mark records equal to an earlier one in every column of the file.

    Hashes find the candidates; only these are compared in full.
    """
    columns = raw.text_columns
    frame = raw.frame
    hashes = pl.concat(
        part.select(pl.struct(columns).hash().alias("x"))["x"]
        for part in frame.iter_slices(_HASHED_ROWS)
    )
    ordered = hashes.sort()
    shared = ordered.filter(ordered == ordered.shift(1)).unique()
    suspect = hashes.is_in(shared.implode())
    if not suspect.any():
        return suspect
    repeated = ~frame.filter(suspect).select(pl.struct(columns).is_first_distinct().alias("x"))["x"]
    return suspect.scatter(suspect.arg_true(), repeated)


def _reasons(raw: RawLog, now: datetime) -> pl.Series:
    latest = now.astimezone(UTC) + LATEST_AFTER_RECEIPT
    time = pl.col("time")
    faults = {
        "too_many_fields": pl.col("row").is_in(pl.Series(raw.overlong, dtype=pl.UInt32).implode()),
        "blank_case": pl.col("case").is_null(),
        "blank_activity": pl.col("activity").is_null(),
        "blank_time": pl.col("time_text").is_null(),
        "unreadable_time": time.is_null(),
        "time_before_1990": time < EARLIEST,
        "time_in_future": time > latest,
    }
    found = [pl.when(fault).then(pl.lit(code, dtype=_REASON)) for code, fault in faults.items()]
    return raw.frame.select(pl.coalesce(found).alias("reason"))["reason"]


def _is_mistimed(reason: pl.Series) -> pl.Series:
    """Tell which records' times say nothing about their neighbours."""
    wrong = ["too_many_fields", "unreadable_time", "time_before_1990", "time_in_future"]
    return reason.is_in(pl.Series(wrong, dtype=_REASON).implode()).fill_null(False)


def _outside(
    given: pl.Series, reason: pl.Series, inferred: pl.Series, window: TimeWindow | None
) -> pl.Series:
    start, end = window or (None, None)
    if start and end and start > end:
        raise LogError("bad_time_window", "the time window ends before it starts")
    timed = pl.select(pl.coalesce(pl.when(~_is_mistimed(reason)).then(given), inferred)).to_series()
    outside = pl.Series([False]).new_from_index(0, len(given))
    if start:
        outside |= (timed < _midnight(start)).fill_null(False)
    if end:
        outside |= (timed >= _midnight(end) + timedelta(days=1)).fill_null(False)
    return outside


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
