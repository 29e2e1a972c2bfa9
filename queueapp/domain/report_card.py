"""How predictions that were shown compare with what came: the sums of the report card.

Pure. Times are ms since the epoch; values are jobs for sizes and ms for waits, run times and
starts.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from queueapp.domain.rollup import HOUR_MS

FEWEST = 5
"""Samples below which nothing is told."""
LEAST_ERROR = 0.01
ERROR_STEP = 1.1
"""Errors are counted by steps of a tenth, so that medians of any number of them stay cheap."""
MINUTE_MS = 60_000
TARGETS = ("size", "wait", "duration", "start")
TOLERANCE = {"size": 2.0, "wait": 120_000.0}
"""What a point may be off and still count as close: jobs, ms; or so much of the value shown."""
RELATIVE = 0.25
ACHIEVED_DAYS = 14
FEWEST_ACHIEVED = 100
HOURS = (("1-4 hours", 4), ("5-12 hours", 12), ("13-24 hours", 24))
MINUTES = (("under 10 minutes", 10), ("10-60 minutes", 60), ("over an hour", None))


@dataclass(frozen=True)
class Shown:
    """A prediction that somebody saw, to be compared at ``due_ms`` at the earliest.

    ``middle`` is None where only a range was shown; ``about_ms`` is the moment that it is about.
    """

    what: str
    told_ms: int
    due_ms: int
    about_ms: int
    lower: float
    middle: float | None
    upper: float
    job_id: str | None = None


@dataclass(frozen=True)
class Scored:
    """A prediction after the fact: how far ahead it was, whether its range held, how far off.

    ``close``: whether it came within the tolerance that confidence means, where there is one.
    """

    what: str
    at_ms: int
    lead_ms: int
    held: bool
    error: float | None
    close: bool | None = None


@dataclass(frozen=True)
class Achieved:
    """How many points of one kind were shown, were close, and had a range that held."""

    points: int = 0
    close: int = 0
    held: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share that was close; None where too few are known."""
        return self.close / self.points if self.points >= FEWEST_ACHIEVED else None

    @property
    def coverage(self) -> float | None:
        """The share whose range held; None where too few are known."""
        return self.held / self.points if self.points >= FEWEST_ACHIEVED else None


@dataclass(frozen=True)
class Mark:
    """How good predictions were; None where there were too few."""

    samples: int
    coverage: float | None
    median_error: float | None


def scored(shown: Shown, truth: float, at_ms: int) -> Scored:
    """Compare a prediction with what came."""
    error = None if shown.middle is None else abs(truth - shown.middle)
    held = shown.lower <= truth <= shown.upper
    close = None
    if shown.middle is not None and shown.what in TOLERANCE:
        close = abs(truth - shown.middle) <= max(TOLERANCE[shown.what], RELATIVE * shown.middle)
    return Scored(shown.what, at_ms, shown.about_ms - shown.told_ms, held, error, close)


def lead_of(one: Scored) -> str:
    """Name how far ahead a prediction looked."""
    if one.what in ("size", "wait"):
        hours = -(-one.lead_ms // HOUR_MS)
        return next((name for name, most in HOURS if hours <= most), HOURS[-1][0])
    minutes = one.lead_ms / MINUTE_MS
    return next(name for name, most in MINUTES if most is None or minutes <= most)


def leads_of(what: str) -> list[str]:
    """Return the names of how far ahead predictions of something look."""
    return [name for name, _ in (HOURS if what in ("size", "wait") else MINUTES)]


def mark(found: Iterable[Scored]) -> Mark:
    """Sum up comparisons."""
    all_of = list(found)
    errors = [one.error for one in all_of if one.error is not None]
    known = len(all_of) >= FEWEST
    return Mark(
        samples=len(all_of),
        coverage=sum(one.held for one in all_of) / len(all_of) if known else None,
        median_error=median(errors) if len(errors) >= FEWEST else None,
    )


Marks = tuple[Mark, dict[str, Mark]]


def marks(found: Iterable[Scored]) -> dict[str, Marks]:
    """Return how good predictions of each thing were, all in all and by how far ahead."""
    groups: dict[str, dict[str, list[Scored]]] = {
        what: {lead: [] for lead in leads_of(what)} for what in TARGETS
    }
    for one in found:
        groups[one.what][lead_of(one)].append(one)
    return {
        what: (
            mark(one for each in by_lead.values() for one in each),
            {lead: mark(each) for lead, each in by_lead.items()},
        )
        for what, by_lead in groups.items()
    }


@dataclass(frozen=True)
class Tally:
    """Comparisons by their numbers alone: how many, how many held, and how many erred by a step."""

    samples: int
    held: int
    errors: Mapping[int, int]

    @property
    def mark(self) -> Mark:
        """Sum up; the median is right within half a step."""
        known = self.samples >= FEWEST
        return Mark(
            samples=self.samples,
            coverage=self.held / self.samples if known else None,
            median_error=self._median() if sum(self.errors.values()) >= FEWEST else None,
        )

    def _median(self) -> float:
        half, below = sum(self.errors.values()) / 2, 0
        for step in sorted(self.errors):
            below += self.errors[step]
            if below >= half:
                break
        return error_of(step)


def step_of(error: float) -> int:
    """Return the step that an error is counted under; 0 for one that is next to nothing."""
    return max(0, round(math.log(max(error, LEAST_ERROR) / LEAST_ERROR, ERROR_STEP)))


def error_of(step: int) -> float:
    """Return the error that a step stands for."""
    return LEAST_ERROR * float(ERROR_STEP**step) if step else 0.0
