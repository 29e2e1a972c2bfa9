"""One simulation of one queue, and every number that is told from it.

The outlook makes it of what it read; starts, ends and the time to work everything off all come
from here, so that the numbers of one answer fit together. It reads nothing itself.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from queueapp.domain.backlog import Curve, level
from queueapp.domain.estimates import MINUTE_MS, Duration
from queueapp.domain.job import DEFAULT_TIMEOUT_MINUTES
from queueapp.domain.queue import Priority
from queueapp.domain.rooms import Shape
from queueapp.domain.scope import Scope
from queueapp.domain.simulation import Bounds, Queued, Simulation
from queueapp.domain.slots import Held
from queueapp.foresight.durations import Kind
from queueapp.foresight.fleet_view import FleetView, Running
from queueapp.foresight.work_left import Backlog, Work, drain_ms
from queueapp.store.pauses import WHOLE_SCOPE
from queueapp.store.survey import QueuedRow, Survey


@dataclass(frozen=True)
class Foreseen:
    """What can be said of a queued job's time; None is not known."""

    job_id: str
    position: int
    duration: Duration
    start_ms: int | None
    completion_ms: int | None


@dataclass
class Foresight:
    """What one simulation says of a scope's queue.

    ``kinds``: how long jobs of a type run; ``head``: how long each of the first jobs runs.
    """

    scope: Scope
    survey: Survey
    fleet: FleetView
    kinds: Mapping[str, Duration]
    head: Sequence[Duration]
    _starts: dict[str, float] = field(default_factory=dict)
    _ends: dict[str, float] = field(default_factory=dict)

    #: Filled as it is asked: how long jobs of a kind run.
    known: dict[Kind, Duration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now_ms = self.fleet.now_ms
        self.capacity = self.fleet.capacity
        self._first = {row.job_id for row in self.survey.head}
        self._rival_turns = self._turns()
        self._resume = self._resumed(WHOLE_SCOPE)
        self._origin = max(float(self.now_ms), self._resume)
        self._simulate()
        after = self._simulation.aftermath
        self._busy = [(at, self.capacity.weight(shape) or 1.0) for at, shape in after.busy]
        self._work = Curve(self.survey.depths, self._cost)
        self._limited: dict[str, Curve] = {}

    @property
    def _stopped(self) -> bool:
        """Whether nothing of the scope starts until somebody changes that."""
        return self._origin == math.inf or self.survey.max_running == 0

    def _resumed(self, kind: str) -> float:
        """Return when a pause ends: 0 without one, infinity where nobody has said."""
        pause = self.survey.pauses.get(kind)
        if pause is None:
            return 0.0
        return math.inf if pause.until_ms is None else float(pause.until_ms)

    def _turns(self) -> tuple[float, ...]:
        """Return how many turns other scopes take for each of ours, by tier."""
        rivals = [
            rival
            for rival in self.fleet.rivals
            if rival.scope != self.scope.key and self.capacity.holds(rival.shape)
        ]
        by_tier = [{r.scope: r.weight for r in rivals if r.tier <= tier} for tier in range(4)]
        return tuple(sum(weights.values()) / self.survey.weight for weights in by_tier)

    def _limit(self, kind: str) -> int | None:
        limit = self.survey.type_limits.get(kind)
        return None if limit is None else limit[0]

    # -- the first jobs, one by one -------------------------------------------------------

    def _simulate(self) -> None:
        limits = {kind: most for kind, (most, _) in self.survey.type_limits.items()}
        bounds = Bounds(self.survey.max_running, limits, self._rival_turns)
        self._simulation = Simulation(self._origin, self.fleet.rooms, bounds)
        self._ends = {job.job_id: job.high_end_ms for job in self.fleet.running}
        if self._origin == math.inf:
            return
        pairs = list(zip(self.survey.head, self.head, strict=True))
        known = self._ends.keys() | self._first
        held = [self._held(job) for job in self.fleet.running]
        self._simulation.run(held, [self._queued(*pair, known) for pair in pairs])
        self._starts = self._simulation.starts
        for row, duration in pairs:
            if row.job_id in self._starts:
                self._ends[row.job_id] = self._starts[row.job_id] + duration.high_ms

    def _held(self, job: Running) -> Held:
        own = job.scope == self.scope.key
        return Held(job.node, job.types, job.shape, job.high_end_ms, job.job_id, job.host, own)

    def _queued(self, row: QueuedRow, duration: Duration, known: set[str]) -> Queued:
        needs = tuple(need for need in row.dependencies if need in known)
        unseen = row.unmet > len(needs)
        return Queued(
            job_id=row.job_id,
            tier=row.tier,
            shape=row.shape,
            run_ms=duration.high_ms,
            not_before_ms=math.inf if unseen else self._floor(row),
            host=row.host,
            needs=needs,
        )

    def _floor(self, row: QueuedRow) -> float:
        return max(float(row.due_ms or 0), self._resumed(row.shape.kind))

    # -- the others, in aggregate ---------------------------------------------------------

    def _cost(self, tier: int, shape: Shape) -> float:
        """Return the slot-ms that one job holds up those behind it, other scopes' turns included.

        A limited type hardly holds anyone up: it has its few slots and waits for them.
        """
        if self._resumed(shape.kind) == math.inf or self._limit(shape.kind) is not None:
            return 0.0
        return self._run_ms(shape.kind) * self.capacity.weight(shape) * self._stretch(tier)

    def _stretch(self, tier: int) -> float:
        most = self.survey.max_running
        narrow = max(1.0, self.capacity.slots / most) if most else 1.0
        return (1 + self._rival_turns[tier]) * narrow

    def _run_ms(self, kind: str) -> float:
        known = self.kinds.get(kind)
        return known.high_ms if known else DEFAULT_TIMEOUT_MINUTES * MINUTE_MS

    def _slot_free(self, rank: int) -> float:
        """Return when a slot comes to the job that has ``rank`` others before it."""
        from_ms = self._simulation.aftermath.at_ms
        return level(self.capacity.slots, self._busy, from_ms, self._work(rank))

    def _limited_free(self, kind: str, rank: int) -> float:
        """Return when a type that may run a few at once comes to the job behind ``rank`` others."""
        most = self._limit(kind)
        if most is None:
            return 0.0
        if most == 0:
            return math.inf
        if kind not in self._limited:
            self._limited[kind] = Curve(
                self.survey.depths, lambda _, shape: float(shape.kind == kind)
            )
        mine = {row.job_id for row in self.survey.head if row.shape.kind == kind}
        shown = [start for job_id, start in self._starts.items() if job_id in mine]
        return (
            max(shown, default=self._origin) + self._limited[kind](rank) * self._run_ms(kind) / most
        )

    def behind(self, row: QueuedRow, position: int, *, after_ms: float = 0.0) -> float | None:
        """Return when a job starts that stands behind those simulated one by one."""
        if self._stopped or not self.capacity.holds(row.shape):
            return None
        rank = position - 1
        start = max(
            self._slot_free(rank),
            self._floor(row),
            self._limited_free(row.shape.kind, rank),
            after_ms,
        )
        return None if start == math.inf else start

    # -- what is told ---------------------------------------------------------------------

    def simulated(self, job_id: str) -> bool:
        """Tell whether a job is one of the first, that were simulated one by one."""
        return job_id in self._first

    def start(self, row: QueuedRow, position: int, *, after_ms: float = 0.0) -> float | None:
        """Return when a queued job starts; ``after_ms`` is what only its own records tell."""
        if self.simulated(row.job_id):
            return self._starts.get(row.job_id)
        return self.behind(row, position, after_ms=after_ms)

    def foreseen(
        self, row: QueuedRow, position: int, lasts: Duration, *, after_ms: float, now_ms: float
    ) -> Foreseen:
        """Return what can be said of a queued job; the simulation may be a second old."""
        start = self.start(row, position, after_ms=after_ms)
        start = None if start is None else max(start, now_ms)
        end = None if start is None else int(start + lasts.high_ms)
        begins = None if start is None else int(start)
        return Foreseen(row.job_id, position, lasts, begins, end)

    def after(self, row: QueuedRow, turns: int, ends: Mapping[str, float]) -> float:
        """Return before when a job behind the first cannot start for others' sake.

        ``turns``: jobs before it on its host. ``ends``: when those end that it waits for.
        """
        known = [ends[need] for need in row.dependencies if need in ends]
        if row.unmet > len(known):
            return math.inf
        return max(self._origin + turns * self._run_ms(row.shape.kind), *known, 0.0)

    def end(self, job_id: str) -> float | None:
        """Return when a running job or one of the first queued ones has ended at the latest."""
        return self._ends.get(job_id)

    def backlog(self, tier: int = 3) -> Backlog:
        """Return what is left to do in this tier and those above it.

        The first jobs count by their own run times, as their ends do, the others by their types'.
        """
        left = {key: n for key, n in self.survey.depths.sizes.items() if key[0] <= tier}
        runs: dict[tuple[int, Shape], Work] = {}
        floors = []
        for row, lasts in zip(self.survey.head, self.head, strict=True):
            if row.tier <= tier:
                key = (row.tier, row.shape)
                runs.setdefault(key, Work()).add(1, lasts.mean_ms)
                left[key] = left.get(key, 0) - (not row.waits)
                if row.due_ms is not None and self.capacity.holds(row.shape):
                    floors.append(row.due_ms + (lasts.mean_ms or 0.0))
        for key, jobs in left.items():
            if jobs > 0:
                runs.setdefault(key, Work()).add(jobs, self.kinds[key[1].kind].mean_ms)
        return self._summed(runs, floors)

    def _summed(self, runs: Mapping[tuple[int, Shape], Work], floors: list[float]) -> Backlog:
        jobs, work, known = 0, 0.0, not self._stopped or not self.survey.size
        for (tier, shape), each in runs.items():
            resumed, weight = self._resumed(shape.kind), self.capacity.weight(shape)
            if resumed == math.inf or not weight:
                continue
            most = self._limit(shape.kind)
            known = known and each.known
            jobs += each.jobs
            work += each.mean_ms * weight * self._stretch(tier)
            floors.append(resumed + each.mean_ms / each.jobs if resumed else 0.0)
            floors.append(self._origin + each.mean_ms / most if most else 0.0)
        known = known and (jobs > 0 or not self.survey.size)
        return Backlog(jobs, work, self._origin, max(floors, default=0.0), known)

    def drain_ms(self, priority: Priority | None = None) -> float | None:
        """Return how long until the last job of the queue, or of a tier, has ended."""
        tier = 3 if priority is None else priority.tier
        if priority is not None and not self.survey.queued[priority]:
            return 0.0
        return drain_ms(self.fleet, [self.backlog(tier)])
