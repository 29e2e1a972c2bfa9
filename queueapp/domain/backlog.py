"""Long queues in aggregate: how much work stands before a rank, and when the slots get to it.

Counts by shape and tier at a few ranks stand for the jobs between them, so a deep position costs
no more than a shallow one. Pure; the outlook brings counts, run times and the slots.
"""

import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from queueapp.domain.rooms import Room, Shape


@dataclass(frozen=True)
class Capacity:
    """What the live fleet can hold of each shape."""

    rooms: Sequence[Room]

    @cached_property
    def slots(self) -> int:
        """How many of the smallest jobs run at once."""
        return sum(room.slots for room in self.rooms)

    @cached_property
    def _held(self) -> dict[Shape, int]:
        return {}

    def holds(self, shape: Shape) -> int:
        """Return how many jobs of a shape run at once when nothing else does."""
        known = self._held.get(shape)
        if known is None:
            known = self._held[shape] = sum(room.holds(shape) for room in self.rooms)
        return known

    def weight(self, shape: Shape) -> float:
        """Return how many of the fleet's slots one job of a shape takes; 0 if it never fits."""
        holds = self.holds(shape)
        return self.slots / holds if holds else 0.0


def level(slots: float, busy: Iterable[tuple[float, float]], from_ms: float, work: float) -> float:
    """Return until when slots are filled that take ``work`` (slot-ms) from ``from_ms`` on.

    ``busy``: until when slots are taken, and how many (time, weight); each fills up like water.
    """
    taken = sorted((max(from_ms, at), weight) for at, weight in busy)
    open_slots = max(0.0, slots - sum(weight for _, weight in taken))
    at, left = from_ms, work
    for until, weight in taken:
        if open_slots > 0:
            fits = open_slots * (until - at)
            if fits > left:
                break
            left -= fits
        at, open_slots = until, min(slots, open_slots + weight)
    return at + left / open_slots if open_slots > 0 else at


@dataclass(frozen=True)
class Depths:
    """How many runnable jobs of each tier and shape stand before some ranks of a queue.

    ``points``: (rank, tier, counts by shape of that tier), ranks ascending; a rank is how many
    jobs of the queue stand before it. ``sizes``: the runnable jobs of a tier and a shape in all.
    """

    sizes: Mapping[tuple[int, Shape], int]
    points: Sequence[tuple[int, int, Mapping[Shape, int]]]

    def runnable(self, point: tuple[int, int, Mapping[Shape, int]]) -> dict[tuple[int, Shape], int]:
        """Return how many runnable jobs stand before a point, by tier and shape."""
        _, tier, counts = point
        before = {key: size for key, size in self.sizes.items() if key[0] < tier}
        return before | {(tier, shape): count for shape, count in counts.items()}


class Curve:
    """A quantity that grows with the rank: known at some ranks, between them in proportion."""

    def __init__(self, depths: Depths, cost: Callable[[int, Shape], float]) -> None:
        found: list[tuple[int, float]] = []
        first = 0.0
        for point in depths.points:
            counts = depths.runnable(point)
            value = sum(count * cost(tier, shape) for (tier, shape), count in counts.items())
            first = first if found else value
            found.append((point[0], max(value - first, found[-1][1] if found else 0.0)))
        self._ranks = [rank for rank, _ in found]
        self._values = [value for _, value in found]

    def __call__(self, rank: int) -> float:
        """Return the quantity between the first known rank and ``rank``."""
        ranks, values = self._ranks, self._values
        if not ranks or rank <= ranks[0]:
            return 0.0
        right = bisect.bisect_left(ranks, rank)
        if right < len(ranks):
            left = right - 1
            share = (rank - ranks[left]) / (ranks[right] - ranks[left])
            return values[left] + share * (values[right] - values[left])
        # Behind what was counted: jobs that came since, of the usual kind.
        span = ranks[-1] - ranks[0]
        return values[-1] * (1 + (rank - ranks[-1]) / span) if span else values[-1]
