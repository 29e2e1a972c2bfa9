"""How long a job will run and when it will start: past runs and a simulation of the queue.

Pure arithmetic; the engine brings the samples, the slots and the queue.
Times are milliseconds since the epoch, durations milliseconds.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

MIN_SAMPLES = 5
SAMPLE_AGE_MS = 30 * 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Duration:
    """A range for a run time and what it rests on.

    ``mean_ms`` is None where nothing was measured: then the range is the timeout's true bound.
    """

    low_ms: float
    high_ms: float
    mean_ms: float | None
    basis: str
    samples: int

    @property
    def minutes(self) -> tuple[int, int]:
        """The range in whole minutes, lower end floored, upper end above it and ceiled."""
        low = math.floor(self.low_ms / MINUTE_MS)
        return low, max(low + 1, math.ceil(self.high_ms / MINUTE_MS))


def quantile(ordered: Sequence[float], q: float) -> float:
    """Return the q-quantile of ordered values by linear interpolation."""
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def estimate_duration(
    bases: Sequence[tuple[str, Sequence[float]]],
    *,
    timeout_ms: float,
) -> Duration:
    """Return the range from the first basis with enough samples, else 0 to the timeout."""
    for name, samples in bases:
        if len(samples) >= MIN_SAMPLES:
            ordered = sorted(samples)
            low, high = quantile(ordered, 0.25), quantile(ordered, 0.90)
            return Duration(low, high, fmean(samples), name, len(samples))
    return Duration(0, timeout_ms, None, "none", 0)


def simulate_start(
    *,
    now_ms: float,
    free_at_ms: Sequence[float],
    ahead_ms: Sequence[float],
    not_before_ms: float | None = None,
) -> float | None:
    """Return when a job starts that stands behind ``ahead_ms`` run times, one slot each.

    ``free_at_ms``: one entry per slot, the time it becomes free. No slot, no start: None.
    """
    if not free_at_ms:
        return None
    slots = [max(now_ms, at) for at in free_at_ms]
    heapq.heapify(slots)
    for run_ms in ahead_ms:
        heapq.heappush(slots, heapq.heappop(slots) + run_ms)
    return max(slots[0], not_before_ms or 0)


def time_to_drain(
    *,
    now_ms: float,
    free_at_ms: Sequence[float],
    queued: int,
    mean_ms: float,
) -> float | None:
    """Return after how many ms the last of ``queued`` equal jobs ends; None without a slot."""
    if queued == 0:
        return 0.0
    if not free_at_ms:
        return None
    slots = sorted(max(0.0, at - now_ms) for at in free_at_ms)
    work = queued * mean_ms
    for used, free in enumerate(slots, start=1):
        level = (work + sum(slots[:used])) / used
        if used == len(slots) or level <= slots[used]:
            return max(level, free)
    return None
