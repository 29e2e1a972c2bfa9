"""Workflows in the store: a graph of jobs accepted in one script, its record, its lists.

The status of a workflow is kept by the scripts that start and end its jobs.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from queueapp.domain.audit import SYSTEM, Act
from queueapp.domain.errors import NotFound
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.scope import Scope, encode_part
from queueapp.domain.states import TERMINAL, Status
from queueapp.domain.workflow import Step, Workflow, in_order
from queueapp.store.acting import encoded as encoded_act
from queueapp.store.acting import perform
from queueapp.store.answers import Idempotency
from queueapp.store.codec import build, dumps
from queueapp.store.connect import Client, store_errors
from queueapp.store.graphs import described, texts
from queueapp.store.keys import Keys
from queueapp.store.reading import read_jobs
from queueapp.store.scripts import Scripts

# These change, or stand beside the record: a list of workflows reads _FACTS and no steps.
_KEPT_APART = frozenset(
    {"steps", "total", "status", "created_ms", "started_ms", "ended_ms", "retried_as", "ended"}
)
_FACTS = (
    *("record", "status", "total", "created", "started", "ended", "retried_as"),
    *(str(status) for status in sorted(TERMINAL)),
)


@dataclass(frozen=True)
class WorkflowReceipt:
    """What a submission came to; not new is a workflow that was submitted before."""

    id: str
    new: bool
    created_ms: int


class Workflows:
    """The workflows of all scopes."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def submit(
        self,
        scope: Scope,
        workflow: Workflow,
        specs: Sequence[JobSpec],
        *,
        max_queued: int,
        idempotency: Idempotency | None = None,
        idempotency_ttl_ms: int = 86_400_000,
        act: Act = SYSTEM,
        now_ms: int | None = None,
    ) -> WorkflowReceipt:
        """Accept all jobs of a workflow or none; the same id again answers as the first time.

        ``act`` is who retries another workflow by it, and why.
        Raises: QueueFull, ValidationFailed (unknown job), IdempotencyMismatch, Conflict.
        """
        kind, workflow_id, created_ms = self._scripts.call(
            "submit_workflow",
            *encoded(workflow),
            *texts(specs),
            now_ms=now_ms,
            scope=scope.key,
            id=workflow.id,
            jobs=described(specs),
            max_queued=max_queued,
            tenant=encode_part(scope.tenant),
            project=encode_part(scope.project),
            idem=idempotency.key if idempotency else None,
            fingerprint=idempotency.fingerprint if idempotency else None,
            idem_ttl=idempotency_ttl_ms,
            retry_of=workflow.retry_of,
            act=encoded_act(act),
        )
        return WorkflowReceipt(workflow_id, kind == "new", created_ms)

    def cancel(
        self,
        scope: Scope,
        workflow: Workflow,
        *,
        act: Act,
        force: bool,
        preserve: bool,
        keep_ms: int,
    ) -> int:
        """End its queued jobs and ask the running ones to stop, all in one step.

        Return how many. Raises: NotFound, JobNotCancellable when all of it has ended.
        """
        ids = {step.name: step.job_id for step in workflow.steps}
        order = in_order({step.name: step.depends_on for step in workflow.steps})
        receipt = perform(
            self._scripts,
            "cancel_workflow",
            scope,
            act,
            id=workflow.id,
            jobs=[ids[name] for name in reversed(order)],
            force=force,
            preserve=preserve,
            keep_ms=keep_ms,
        )
        return int(receipt.facts["changed"])

    def get(self, scope: Scope, workflow_id: str) -> Workflow:
        """Return a workflow of the scope. Raises: NotFound."""
        with store_errors():
            data = self._client.hgetall(self._keys("workflow", scope.key, workflow_id))
        if not data:
            raise NotFound("There is no such workflow.")
        return _decoded(workflow_id, data)

    def jobs(self, workflow: Workflow) -> dict[str, Job]:
        """Return a workflow's jobs by their step; one that was forgotten is left out."""
        names = {step.job_id: step.name for step in workflow.steps}
        with store_errors():
            found = read_jobs(self._scripts, names)
        return {names[job.id]: job for job in found}

    def positions(self, scope: Scope, job_ids: Sequence[str]) -> dict[str, int]:
        """Return the overall positions of those jobs that are queued."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for job_id in job_ids:
                pipe.zrank(self._keys("queue", scope.key), job_id)
            ranks = pipe.execute()
        return {one: rank + 1 for one, rank in zip(job_ids, ranks, strict=True) if rank is not None}

    def statuses(self, scope: Scope, workflow_ids: Sequence[str]) -> dict[str, Status]:
        """Return the statuses of those workflows that are still there."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for one in workflow_ids:
                pipe.hget(self._keys("workflow", scope.key, one), "status")
            found = pipe.execute()
        known = zip(workflow_ids, found, strict=True)
        return {one: Status(status) for one, status in known if status}

    def page(
        self, scope: Scope, status: Status | None, page: int, page_size: int
    ) -> tuple[list[Workflow], int]:
        """Return one page of workflows without steps, newest first, and how many there are."""
        first = (page - 1) * page_size
        key = self._keys("workflows", scope.key)
        if status is not None:
            key = self._keys("workflows_by", scope.key, status)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(key, first, first + page_size - 1, desc=True)
            pipe.zcard(key)
            ids, total = pipe.execute()
            for one in ids:
                pipe.hmget(self._keys("workflow", scope.key, one), _FACTS)
            rows = [_named(row) for row in pipe.execute()]
        # One that was forgotten between the two looks is left out.
        found = [_decoded(one, row) for one, row in zip(ids, rows, strict=True) if row]
        return found, total


def encoded(workflow: Workflow) -> tuple[str, str]:
    """Return what of a workflow never changes, and its steps, as JSON."""
    told = {name: value for name, value in asdict(workflow).items() if name not in _KEPT_APART}
    return dumps(told), dumps(workflow.steps)


def _named(row: list[str | None]) -> dict[str, str]:
    return {name: value for name, value in zip(_FACTS, row, strict=True) if value is not None}


def _decoded(workflow_id: str, data: dict[str, Any]) -> Workflow:
    record = orjson.loads(data["record"])
    known = orjson.loads(data.get("steps", "[]"))
    steps = (build(Step, one, depends_on=tuple(one["depends_on"])) for one in known)
    return build(
        Workflow,
        record,
        id=workflow_id,
        steps=tuple(steps),
        status=Status(data["status"]),
        created_ms=int(data["created"]),
        started_ms=int(data["started"]) if "started" in data else None,
        ended_ms=int(data["ended"]) if "ended" in data else None,
        retried_as=data.get("retried_as"),
        total=int(data["total"]),
        ended={status: int(data.get(status, 0)) for status in TERMINAL},
    )
