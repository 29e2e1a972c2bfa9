"""A project's queue as people see it: a page of its jobs, and the numbers around them.

The engine offers it to the API and the command line. All estimates in one view come from one
simulation. It changes nothing and knows no texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queueapp.domain.job import Job
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.domain.waiting import Wait
from queueapp.foresight.fleet_view import FleetView
from queueapp.foresight.foreseen import Foreseen, Foresight
from queueapp.foresight.outlook import Outlook
from queueapp.store import Store
from queueapp.store.pauses import WHOLE_SCOPE, Pause
from queueapp.store.queue import QueuePage, Row
from queueapp.store.survey import Survey
from queueapp.store.trends import Trends

MAX_DEPENDENCIES = 10_000
# A job may be given another priority between the two reads; that is seldom.
TRIES = 3


@dataclass(frozen=True)
class QueuedJob:
    """A queued job with its positions, why it waits, and what is foreseen of it if asked for."""

    job: Job
    row: Row
    wait: Wait | None
    foreseen: Foreseen | None
    dependencies: Sequence[str] = ()  # those that have not ended


@dataclass(frozen=True)
class QueueView:
    """One page of a queue and the queue around it; ``drain_ms`` is None where nobody can say."""

    now_ms: int
    page: QueuePage
    jobs: list[QueuedJob]
    survey: Survey
    fleet: FleetView
    drain_ms: float | None
    trends: Trends

    @property
    def pause(self) -> Pause | None:
        """The pause of the whole queue, if there is one."""
        return self.survey.pauses.get(WHOLE_SCOPE)

    @property
    def type_pauses(self) -> list[Pause]:
        """The pauses of single job types, by name."""
        return [one for kind, one in sorted(self.survey.pauses.items()) if kind != WHOLE_SCOPE]

    def average_wait_ms(self, priority: Priority | None = None) -> float:
        """Return how long runnable jobs have waited on average, 0 if there are none."""
        wanted = list(Priority) if priority is None else [priority]
        tiers = {one.tier for one in wanted}
        n = sum(size for (tier, _), size in self.survey.depths.sizes.items() if tier in tiers)
        since = sum(self.survey.eligible_since[one] for one in wanted)
        return max(0.0, self.now_ms - since / n) if n else 0.0


class QueueViews:
    """Reads views; one object per engine."""

    def __init__(self, store: Store, outlook: Outlook) -> None:
        self._store = store
        self._outlook = outlook

    def read(
        self,
        scope: Scope,
        *,
        priority: Priority | None = None,
        job_type: str | None = None,
        offset: int = 0,
        limit: int = 1_000,
        estimates: bool = True,
        tier_only: bool = False,
    ) -> QueueView:
        """Return a page of the queue; filters choose rows and leave every number as it is.

        ``tier_only``: the time to work off is that of ``priority`` and the tiers above it.
        """
        page, jobs = self._page(
            scope, priority=priority, job_type=job_type, offset=offset, limit=limit
        )
        positions = {row.job_id: row for row in page.rows}
        sight = self._outlook.foresight(scope) if estimates else None
        survey = sight.survey if sight else self._outlook.survey(scope)
        return QueueView(
            now_ms=page.now_ms,
            page=page,
            jobs=self._rows(sight, survey, jobs, positions),
            survey=survey,
            fleet=self._outlook.fleet(),
            drain_ms=sight.drain_ms(priority if tier_only else None) if sight else None,
            trends=self._store.trends.of(scope, now_ms=page.now_ms),
        )

    def _page(self, scope: Scope, **wanted: Any) -> tuple[QueuePage, list[Job]]:
        """Return rows and their jobs of one moment: some start while the others are read."""
        for _ in range(TRIES):
            page = self._store.queue.page(scope, **wanted)
            found = self._store.jobs.get_many([row.job_id for row in page.rows])
            jobs = {job.id: job for job in found if job.status is Status.QUEUED}
            rows = zip(page.rows, page.tiers(), strict=True)
            if all(
                jobs[row.job_id].spec.priority is tier for row, tier in rows if row.job_id in jobs
            ):
                break
        now = page.without({row.job_id for row in page.rows} - jobs.keys())
        return now, [jobs[row.job_id] for row in now.rows]

    def _rows(
        self,
        sight: Foresight | None,
        survey: Survey,
        jobs: Sequence[Job],
        positions: dict[str, Row],
    ) -> list[QueuedJob]:
        placed = [(job, positions[job.id].overall) for job in jobs]
        foreseen = self._outlook.foresee(sight, placed) if sight else [None] * len(jobs)
        waits = self._outlook.waits(survey, placed)
        needed = self._not_ended(jobs)
        return [
            QueuedJob(
                job,
                positions[job.id],
                wait,
                one,
                tuple(need for need in job.spec.dependencies if need in needed),
            )
            for job, wait, one in zip(jobs, waits, foreseen, strict=True)
        ]

    def _not_ended(self, jobs: Sequence[Job]) -> set[str]:
        waiting = (job for job in jobs if job.unmet_dependencies > 0)
        wanted = list(dict.fromkeys(need for job in waiting for need in job.spec.dependencies))
        looked_at, rest = wanted[:MAX_DEPENDENCIES], wanted[MAX_DEPENDENCIES:]
        statuses = self._store.jobs.statuses(looked_at)
        return {need for need in looked_at if statuses.get(need) in _OPEN} | set(rest)


_OPEN = (Status.QUEUED, Status.RUNNING)
