"""Workflows: the verbs on graphs of jobs, for the web process and the chores alike.

What a workflow comes to is decided in ``graphs``; every write is left to the store.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from queueapp.domain.audit import SYSTEM, Act
from queueapp.domain.errors import Conflict
from queueapp.domain.job import JobSpec
from queueapp.domain.scope import Scope
from queueapp.domain.states import TERMINAL, Status
from queueapp.domain.workflow import Workflow, WorkflowRequest
from queueapp.engine.engine import CANCEL_POLL_S, Engine
from queueapp.engine.graphs import decided, once_more
from queueapp.engine.workflow_view import WorkflowView, WorkflowViews
from queueapp.store.answers import Idempotency

LEFT = (Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True)
class SubmittedWorkflow:
    """An accepted workflow, and whether the request was a repeat."""

    workflow: Workflow
    repeated: bool


class Workflows:
    """A few methods over an engine; it keeps nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store

    # -- submit and retry -------------------------------------------------------------------

    def submit(
        self,
        scope: Scope,
        request: WorkflowRequest,
        *,
        by: str,
        idempotency: Idempotency | None = None,
        request_id: str | None = None,
    ) -> SubmittedWorkflow:
        """Accept all jobs of a workflow or none.

        Raises: ValidationFailed, NotFound, JobTypeUnavailable, Conflict, each naming the job by its
        place; QueueFull, IdempotencyMismatch.
        """
        decider = self._engine.decider(scope)
        workflow, specs = decided(decider, request, by=by, workflow_id=str(uuid.uuid4()))
        workflow = replace(workflow, request_id=request_id)
        specs = [replace(spec, request_id=request_id) for spec in specs]
        return self._accept(scope, workflow, specs, idempotency)

    def hold(self, scope: Scope, specs: Sequence[JobSpec]) -> None:
        """Keep the datasets of jobs that are about to be accepted from being deleted."""
        users: dict[tuple[str, ...], list[str]] = {}
        for spec in specs:
            if spec.inputs:
                users.setdefault(tuple(sorted(spec.inputs.values())), []).append(spec.id)
        for datasets, jobs in users.items():
            self._store.datasets.hold(scope, datasets, *jobs)

    def _accept(
        self,
        scope: Scope,
        workflow: Workflow,
        specs: Sequence[JobSpec],
        idempotency: Idempotency | None,
        act: Act = SYSTEM,
    ) -> SubmittedWorkflow:
        self.hold(scope, specs)
        receipt = self._engine.enqueue_many(
            specs,
            lambda settled: self._store.workflows.submit(
                scope,
                workflow,
                settled,
                idempotency=idempotency,
                act=act,
                max_queued=self._engine.config.max_queued_jobs,
            ),
        )
        if receipt.id != workflow.id:
            workflow = self._store.workflows.get(scope, receipt.id)
        workflow = replace(workflow, created_ms=receipt.created_ms)
        return SubmittedWorkflow(workflow, not receipt.new)

    def retry(
        self,
        scope: Scope,
        workflow_id: str,
        *,
        by: str,
        reason: str | None = None,
        idempotency: Idempotency | None = None,
        request_id: str | None = None,
    ) -> SubmittedWorkflow:
        """Make a new workflow of the steps that failed or were cancelled.

        They wait for each other as before; what completed is not done again.
        Raises: NotFound, Conflict, ValidationFailed, QueueFull.
        """
        old = self._store.workflows.get(scope, workflow_id)
        if old.status not in LEFT:
            raise Conflict(f"Only failed or cancelled workflows are retried; it is {old.status}.")
        if old.retried_as is not None and idempotency is None:
            raise Conflict(f"The workflow was retried before, as {old.retried_as}.")
        new_id = str(uuid.uuid4())
        jobs = self._store.workflows.jobs(old)
        left = {name: job for name, job in jobs.items() if job.status in LEFT}
        if not left:
            raise Conflict("The jobs that failed or were cancelled have been forgotten since.")
        act = Act(by, reason, request_id)
        workflow, specs = once_more(self._engine.decider(scope), old, left, new_id, act)
        return self._accept(scope, workflow, specs, idempotency, act)

    # -- look -------------------------------------------------------------------------------

    def get(self, scope: Scope, workflow_id: str) -> Workflow:
        """Return a workflow's record. Raises: NotFound."""
        return self._store.workflows.get(scope, workflow_id)

    def page(
        self, scope: Scope, status: Status | None, *, page: int, page_size: int
    ) -> tuple[list[Workflow], int]:
        """Return one page of the scope's workflows, newest first, and how many there are."""
        return self._store.workflows.page(scope, status, page, page_size)

    def view(self, scope: Scope, workflow_id: str) -> WorkflowView:
        """Return a workflow with its steps as they are now. Raises: NotFound."""
        return WorkflowViews(self._engine).of(scope, self.get(scope, workflow_id))

    # -- cancel -----------------------------------------------------------------------------

    def cancel(
        self,
        scope: Scope,
        workflow_id: str,
        *,
        by: str,
        reason: str | None = None,
        force: bool = False,
        preserve: bool = True,
        request_id: str | None = None,
        wait_s: float = 9.5,
    ) -> Workflow:
        """End what has not ended, all in one step, so that none starts on the way.

        Running ones are asked to stop and waited for, up to ``wait_s``.
        Raises: NotFound, JobNotCancellable when all of it has ended.
        """
        self._store.workflows.cancel(
            scope,
            self.get(scope, workflow_id),
            act=Act(by, reason, request_id),
            force=force,
            preserve=preserve,
            keep_ms=self._engine.config.keep_ms,
        )
        return self._settled(scope, workflow_id, wait_s)

    def _settled(self, scope: Scope, workflow_id: str, wait_s: float) -> Workflow:
        deadline = time.monotonic() + wait_s
        while self._goes_on(scope, workflow_id) and time.monotonic() < deadline:
            time.sleep(CANCEL_POLL_S)
        return self.get(scope, workflow_id)

    def _goes_on(self, scope: Scope, workflow_id: str) -> bool:
        status = self._store.workflows.statuses(scope, [workflow_id]).get(workflow_id)
        return status is not None and status not in TERMINAL
