"""What would become of a job if it were submitted now; nothing is stored.

The engine offers it. What a submission would be refused for is raised as there, but for limits of
the moment (a full queue, a pause, no machine that fits): those are told.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.job import Job, JobRequest, JobSpec
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status, WaitReason
from queueapp.domain.waiting import Wait
from queueapp.engine.deciding import Decider
from queueapp.foresight.foreseen import Foreseen
from queueapp.foresight.outlook import Outlook
from queueapp.store import Store


class LimitCode(StrEnum):
    """What a job would meet."""

    QUEUE_FULL = "QueueFull"
    QUEUE_PAUSED = "QueuePaused"
    TYPE_PAUSED = "TypePaused"
    NO_WORKERS = "NoWorkers"
    RESOURCES = "Resources"
    CONCURRENCY_LIMIT = "ConcurrencyLimit"
    DEPENDENCY_FAILED = "DependencyFailed"
    QUEUE_TTL = "QueueTTL"


@dataclass(frozen=True)
class Limit:
    """A limit that the job would meet now; ``refuses``: it would not be accepted."""

    code: LimitCode
    text: str
    refuses: bool = False


@dataclass(frozen=True)
class Trial:
    """A job that was not submitted, and what can be said of it."""

    spec: JobSpec
    tier_position: int
    foreseen: Foreseen
    wait: Wait | None
    limits: list[Limit]

    @property
    def accepted(self) -> bool:
        """Whether a submission would be accepted now."""
        return not any(limit.refuses for limit in self.limits)


class Trials:
    """Tries jobs; one object per engine."""

    def __init__(
        self,
        store: Store,
        outlook: Outlook,
        decider: Callable[[Scope], Decider],
        *,
        most_queued: int,
    ) -> None:
        self._store = store
        self._outlook = outlook
        self._decider = decider
        self._most_queued = most_queued

    def submission(self, scope: Scope, request: JobRequest, *, by: str, now_ms: int) -> Trial:
        """Say what would become of a job.

        Raises: ValidationFailed, NotFound (resource or dataset), JobTypeUnavailable, Conflict.
        """
        spec = self._decider(scope).decide(request, by=by)
        job, doomed = self._as_queued(spec, now_ms)
        survey, foreseen = self._outlook.trial(job)
        tier = spec.priority.tier
        before = sum(n for priority, n in survey.queued.items() if priority.tier < tier)
        alone = replace(job, due_ms=None, unmet_dependencies=0)
        places = [(one, foreseen.position) for one in (job, alone)]
        wait, met = self._outlook.waits(survey, places)
        limits = [Limit(LimitCode(met.code), met.text)] if met and met.code in _LIMITS else []
        if survey.size >= self._most_queued:
            limits.append(
                Limit(LimitCode.QUEUE_FULL, "The queue of this project is full.", refuses=True)
            )
        if doomed:
            text = "A job that it depends on did not complete, so it would be cancelled."
            limits.append(Limit(LimitCode.DEPENDENCY_FAILED, text))
        if _comes_too_late(spec, foreseen, now_ms):
            text = "It is expected to start later than it may stand in the queue, so it would fail."
            limits.append(Limit(LimitCode.QUEUE_TTL, text))
        return Trial(spec, foreseen.position - before, foreseen, wait, limits)

    def _as_queued(self, spec: JobSpec, now_ms: int) -> tuple[Job, bool]:
        """Return the job as it would be queued, and whether it would be cancelled at once."""
        known = {job.id: job for job in self._store.jobs.get_many(spec.dependencies)}
        unmet, doomed = 0, False
        for at, need in enumerate(spec.dependencies):
            job = known.get(need)
            if job is None or job.spec.scope != spec.scope:
                name = f"/dependencies/{at}"
                raise ValidationFailed(f"{name} names a job that is not in this project.")
            unmet += not job.ended
            failed = job.status in (Status.FAILED, Status.CANCELLED)
            doomed = doomed or (failed and spec.on_dependency_failure == "cancel")
        due = spec.scheduled_ms if spec.scheduled_ms and spec.scheduled_ms > now_ms else None
        job = Job(spec, Status.QUEUED, now_ms, now_ms, due_ms=due, unmet_dependencies=unmet)
        return job, doomed


def _comes_too_late(spec: JobSpec, foreseen: Foreseen, now_ms: int) -> bool:
    if spec.queue_ttl_ms is None or foreseen.start_ms is None:
        return False
    return foreseen.start_ms > max(now_ms, spec.scheduled_ms or 0) + spec.queue_ttl_ms


_LIMITS = frozenset(
    {
        WaitReason.QUEUE_PAUSED,
        WaitReason.TYPE_PAUSED,
        WaitReason.NO_WORKERS,
        WaitReason.RESOURCES,
        WaitReason.CONCURRENCY_LIMIT,
    }
)
