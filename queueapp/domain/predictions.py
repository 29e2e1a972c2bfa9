"""What a queue is expected to be like at the next whole hours, brought up to the present.

A stored forecast is some minutes old; its reader moves it by what the queue differs now. Where
none is stored, guesses are made of the queue itself. Pure; times in ms since the epoch.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queueapp.domain.rollup import HOUR_MS

NOTHING_KNOWN = 0.3
HOURS_KNOWN = 0.5
"""The most confidence without history, and with less than a day of it."""
FEW = 5.0
"""Jobs that a queue of which nothing is known may differ by within an hour."""
DOUBTFUL_WAIT_MS = 300_000.0


@dataclass(frozen=True)
class Point:
    """A value at a moment, its 80 % range, and how likely the truth is close to it."""

    time_ms: int
    lower: float
    middle: float
    upper: float
    confidence: float


def next_hours(now_ms: int, horizon: int) -> list[int]:
    """Return the whole hours of UTC in (now, now + horizon hours]."""
    first = now_ms // HOUR_MS * HOUR_MS + HOUR_MS
    return [first + n * HOUR_MS for n in range(horizon)]


@dataclass(frozen=True)
class Series:
    """A stored series: a point for each whole hour after it was made.

    Each has lower, middle, upper, confidence, and ``carry``: what one more at the moment of the
    making would have added. ``began`` is the value at that moment.
    """

    made_ms: int
    began: float
    points: Sequence[Mapping[str, float]]

    @property
    def first_ms(self) -> int:
        """The first whole hour after the series was made."""
        return next_hours(self.made_ms, 1)[0]

    def expected(self, now_ms: int) -> float:
        """Return what the series expected of a moment since it was made, between its points."""
        times = [self.made_ms, *(self.first_ms + n * HOUR_MS for n in range(len(self.points)))]
        values = [self.began, *(point["middle"] for point in self.points)]
        after = bisect_right(times, now_ms)
        if after == 0 or after == len(times):
            return values[max(0, after - 1)]
        share = (now_ms - times[after - 1]) / (times[after] - times[after - 1])
        return values[after - 1] + share * (values[after] - values[after - 1])

    def at(self, time_ms: int, *, now_ms: int, more: float = 0.0) -> Point:
        """Return the point of a whole hour, with ``more`` now than was expected.

        Past the last point the same hour of the day stands in, as wide and doubtful as both.
        """
        place = (time_ms - self.first_ms) // HOUR_MS
        point, last = self.points[place % len(self.points)], self.points[-1]
        lower, upper, confidence = point["lower"], point["upper"], point["confidence"]
        if place >= len(self.points):
            lower, upper = min(lower, last["lower"]), max(upper, last["upper"])
            confidence = min(confidence, last["confidence"])
        shift = more * self._carry(time_ms - now_ms)
        low, middle, high = (max(0.0, n + shift) for n in (lower, point["middle"], upper))
        return Point(time_ms, low, middle, high, confidence)

    def _carry(self, lead_ms: int) -> float:
        """Return what is left after some time of one more at the beginning."""
        place = (lead_ms - (self.first_ms - self.made_ms)) / HOUR_MS
        last = len(self.points) - 1
        place = min(max(place, 0.0), float(last))
        before = int(place)
        low, high = self.points[before]["carry"], self.points[min(before + 1, last)]["carry"]
        return low + (place - before) * (high - low)


@dataclass(frozen=True)
class Doubt:
    """What a forecast from less than a day of history is doubted by.

    ``few`` is what a value of which nothing is known may be off within an hour.
    """

    now_ms: int
    hours_known: float
    few: float

    def doubted(self, point: Point, value_now: float) -> Point:
        """Return a point so wide that it may change half as much from now, or twice.

        What lies further ahead than is known may be off as where nothing is known, and is as
        little to be relied on.
        """
        ahead = (point.time_ms - self.now_ms) / HOUR_MS
        beyond = ahead > self.hours_known
        off = self.few * ahead**0.5 if beyond else 0.0
        change = point.middle - value_now
        ends = (value_now + change / 2, value_now + 2 * change)
        return Point(
            point.time_ms,
            max(0.0, min(point.lower, *ends, point.middle - off)),
            point.middle,
            max(point.upper, *ends, point.middle + off),
            min(point.confidence, NOTHING_KNOWN) if beyond else point.confidence,
        )


@dataclass(frozen=True)
class Known:
    """What guesses are made of: the queue now, and what its last hours were like.

    ``drain_ms`` is how long it takes to work the queue off, None where nobody can say.
    ``hours`` is how much of the last day is known.
    """

    size: float
    drain_ms: float | None
    hours: float = 0.0
    usual_size: float = 0.0
    peak: float = 0.0
    usual_wait_ms: float = 0.0

    @property
    def basis(self) -> str:
        """What the guesses rest on, as stored forecasts say it."""
        return "hours" if self.hours >= 1 else "none"

    def left(self, lead_ms: float) -> float:
        """Return which share of the queue is left after some time."""
        if not self.size:
            return 0.0
        if self.drain_ms is None:
            return 1.0
        return max(0.0, 1 - lead_ms / self.drain_ms) if self.drain_ms > 0 else 0.0

    def confidence(self, lead_ms: float) -> float:
        """Return the confidence of a guess: less the further ahead, little past what is known."""
        ahead = lead_ms / HOUR_MS
        most = HOURS_KNOWN if self.basis == "hours" and ahead <= self.hours else NOTHING_KNOWN
        return most * (1 - min(ahead, 24.0) / 48)


def guessed_size(known: Known, time_ms: int, now_ms: int) -> Point:
    """Guess the size of the queue: from the present one towards the usual one as it drains."""
    lead = time_ms - now_ms
    left = known.left(lead)
    middle = known.size * left + known.usual_size * (1 - left)
    doubt = (FEW + known.peak + known.size / 2) * (lead / HOUR_MS) ** 0.5
    lower = max(0.0, middle - doubt)
    return Point(time_ms, lower, middle, middle + doubt, known.confidence(lead))


def guessed_wait(known: Known, time_ms: int, now_ms: int) -> Point:
    """Guess the wait of a job submitted then: until what is left of the queue has drained."""
    lead = time_ms - now_ms
    left = known.left(lead)
    middle = (known.drain_ms or 0.0) * left + known.usual_wait_ms * (1 - left)
    doubt = (DOUBTFUL_WAIT_MS + middle) * (lead / HOUR_MS) ** 0.5
    lower = max(0.0, middle - doubt)
    return Point(time_ms, lower, middle, middle + doubt, known.confidence(lead))
