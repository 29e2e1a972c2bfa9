"""The Python API of the product: one method per verb, for the web process and workers alike.

It decides (defaults, catalogue, pipeline, estimates) and leaves every write to the store.
The enqueue function is the broker's and is handed in, so that this room never meets Dramatiq.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from queueapp.config import Config
from queueapp.domain.again import AS_BEFORE, RetryChanges, again
from queueapp.domain.audit import Act
from queueapp.domain.errors import JobNotRetryable
from queueapp.domain.job import Job, JobRequest, JobSpec
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.answers import Cancelled, Estimate, Looked, Submitted
from queueapp.engine.catalogue import Catalogue
from queueapp.engine.deciding import Decider
from queueapp.engine.feed import EventFeed
from queueapp.engine.steering import Steering
from queueapp.engine.trials import Trials
from queueapp.foresight.outlook import Outlook
from queueapp.foresight.predictions import Predictions
from queueapp.foresight.queue_view import QueueViews
from queueapp.foresight.report_card import ReportCard
from queueapp.foresight.system import SystemViews
from queueapp.parameters.check import check_parameters
from queueapp.store import Store
from queueapp.store.answers import Idempotency, JobReceipt
from queueapp.store.listing import JobFilter, JobPage

CANCEL_POLL_S = 0.1
Accepted = TypeVar("Accepted")


class Enqueue(Protocol):
    """Hands a decided job to the broker, which submits it to the store."""

    def __call__(
        self, spec: JobSpec, *, idempotency: Idempotency | None, head: bool
    ) -> JobReceipt: ...


class EnqueueMany(Protocol):
    """Lets the broker settle decided jobs, which ``accept`` then hands to the store in one call."""

    def __call__(
        self, specs: Sequence[JobSpec], accept: Callable[[list[JobSpec]], Accepted], /
    ) -> Accepted: ...


def _as_they_are(
    specs: Sequence[JobSpec], accept: Callable[[list[JobSpec]], Accepted], /
) -> Accepted:
    return accept(list(specs))


class Engine:
    """One object per process; every method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        config: Config,
        *,
        enqueue: Enqueue,
        enqueue_many: EnqueueMany = _as_they_are,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.config = config
        self._enqueue = enqueue
        self.enqueue_many = enqueue_many
        self._clock = clock
        self.catalogue = Catalogue(store)
        self.feed = EventFeed(store.events)
        self.outlook = Outlook(store, now_ms=self.now_ms)
        self.queues = QueueViews(store, self.outlook)
        self.system = SystemViews(store, self.outlook, now_ms=self.now_ms)
        self.predictions = Predictions(store, self.outlook)
        self.report_card = ReportCard(store, self.now_ms)
        self.steering = Steering(store, self.outlook)
        self.trials = Trials(store, self.outlook, self.decider, most_queued=config.max_queued_jobs)

    def now_ms(self) -> int:
        """The time, in ms since the epoch; for reading, never for moving jobs."""
        return int(self._clock() * 1000)

    # -- submit and retry -----------------------------------------------------------------

    def submit(
        self,
        scope: Scope,
        request: JobRequest,
        *,
        by: str,
        idempotency: Idempotency | None = None,
        request_id: str | None = None,
        head: bool = False,
        internal: bool = False,
    ) -> Submitted:
        """Accept a job.

        Raises: ValidationFailed, NotFound (resource or dataset), JobTypeUnavailable, QueueFull,
        IdempotencyMismatch.
        """
        spec = self.decider(scope).decide(request, by=by, internal=internal, request_id=request_id)
        return self._submitted(spec, self.place(spec, idempotency, head=head))

    def decider(self, scope: Scope) -> Decider:
        """Return what turns requests into jobs of a scope; it reads what they name once."""
        return Decider(self.store, scope, self.catalogue.named, keep_ms=self.config.keep_ms)

    def _submitted(self, spec: JobSpec, receipt: JobReceipt) -> Submitted:
        if not receipt.new and receipt.job_id != spec.id:
            spec = self.store.jobs.get(spec.scope, receipt.job_id).spec
        return Submitted(
            spec=spec,
            status=Status.QUEUED,
            position=receipt.position or None,
            tier_position=receipt.tier_position or None,
            created_ms=receipt.created_ms,
            estimate=self._expected(spec, receipt),
            repeated=not receipt.new,
        )

    def place(
        self, spec: JobSpec, idempotency: Idempotency | None = None, *, head: bool = False
    ) -> JobReceipt:
        """Accept a job that was decided already. Raises: QueueFull, IdempotencyMismatch."""
        self._hold(spec)
        return self._enqueue(spec, idempotency=idempotency, head=head)

    def _hold(self, spec: JobSpec) -> None:
        """From here on the datasets stay, so that the job finds what it was submitted for."""
        if spec.inputs:
            self.store.datasets.hold(spec.scope, list(spec.inputs.values()), spec.id)

    def retry(
        self,
        scope: Scope,
        job_id: str,
        *,
        by: str,
        reason: str | None = None,
        changes: RetryChanges = AS_BEFORE,
        head: bool = False,
        idempotency: Idempotency | None = None,
        request_id: str | None = None,
        new_id: str | None = None,
    ) -> tuple[Submitted, Job]:
        """Make a new job of one that failed or was cancelled; return it and the original.

        ``new_id``: the new job's, chosen by who retries many at once and records it himself.
        Raises: NotFound, JobNotRetryable, ValidationFailed.
        """
        old = self.store.jobs.get(scope, job_id)
        if old.status not in (Status.FAILED, Status.CANCELLED):
            raise JobNotRetryable(f"Only failed or cancelled jobs are retried; it is {old.status}.")
        act = Act(by, reason, request_id)
        spec = again(old.spec, changes, job_id=new_id or str(uuid.uuid4()), act=act)
        check_parameters(self.catalogue.named(spec.type), spec.parameters)
        decider = self.decider(scope)
        for name, dataset_id in spec.inputs.items():
            decider.check_dataset(f"updatedParameters/{name}", dataset_id)
        self._hold(spec)
        receipt = self.enqueue_many(
            [spec],
            lambda settled: self.store.jobs.submit(
                settled[0],
                idempotency=idempotency,
                max_queued=self.config.max_queued_jobs,
                head=head,
                act=act if new_id is None else None,
            ),
        )
        return self._submitted(spec, receipt), old

    # -- look -----------------------------------------------------------------------------

    def job(self, scope: Scope, job_id: str) -> Job:
        """Return a job of the scope. Raises: NotFound."""
        return self.store.jobs.get(scope, job_id)

    def jobs(self, scope: Scope, wanted: JobFilter, *, page: int, page_size: int) -> JobPage:
        """Return one page of the scope's jobs, newest first, with the counts by status."""
        return self.store.listing.page(scope, wanted, page=page, page_size=page_size)

    def estimate(self, job: Job) -> Estimate:
        """Say when a job will start and end, as far as that is known now."""
        if job.status is Status.QUEUED:
            position = self.store.jobs.position(job.spec.scope, job.id)
            if position is not None:
                return self._waiting(job, position)
        duration = self.outlook.duration(job.spec)
        end = None if job.ended else self.outlook.completion(job, duration)
        return Estimate(duration, job.started_ms, _whole(end))

    def look(self, scope: Scope, job_id: str) -> Looked:
        """Return a job of the scope with what can be said of it now. Raises: NotFound."""
        job, position = self.store.jobs.find(scope, job_id)
        if position is None:
            return Looked(job, None, self.estimate(job), None)
        found, wait = self.outlook.look(job, position)
        estimate = Estimate(found.duration, found.start_ms, found.completion_ms)
        return Looked(job, position, estimate, wait)

    def _expected(self, spec: JobSpec, receipt: JobReceipt) -> Estimate:
        if not receipt.position:
            return self.estimate(self.store.jobs.get(spec.scope, spec.id))
        if spec.dependencies:
            return self._waiting(self.store.jobs.get(spec.scope, spec.id), receipt.position)
        created = receipt.created_ms
        job = Job(spec, Status.QUEUED, created, created, due_ms=spec.scheduled_ms)
        told = self._waiting(job, receipt.position)
        if receipt.new:
            self.report_card.estimated(spec.scope, spec.id, told.start_ms, told.duration)
        return told

    def _waiting(self, job: Job, position: int) -> Estimate:
        found = self.outlook.queued(job, position)
        return Estimate(found.duration, found.start_ms, found.completion_ms)

    # -- cancel ---------------------------------------------------------------------------

    def cancel(
        self,
        scope: Scope,
        job_id: str,
        *,
        by: str,
        reason: str | None = None,
        force: bool = False,
        preserve: bool = True,
        wait_s: float = 9.5,
    ) -> Cancelled:
        """End a queued job at once; ask a running one to stop and wait up to ``wait_s``.

        Raises: NotFound, JobNotCancellable.
        """
        previous, _ = self.store.jobs.cancel(
            scope,
            job_id,
            by=by,
            reason=reason,
            force=force,
            preserve=preserve,
            keep_ms=self.config.keep_ms,
        )
        deadline = time.monotonic() + wait_s
        job = self.store.jobs.get(scope, job_id)
        while not job.ended and time.monotonic() < deadline:
            time.sleep(CANCEL_POLL_S)
            job = self.store.jobs.get(scope, job_id)
        return Cancelled(job, previous)


def _whole(at_ms: float | None) -> int | None:
    return None if at_ms is None else int(at_ms)
