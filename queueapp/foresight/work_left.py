"""Work that queues still have, and how long the fleet needs for it.

Foresight sums up a queue, the outlook asks for one queue or several together. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from queueapp.domain.backlog import level
from queueapp.foresight.fleet_view import FleetView


@dataclass
class Work:
    """How long jobs of a tier and a shape run in sum, on the average."""

    jobs: int = 0
    mean_ms: float = 0.0
    known: bool = True

    def add(self, jobs: int, mean_ms: float | None) -> None:
        """Count some jobs more."""
        self.jobs += jobs
        self.mean_ms += jobs * (mean_ms or 0.0)
        self.known = self.known and mean_ms is not None


@dataclass(frozen=True)
class Backlog:
    """Work that a queue still has, by mean run times.

    ``work`` is in slot-ms and begins at ``from_ms``; it cannot have ended before ``floor_ms``.
    Jobs that nothing live can run are not in it; ``known`` is False where that leaves none.
    """

    jobs: int = 0
    work: float = 0.0
    from_ms: float = 0.0
    floor_ms: float = 0.0
    known: bool = True


def drain_ms(fleet: FleetView, backlogs: Sequence[Backlog]) -> float | None:
    """Return how long the fleet needs for all of the backlogs; None where nobody can say."""
    if not all(backlog.known for backlog in backlogs):
        return None
    if not any(backlog.jobs for backlog in backlogs):
        return 0.0
    capacity, now = fleet.capacity, float(fleet.now_ms)
    if not capacity.slots:
        return None
    busy = [(job.mean_end_ms, capacity.weight(job.shape) or 1.0) for job in fleet.running]
    shares = [(max(now, backlog.from_ms), backlog.work) for backlog in backlogs if backlog.jobs]
    shares.append((now, sum(work for _, work in shares)))
    ends = [level(capacity.slots, busy, begins, work) for begins, work in shares]
    return max(*ends, *(backlog.floor_ms for backlog in backlogs)) - now
