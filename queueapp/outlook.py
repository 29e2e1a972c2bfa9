"""What can be foreseen: durations from past runs, starts from the queue and the live slots.

The engine asks; figures of the fleet are at most a second old, so that a busy API does not
read them for each request.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from queueapp.domain.estimates import (
    MINUTE_MS,
    SAMPLE_AGE_MS,
    Duration,
    estimate_duration,
    simulate_start,
    time_to_drain,
)
from queueapp.domain.fleet import NodeStatus
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope, encode_part
from queueapp.domain.states import Status
from queueapp.domain.waiting import Place, Surroundings, Wait, why_waiting
from queueapp.store import Store
from queueapp.store.pauses import WHOLE_SCOPE

MAX_AGE_S = 1.0
LOOK_AHEAD = 200
MAX_REMEMBERED = 1_000
DAY_MS = 86_400_000
BASES = {"r": "resource", "t": "type", "p": "project"}


def duration_bases(spec: JobSpec) -> list[str]:
    """Return the names under which a job's run time is kept, most specific first."""
    general = [f"t/{spec.type}", "p"]
    resource = spec.resource
    if resource is None:
        return general
    return [f"r/{spec.type}/{resource.type}/{encode_part(resource.id)}", *general]


@dataclass(frozen=True)
class Slots:
    """The live slots: when each becomes free, in ms since the epoch."""

    free_at_ms: tuple[float, ...]
    total: int
    busy: int


@dataclass(frozen=True)
class SystemStatus:
    """The figures of the system status, over one tenant's jobs and the shared fleet."""

    now_ms: int
    nodes: list[NodeStatus]
    queued: dict[Priority, int]
    average_wait_ms: float
    drain_ms: float | None
    completed_today: int
    failed_today: int
    average_run_ms: float | None
    completed_last_24h: int
    all_slots_busy: bool


