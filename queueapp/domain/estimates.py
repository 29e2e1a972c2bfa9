"""How long a job will run: what the past runs of jobs like it say.

Pure arithmetic; ``queueapp.foresight.durations`` brings the samples and what training learnt.
Durations are milliseconds.
Only completed runs are samples: a failed or cancelled one does not tell how long the work takes.
"""

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
    written_bytes: float | None = None  # what nine of ten such runs wrote at most
    middle_ms: float | None = None  # of a range that training learnt: from 10 to 90 %

    @property
    def learnt(self) -> bool:
        """Whether training learnt the range: then four of five run times should lie in it."""
        return self.middle_ms is not None

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


@dataclass(frozen=True)
class Runs:
    """The newest runs of one basis in numbers, or what training learnt of a user's in it.

    ``learnt``: then the range is from 10 to 90 %, else from 25 to 90 %.
    """

    count: int
    low_ms: float = 0.0
    high_ms: float = 0.0
    mean_ms: float = 0.0
    written_bytes: float | None = None
    middle_ms: float = 0.0
    learnt: bool = False

    @classmethod
    def of(cls, run_ms: Sequence[float], written: Sequence[float]) -> "Runs":
        """Sum up run times, and bytes written where they were measured."""
        if not run_ms:
            return cls(0)
        ordered = sorted(run_ms)
        return cls(
            count=len(ordered),
            low_ms=quantile(ordered, 0.25),
            high_ms=quantile(ordered, 0.90),
            mean_ms=fmean(ordered),
            written_bytes=quantile(sorted(written), 0.90) if written else None,
        )

    @property
    def enough(self) -> bool:
        """Whether an estimate may rest on them; training judges what it learnt itself."""
        return self.learnt or self.count >= MIN_SAMPLES


def estimate_duration(bases: Sequence[tuple[str, Runs]], *, timeout_ms: float) -> Duration:
    """Return the range from the first basis with enough samples, else 0 to the timeout.

    Other runs may have had more time, and what is learnt may reach further than any run did: no
    job runs for longer than its own timeout.
    """
    told = [(name, runs) for name, runs in bases if runs.enough]
    if not told:
        return Duration(0, timeout_ms, None, "none", 0)
    written = next((runs.written_bytes for _, runs in told if not runs.learnt), None)
    name, runs = told[0]
    low, middle, high, mean = (
        min(ms, timeout_ms) for ms in (runs.low_ms, runs.middle_ms, runs.high_ms, runs.mean_ms)
    )
    learnt = middle if runs.learnt else None
    return Duration(low, high, mean, name, runs.count, written, learnt)
