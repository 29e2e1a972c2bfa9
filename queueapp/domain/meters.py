"""What the fleet's meters count: how long jobs waited and attempts took, in fixed buckets."""

from dataclasses import dataclass

SECOND_MS = 1_000
MINUTE_MS = 60_000
#: Upper bounds of the buckets but the last, which has none.
METER_BOUNDS_MS: tuple[int, ...] = (
    100,
    SECOND_MS,
    5 * SECOND_MS,
    15 * SECOND_MS,
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    60 * MINUTE_MS,
    240 * MINUTE_MS,
)


@dataclass(frozen=True)
class Meter:
    """How often something took how long, since the store began."""

    counts: tuple[int, ...]  # per bucket, the one without a bound last
    total_ms: int

    @property
    def cumulative(self) -> list[int]:
        """How many took at most each bucket's bound."""
        found, below = [], 0
        for count in self.counts:
            below += count
            found.append(below)
        return found


@dataclass(frozen=True)
class Lease:
    """The leases of the running jobs; a lease is as old as the attempt that it is for.

    ``shortest_ms``: what the first to end has left. ``oldest_ms``: the age of the oldest.
    """

    running: int
    shortest_ms: int | None
    oldest_ms: int | None