class Outlook:
    """Reads what estimates need, and caches the fleet's part of it."""

    def __init__(self, store: Store, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._highs: dict[tuple[Scope, str], tuple[float, float | None]] = {}
        self._places: tuple[float, list[Place]] = (float("-inf"), [])
        self._slots: tuple[float, Slots] = (float("-inf"), Slots((), 0, 0))

    def duration(self, spec: JobSpec) -> Duration:
        """Return how long a job like ``spec`` runs."""
        oldest = self._now_ms() - SAMPLE_AGE_MS
        names = duration_bases(spec)
        found = self._store.jobs.runs(spec.scope, names)
        samples = [
            (BASES[name[0]], [float(run) for run, _, ended in runs if ended >= oldest])
            for name, runs in zip(names, found, strict=True)
        ]
        return estimate_duration(samples, timeout_ms=spec.timeout_minutes * 60_000)

    def slots(self) -> Slots:
        """Return the live slots; running jobs hold theirs until the high end of their range."""
        read_at, slots = self._slots
        if time.monotonic() - read_at > MAX_AGE_S:
            slots = self._read_slots()
            self._slots = (time.monotonic(), slots)
        return slots

    def _read_slots(self) -> Slots:
        now = self._now_ms()
        nodes = [node for node in self._store.fleet.nodes(now_ms=now) if node.live]
        total = sum(min(node.slots, node.node.cpu_units) for node in nodes if not node.draining)
        running = self._store.jobs.get_many(self._store.jobs.leased(limit=max(total, 1) * 4))
        ends = sorted(self._held_until(job, now) for job in running)
        free = [float(now)] * max(0, total - len(ends))
        return Slots(tuple([*free, *ends][:total]), total, min(total, len(ends)))

    def _held_until(self, job: Job, now: int) -> float:
        return max(now, (job.started_ms or now) + self.duration(job.spec).high_ms)

    def start(self, spec: JobSpec, position: int, job: Job | None = None) -> float | None:
        """Return when the job at the overall ``position`` of its scope's queue starts.

        None while that cannot be said: no live node is large enough, a pause has no end, or a
        job that it depends on has not started.
        """
        now = self._now_ms()
        if not any(place.holds(spec) for place in self._live_places()):
            return None
        earliest = self._not_before(spec, job, now)
        if earliest == math.inf:
            return None
        ahead = self._run_times_ahead(spec, position)
        return simulate_start(
            now_ms=now,
            free_at_ms=self.slots().free_at_ms,
            ahead_ms=ahead,
            not_before_ms=earliest,
        )

    def _not_before(self, spec: JobSpec, job: Job | None, now: int) -> float:
        """Return before when a job surely does not start; infinity where nobody can say."""
        due = (job.due_ms if job else None) or spec.scheduled_ms or 0
        pauses = self._store.pauses.of(spec.scope)
        held = [pauses[kind].until_ms for kind in (WHOLE_SCOPE, spec.type) if kind in pauses]
        resumes = [math.inf if until is None else until for until in held]
        needed = self._store.jobs.get_many(spec.dependencies[:LOOK_AHEAD])
        ends = [self._end_of(one, now) for one in needed if not one.ended]
        return max([due, *resumes, *ends])

    def _end_of(self, job: Job, now: int) -> float:
        return self._held_until(job, now) if job.status is Status.RUNNING else math.inf

    def _run_times_ahead(self, spec: JobSpec, position: int) -> list[float]:
        """Return the high run times of the jobs ahead; those beyond the first as their share."""
        ahead = self._store.jobs.ahead(spec.scope, position, LOOK_AHEAD)
        known = {kind: self._high_of_type(spec.scope, kind) for kind in {one for one, _ in ahead}}
        times = [known[kind] or minutes * MINUTE_MS for kind, minutes in ahead]
        beyond = position - 1 - len(times)
        if beyond <= 0 or not times:  # they may have started since the position was read
            return times
        slots = max(1, len(self.slots().free_at_ms))
        share = beyond * (sum(times) / len(times)) / slots
        return [*times, *[share] * slots]

    def _high_of_type(self, scope: Scope, kind: str) -> float | None:
        """Return the high end of a type's run times; None where too few are known."""
        key = (scope, kind)
        read_at, high = self._highs.get(key, (float("-inf"), None))
        if time.monotonic() - read_at > MAX_AGE_S:
            any_job = JobSpec("", scope, "", kind, Priority.NORMAL, "")
            found = self.duration(any_job)
            high = found.high_ms if found.mean_ms is not None else None
            kept = self._highs if len(self._highs) < MAX_REMEMBERED else {}
            self._highs = {**kept, key: (time.monotonic(), high)}
        return high

    def completion(self, start: float | None, duration: Duration, job: Job | None) -> float | None:
        """Return when a job ends: by its own pace once 5 % is done, else by its range."""
        if start is None:
            return None
        progress = job.progress if job else None
        if job and job.started_ms and progress and progress.records_total:
            share = progress.records_done / progress.records_total
            if share >= 0.05:
                elapsed = self._now_ms() - job.started_ms
                return job.started_ms + elapsed / min(1.0, share)
        return max(start + duration.high_ms, self._now_ms() if job and job.started_ms else 0)

    def wait(self, job: Job, position: int | None) -> Wait | None:
        """Return why a queued job does not run yet; None for one that is not queued."""
        if job.status is not Status.QUEUED:
            return None
        scope, kind = job.spec.scope, job.spec.type
        pauses = self._store.pauses.of(scope)
        whole, one = pauses.get(WHOLE_SCOPE), pauses.get(kind)
        limits = self._store.pauses.around(scope, kind)
        around = Surroundings(
            position=position,
            places=self._live_places(),
            scope_paused=whole is not None,
            scope_paused_until_ms=whole.until_ms if whole else None,
            type_paused=one is not None,
            type_paused_until_ms=one.until_ms if one else None,
            **vars(limits),
        )
        return why_waiting(job, around)

    def _live_places(self) -> list[Place]:
        read_at, places = self._places
        if time.monotonic() - read_at > MAX_AGE_S:
            places = self._store.fleet.places(now_ms=self._now_ms())
            self._places = (time.monotonic(), places)
        return places

    def system(self, tenant: str) -> SystemStatus:
        """Return the system status that ``tenant`` sees: its own jobs, everybody's nodes."""
        now = self._now_ms()

        day = now - now % DAY_MS
        scopes = [Scope(tenant, project) for project in self._store.jobs.projects(tenant)]
        tallies = [self._store.jobs.tally(scope, day_ms=day, now_ms=now) for scope in scopes]
        eligible = sum(t.eligible for t in tallies)
        waited = sum(t.eligible * now - t.eligible_since_ms for t in tallies)
        completed = sum(t.completed_today for t in tallies)
        run = sum(t.completed_run_ms for t in tallies)
        queued = {p: sum(t.queued[p] for t in tallies) for p in Priority}
        slots = self.slots()
        return SystemStatus(
            now_ms=now,
            nodes=self._store.fleet.nodes(now_ms=now),
            queued=queued,
            average_wait_ms=waited / eligible if eligible else 0.0,
            drain_ms=self._drain(scopes, sum(queued.values()), slots, now),
            completed_today=completed,
            failed_today=sum(t.failed_today for t in tallies),
            average_run_ms=run / completed if completed else None,
            completed_last_24h=sum(t.completed_last_24h for t in tallies),
            all_slots_busy=slots.total > 0 and slots.busy >= slots.total,
        )

    def _drain(self, scopes: Sequence[Scope], queued: int, slots: Slots, now: int) -> float | None:
        runs = [run for scope in scopes for run, _, _ in self._store.jobs.runs(scope, ["p"])[0]]
        if queued and not runs:
            return None
        mean = sum(runs) / len(runs) if runs else 0.0
        return time_to_drain(now_ms=now, free_at_ms=slots.free_at_ms, queued=queued, mean_ms=mean)
