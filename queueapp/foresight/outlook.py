"""What can be foreseen: durations from past runs, starts from the queue and the live slots.

The engine asks. All of an answer's estimates come from one simulation (``foreseen``), made when
they are asked for; figures of the fleet are at most a second old, so that a busy API does not
read them for each request, and so are those of the jobs that stand far behind.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from queueapp.domain.estimates import Duration
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.domain.waiting import Surroundings, Wait, why_waiting
from queueapp.foresight.durations import Durations, Kind
from queueapp.foresight.fleet_view import FleetReader, FleetView
from queueapp.foresight.foreseen import Foreseen, Foresight
from queueapp.store import Store
from queueapp.store.pauses import WHOLE_SCOPE, Pause
from queueapp.store.survey import QueuedRow, Survey

MAX_AGE_S = 1.0
HEAD = 200
MAX_DEPENDENCIES = 1_000
MAX_KEPT = 1_000


class Outlook:
    """Reads what estimates need, and caches the fleet's part of it."""

    def __init__(self, store: Store, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._durations = Durations(store)
        self._fleet = FleetReader(store, self._durations)
        self._kept: dict[Scope, tuple[float, Foresight]] = {}

    # -- what is read ---------------------------------------------------------------------

    def fleet(self) -> FleetView:
        """Return the live fleet and what it runs, at most a second old."""
        return self._fleet.view(self._now_ms())

    def foresight(self, scope: Scope) -> Foresight:
        """Simulate a scope's queue as it is now; nothing is done again that is still true."""
        kept, survey = self._lately_kept(scope), self.survey(scope)
        if kept and survey is kept.survey:
            return kept
        found = self._foreseen(scope, survey)
        others = self._kept if len(self._kept) < MAX_KEPT else {}
        self._kept = {**others, scope: (time.monotonic(), found)}
        return found

    def survey(self, scope: Scope) -> Survey:
        """Return a scope's queue in the numbers that estimates are made of."""
        kept = self._lately_kept(scope)
        return self._store.surveys.queue(
            scope, head=HEAD, known=kept.survey if kept else None, now_ms=self._now_ms()
        )

    def _lately_kept(self, scope: Scope) -> Foresight | None:
        made_at, kept = self._kept.get(scope, (float("-inf"), None))
        return kept if time.monotonic() - made_at < MAX_AGE_S else None

    def _foreseen(self, scope: Scope, survey: Survey) -> Foresight:
        fleet = self.fleet()
        types = {row.shape.kind for row in survey.head}
        types |= {shape.kind for _, shape in survey.depths.sizes}
        general = sorted(types)
        kinds = [
            Kind(row.shape.kind, row.resource, row.submitted_by, row.timeout_minutes)
            for row in survey.head
        ]
        asked = [*(Kind(kind) for kind in general), *kinds]
        found = self._durations.of(scope, asked, now_ms=fleet.now_ms)
        of_types = dict(zip(general, found[: len(general)], strict=True))
        known = dict(zip(asked, found, strict=True))
        return Foresight(scope, survey, fleet, of_types, found[len(general) :], known=known)

    def _lately(self, scope: Scope, position: int) -> Foresight:
        """Return a simulation for one job: a fresh one unless it stands far behind."""
        kept = self._lately_kept(scope)
        return kept if kept and position > HEAD else self.foresight(scope)

    # -- jobs -----------------------------------------------------------------------------

    def duration(self, spec: JobSpec) -> Duration:
        """Return how long a job like ``spec`` runs."""
        return self._durations.of(spec.scope, [Kind.of(spec)], now_ms=self._now_ms())[0]

    def durations(self, jobs: Sequence[Job]) -> dict[str, Duration]:
        """Return how long each of some jobs runs, by its id."""
        return self._fleet.durations_of(jobs, self._now_ms())

    def starts(self, scope: Scope, first: int, last: int) -> list[Foreseen]:
        """Return what can be said of the jobs at the overall positions ``first`` to ``last``.

        From one simulation; a job that started meanwhile is left out.
        """
        page = self._store.queue.page(scope, offset=first - 1, limit=last - first + 1)
        jobs = self._store.jobs.get_many(row.job_id for row in page.rows)
        positions = {row.job_id: row.overall for row in page.rows}
        queued = [(job, positions[job.id]) for job in jobs if job.status is Status.QUEUED]
        return self.foresee(self.foresight(scope), queued)

    def foresee(self, sight: Foresight, jobs: Sequence[tuple[Job, int]]) -> list[Foreseen]:
        """Return what one simulation says of queued jobs at their overall positions."""
        rows = [(QueuedRow.of(job), position) for job, position in jobs]
        kinds = [Kind.of(job.spec) for job, _ in jobs]
        new = [kind for kind in dict.fromkeys(kinds) if kind not in sight.known]
        if new:
            found = self._durations.of(sight.scope, new, now_ms=sight.now_ms)
            sight.known.update(zip(new, found, strict=True))
        durations = [sight.known[kind] for kind in kinds]
        now = self._now_ms()
        after = self._after(sight, [row for row, _ in rows if not sight.simulated(row.job_id)])
        return [
            sight.foreseen(row, at, duration, after_ms=after.get(row.job_id, 0.0), now_ms=now)
            for (row, at), duration in zip(rows, durations, strict=True)
        ]

    def queued(self, job: Job, position: int) -> Foreseen:
        """Return what can be said of one queued job at its overall position."""
        return self.foresee(self._lately(job.spec.scope, position), [(job, position)])[0]

    def look(self, job: Job, position: int) -> tuple[Foreseen, Wait | None]:
        """Return what can be said of one queued job, and why it waits."""
        sight = self._lately(job.spec.scope, position)
        found = self.foresee(sight, [(job, position)])[0]
        return found, self.waits(sight.survey, [(job, position)])[0]

    def trial(self, job: Job) -> tuple[Survey, Foreseen]:
        """Return what could be said of a job if it were submitted now, and the queue as it is."""
        survey = self.survey(job.spec.scope)
        position = 1 + sum(n for p, n in survey.queued.items() if p.tier <= job.spec.priority.tier)
        if position > HEAD:
            sight = self.foresight(job.spec.scope)
        else:
            head = [*survey.head]
            head.insert(position - 1, QueuedRow.of(job))
            sight = self._foreseen(job.spec.scope, replace(survey, head=head[:HEAD]))
        return survey, self.foresee(sight, [(job, position)])[0]

    # -- jobs that stand behind those simulated one by one ----------------------------------

    def _after(self, sight: Foresight, rows: Sequence[QueuedRow]) -> dict[str, float]:
        """Return before when such jobs cannot start for their hosts' and dependencies' sake."""
        pinned = [(row.host, row.job_id) for row in rows if row.host is not None]
        turns: dict[str, int] = {}
        if pinned:
            found = self._store.surveys.turns_before(sight.scope, pinned)
            turns = {job_id: n for (_, job_id), n in zip(pinned, found, strict=True)}
        ends = self._ends(sight, [row for row in rows if row.unmet > 0])
        return {row.job_id: sight.after(row, turns.get(row.job_id, 0), ends) for row in rows}

    def _ends(self, sight: Foresight, rows: Sequence[QueuedRow]) -> dict[str, float]:
        """Return when those jobs end at the latest that ``rows`` wait for."""
        if not rows:
            return {}
        wanted = dict.fromkeys(need for row in rows for need in row.dependencies)
        ends = {need: end for need in wanted if (end := sight.end(need)) is not None}
        others = [need for need in wanted if need not in ends][:MAX_DEPENDENCIES]
        queued = [job for job in self._store.jobs.get_many(others) if not job.ended]
        durations = self._fleet.durations_of(queued, sight.now_ms)
        positions = self._store.queue.positions(sight.scope, [job.id for job in queued])
        for job, position in zip(queued, positions, strict=True):
            row = QueuedRow.of(job)
            start = sight.start(row, position) if position and not row.unmet else None
            if start is not None:
                ends[job.id] = start + durations[job.id].high_ms
        return ends

    # -- running jobs, and why others wait -----------------------------------------------------

    def completion(self, job: Job, duration: Duration) -> float | None:
        """Return when a running job ends: by its own pace once 5 % is done, else by its range."""
        if job.started_ms is None:
            return None
        progress = job.progress
        if progress.records_total:
            share = progress.records_done / progress.records_total
            if share >= 0.05:
                elapsed = self._now_ms() - job.started_ms
                return job.started_ms + elapsed / min(1.0, share)
        return max(job.started_ms + duration.high_ms, self._now_ms())

    def wait(self, job: Job, position: int | None) -> Wait | None:
        """Return why a queued job does not run yet; None for one that is not queued."""
        if job.status is not Status.QUEUED:
            return None
        scope, kind = job.spec.scope, job.spec.type
        limits = vars(self._store.pauses.around(scope, kind))
        pauses = self._store.pauses.of(scope)
        return why_waiting(job, self._surroundings(pauses, kind, limits), position)

    def waits(self, survey: Survey, jobs: Sequence[tuple[Job, int]]) -> list[Wait | None]:
        """Return why each of some queued jobs at their overall positions does not run yet."""
        known: dict[str, Surroundings] = {}
        found = []
        for job, position in jobs:
            kind = job.spec.type
            if kind not in known:
                most, running = survey.type_limits.get(kind, (None, 0))
                limits = {
                    "scope_limit": survey.max_running,
                    "scope_running": survey.running,
                    "type_limit": most,
                    "type_running": running,
                }
                known[kind] = self._surroundings(survey.pauses, kind, limits)
            found.append(why_waiting(job, known[kind], position))
        return found

    def _surroundings(
        self,
        pauses: Mapping[str, Pause],
        kind: str,
        limits: Mapping[str, Any],
    ) -> Surroundings:
        whole, one = pauses.get(WHOLE_SCOPE), pauses.get(kind)
        return Surroundings(
            places=self.fleet().places,
            scope_paused=whole is not None,
            scope_paused_until_ms=whole.until_ms if whole else None,
            type_paused=one is not None,
            type_paused_until_ms=one.until_ms if one else None,
            **limits,
        )
