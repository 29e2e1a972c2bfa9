"""The time that a look at history covers, and the buckets it is cut into.

Buckets are those of UTC: hours, days, ISO weeks from Monday. Pure; times are ms since the epoch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.rollup import DAY_MS, HOUR_MS, Rollup, total

WEEK_MS = 7 * DAY_MS
MONDAY_MS = 4 * DAY_MS  # 1970-01-05
MOST_BUCKETS = 2_000


class Aggregation(StrEnum):
    """How long a bucket is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def ms(self) -> int:
        """The bucket's length."""
        return {Aggregation.HOUR: HOUR_MS, Aggregation.DAY: DAY_MS, Aggregation.WEEK: WEEK_MS}[self]

    @property
    def usual_ms(self) -> int:
        """How far back a look goes that does not say it: 24 hours, 30 days, 12 weeks."""
        return {
            Aggregation.HOUR: DAY_MS,
            Aggregation.DAY: 30 * DAY_MS,
            Aggregation.WEEK: 12 * WEEK_MS,
        }[self]

    def start_of(self, at_ms: int) -> int:
        """Return when the bucket began that a moment falls in."""
        shift = MONDAY_MS if self is Aggregation.WEEK else 0
        return at_ms - (at_ms - shift) % self.ms


@dataclass(frozen=True)
class Kept:
    """From when on history is there: by the hour, and by the day."""

    hours_ms: int
    days_ms: int


@dataclass(frozen=True)
class Period:
    """The time that is covered, widened to what is kept of it: whole hours, or whole days."""

    start_ms: int
    end_ms: int
    aggregation: Aggregation

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    def before(self, kept: Kept) -> "Period | None":
        """Return the time of equal length before it; None where history does not reach back."""
        start = _floor(self.start_ms - self.length_ms, HOUR_MS)
        if start < kept.hours_ms:
            start = _floor(start, DAY_MS)
        if start < (kept.hours_ms if self.aggregation is Aggregation.HOUR else kept.days_ms):
            return None
        return Period(start, self.start_ms, self.aggregation)


def _floor(at_ms: int, unit: int) -> int:
    return at_ms - at_ms % unit


def _ceil(at_ms: int, unit: int) -> int:
    return -_floor(-at_ms, unit) if at_ms % unit else at_ms


def period(
    from_ms: int | None, to_ms: int | None, aggregation: Aggregation, *, kept: Kept, now_ms: int
) -> Period:
    """Return the time to cover.

    Raises: ValidationFailed where there is none, nothing is kept of it, or it has too many buckets.
    """
    end = now_ms if to_ms is None else min(to_ms, now_ms)
    start = end - aggregation.usual_ms if from_ms is None else from_ms
    if start > end:
        raise _bad("dateFrom", "It must not be after dateTo, nor in the future.")
    if (end - aggregation.start_of(start)) // aggregation.ms >= MOST_BUCKETS:
        problem = f"A look covers at most {MOST_BUCKETS} buckets; take a larger step."
        raise _bad("dateFrom", problem)
    oldest = kept.hours_ms if aggregation is Aggregation.HOUR else kept.days_ms
    if end < oldest:
        raise _bad("dateTo", "No history is kept that is so old.")
    start = max(start, oldest)
    start = _floor(start, HOUR_MS if start >= kept.hours_ms else DAY_MS)
    end = _ceil(max(end, start + 1), HOUR_MS if end >= kept.hours_ms else DAY_MS)
    return Period(start, min(end, now_ms), aggregation)


def _bad(field: str, problem: str) -> ValidationFailed:
    return ValidationFailed("A parameter is not valid.", errors=[(f"/{field}", problem)])


@dataclass(frozen=True)
class Bucket:
    """One bucket: when it begins, what happened in it, whether only a part of it is covered."""

    start_ms: int
    rollup: Rollup
    partial: bool


def buckets(stretches: Iterable[Rollup], aggregation: Aggregation) -> list[Bucket]:
    """Put stretches of time, each within one bucket, together."""
    found: dict[int, list[Rollup]] = {}
    for stretch in stretches:
        found.setdefault(aggregation.start_of(stretch.start_ms), []).append(stretch)
    return [_bucket(start, parts, aggregation) for start, parts in found.items()]


def _bucket(start: int, parts: Sequence[Rollup], aggregation: Aggregation) -> Bucket:
    rollup = total(parts)
    return Bucket(start, rollup, partial=rollup.length_ms < aggregation.ms)


@dataclass(frozen=True)
class Changes:
    """How a period differs from the one before it: percentages, of efficiency points."""

    queue_size_growth: float | None = None
    wait_time_improvement: float | None = None
    throughput_increase: float | None = None
    efficiency_change: float | None = None


def changes(now: Rollup, earlier: Rollup | None) -> Changes:
    """Compare a period with the one before it; None stays what cannot be compared."""
    if earlier is None or not any(n for (what, _, _), n in earlier.counts.items()):
        return Changes()
    wait = _growth(earlier.average_wait_ms, now.average_wait_ms)
    efficiency = (earlier.efficiency, now.efficiency)
    return Changes(
        queue_size_growth=_growth(earlier.average_size, now.average_size),
        wait_time_improvement=None if wait is None else -wait,
        throughput_increase=_growth(
            earlier.processed / earlier.length_ms, now.processed / now.length_ms
        ),
        efficiency_change=None if None in efficiency else efficiency[1] - efficiency[0],  # type: ignore[operator] # neither is None
    )


def _growth(earlier: float | None, now: float | None) -> float | None:
    return 100 * (now - earlier) / earlier if earlier and now is not None else None
