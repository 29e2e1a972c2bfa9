"""The live fleet as estimates see it: what it can hold, what runs there, who else waits.

The outlook asks for it; it is read at most once a second, so that a busy API does not pay for it.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from queueapp.domain.backlog import Capacity
from queueapp.domain.estimates import Duration
from queueapp.domain.job import Job
from queueapp.domain.rooms import Room, Shape, rooms_of
from queueapp.domain.scope import Scope
from queueapp.domain.waiting import Place
from queueapp.foresight.durations import Durations, Kind
from queueapp.store import Store
from queueapp.store.survey import Rival

MAX_AGE_S = 1.0


@dataclass(frozen=True)
class Running:
    """A running job: where and what, and when it ends: at the latest, and on the average."""

    job_id: str
    scope: str
    node: str
    worker: str
    types: frozenset[str] | None  # of its worker; None for one that takes no more jobs
    shape: Shape
    host: str | None
    high_end_ms: float
    mean_end_ms: float


@dataclass(frozen=True)
class FleetView:
    """The live fleet at one moment."""

    now_ms: int = 0
    places: Sequence[Place] = ()
    rooms: Sequence[Room] = ()
    running: Sequence[Running] = ()
    rivals: Sequence[Rival] = ()
    capacity: Capacity = field(default=Capacity(()))
    workers: Mapping[str, int] = field(default_factory=dict)  # live ones: how many slots

    @property
    def active_workers(self) -> int:
        """How many live workers run a job."""
        return len({job.worker for job in self.running} & self.workers.keys())

    @property
    def all_busy(self) -> bool:
        """Whether no slot is free."""
        return 0 < self.capacity.slots <= len(self.running)


class FleetReader:
    """Reads the fleet's part of estimates; any thread may ask."""

    def __init__(self, store: Store, durations: Durations) -> None:
        self._store = store
        self._durations = durations
        self._kept: tuple[float, FleetView] = (float("-inf"), FleetView())

    def view(self, now_ms: int) -> FleetView:
        """Return the live fleet and what it runs, at most a second old."""
        read_at, view = self._kept
        if time.monotonic() - read_at > MAX_AGE_S:
            view = self._read(now_ms)
            self._kept = (time.monotonic(), view)
        return replace(view, now_ms=now_ms)

    def _read(self, now: int) -> FleetView:
        places = self._store.fleet.places(now_ms=now)
        rooms = rooms_of(places)
        capacity = Capacity(rooms)
        most = max(capacity.slots, 1) * 4
        jobs = self._store.jobs.get_many(self._store.jobs.leased(limit=most))
        types = {place.worker: place.types for place in places}
        durations = self.durations_of(jobs, now)
        running = [_running(job, types, durations[job.id], now) for job in jobs]
        workers = {
            worker["name"]: int(worker["slots"])
            for worker in self._store.fleet.workers(now_ms=now)
            if worker["live"]
        }
        rivals = self._store.surveys.rivals()
        return FleetView(now, places, rooms, running, rivals, capacity, workers)

    def durations_of(self, jobs: Sequence[Job], now_ms: int) -> dict[str, Duration]:
        """Return how long each of some jobs runs, whatever their scopes."""
        by_scope: dict[Scope, list[Job]] = {}
        for job in jobs:
            by_scope.setdefault(job.spec.scope, []).append(job)
        found: dict[str, Duration] = {}
        for scope, mine in by_scope.items():
            kinds = [Kind.of(job.spec) for job in mine]
            durations = self._durations.of(scope, kinds, now_ms=now_ms)
            found |= {job.id: known for job, known in zip(mine, durations, strict=True)}
        return found


def _running(job: Job, types: dict[str, frozenset[str]], lasts: Duration, now_ms: int) -> Running:
    begun = job.started_ms or now_ms
    mean = lasts.high_ms if lasts.mean_ms is None else lasts.mean_ms
    return Running(
        job_id=job.id,
        scope=job.spec.scope.key,
        node=job.node or "",
        worker=job.worker or "",
        types=types.get(job.worker or ""),
        shape=Shape.of(job.spec.type, job.spec.requirements),
        host=job.spec.host,
        high_end_ms=begun + lasts.high_ms,
        mean_end_ms=begun + mean,
    )
