"""How predictions that were shown compare with what came: the sums of the report card.

Pure. Times are ms since the epoch; values are jobs for sizes and ms for waits, run times and
starts.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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


CELLS = tuple((what, lead) for what in TARGETS for lead in leads_of(what))
"""What is told of: each thing predicted, by how far ahead."""
_PLACES = {cell: place for place, cell in enumerate(CELLS)}


def code_of(one: Scored) -> int:
    """Return the cell of a comparison and whether the range held, as one number."""
    return 2 * _PLACES[one.what, lead_of(one)] + one.held


@dataclass(frozen=True)
class Compared:
    """Comparisons as columns, the oldest first: their codes, when they were made, how far off.

    Columns, because summing up thousands of records costs ten times as much.
    """

    codes: Sequence[int]
    at_ms: Sequence[int]
    errors: Sequence[float | None]

    def between(self, first: int, last: int) -> "Compared":
        """Return a part of them, by their places."""
        those = slice(first, last)
        return Compared(self.codes[those], self.at_ms[those], self.errors[those])


Marks = tuple[Mark, dict[str, Mark]]


def marks(found: Compared, begins_ms: Iterable[int]) -> list[dict[str, Marks]]:
    """Return how good predictions of each thing were since each of some times, the latest first.

    All in all and by how far ahead they looked.
    """
    cells, last, told = [_Cell(0, 0, [])] * len(CELLS), len(found.codes), []
    for begin in begins_ms:
        first = bisect_left(found.at_ms, begin)
        more = _by_cell(found.between(first, last))
        cells = [_together(pair) for pair in zip(cells, more, strict=True)]
        told.append(_told(cells))
        last = first
    return told


def _told(cells: "Sequence[_Cell]") -> dict[str, Marks]:
    by_lead: dict[str, dict[str, _Cell]] = {what: {} for what in TARGETS}
    for (what, lead), cell in zip(CELLS, cells, strict=True):
        by_lead[what][lead] = cell
    return {
        what: (_together(those.values()).mark, {lead: cell.mark for lead, cell in those.items()})
        for what, those in by_lead.items()
    }


@dataclass(frozen=True)
class _Cell:
    """How many were compared, how many held, and the errors that are known, in order."""

    samples: int
    held: int
    errors: Sequence[float]

    @property
    def mark(self) -> Mark:
        known = self.samples >= FEWEST
        return Mark(
            samples=self.samples,
            coverage=self.held / self.samples if known else None,
            median_error=median(self.errors) if len(self.errors) >= FEWEST else None,
        )


def _by_cell(found: Compared) -> list[_Cell]:
    errors: list[list[float]] = [[] for _ in CELLS]
    note = [each.append for each in errors for _ in (False, True)]
    for code, error in zip(found.codes, found.errors, strict=True):
        if error is not None:
            note[code](error)
    counts = Counter(found.codes)
    return [
        _Cell(counts[2 * place] + (held := counts[2 * place + 1]), held, sorted(each))
        for place, each in enumerate(errors)
    ]


def _together(cells: Iterable[_Cell]) -> _Cell:
    """Return several cells as one; runs of sorted errors are merged fast."""
    parts = list(cells)
    return _Cell(
        sum(part.samples for part in parts),
        sum(part.held for part in parts),
        sorted(chain.from_iterable(part.errors for part in parts)),
    )


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
