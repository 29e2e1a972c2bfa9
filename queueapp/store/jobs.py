"""Jobs in the store: submitted, cancelled, retried, and the reads that answers are made of.

What workers do with them is in ``attempts``.
"""

import uuid
from collections.abc import Iterable, Sequence

import orjson

from queueapp.domain.audit import Act
from queueapp.domain.errors import NotFound
from queueapp.domain.job import DEFAULT_TIMEOUT_MINUTES, Job, JobSpec
from queueapp.domain.scope import Scope, encode_part
from queueapp.domain.states import Status
from queueapp.store.acting import encoded
from queueapp.store.answers import Idempotency, JobReceipt
from queueapp.store.codec import decode_job, encode_spec
from queueapp.store.connect import Client, store_errors
from queueapp.store.graphs import terms_of
from queueapp.store.keys import Keys
from queueapp.store.reading import read_jobs
from queueapp.store.scripts import Scripts


class Jobs:
    """The jobs of all scopes; callers name the scope where one is needed."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def submit(
        self,
        spec: JobSpec,
        *,
        idempotency: Idempotency | None = None,
        idempotency_ttl_ms: int = 86_400_000,
        max_queued: int = 1_000_000,
        head: bool = False,
        act: Act | None = None,
        now_ms: int | None = None,
    ) -> JobReceipt:
        """Accept a job. Submitting the same id again answers as the first time.

        ``act`` is who retries another job by it, where that is to be written down.
        """
        kind, job_id, position, inside, created = self._scripts.call(
            "submit",
            encode_spec(spec),
            now_ms=now_ms,
            scope=spec.scope.key,
            id=spec.id,
            tier=spec.priority.tier,
            priority=spec.priority,
            type=spec.type,
            user=encode_part(spec.submitted_by),
            shape=f"{spec.type}.{spec.requirements.shape}",
            due=spec.scheduled_ms,
            host=encode_part(spec.host) if spec.host else None,
            timeout=_unless(spec.timeout_minutes, DEFAULT_TIMEOUT_MINUTES),
            max_attempts=spec.retry.max_attempts,
            retry_delay=spec.retry.delay_ms,
            retry_max_delay=spec.retry.max_delay_ms,
            deps=spec.dependencies,
            run_anyway=spec.on_dependency_failure == "run",
            max_queued=max_queued,
            tenant=encode_part(spec.scope.tenant),
            project=encode_part(spec.scope.project),
            idem=idempotency.key if idempotency else None,
            fingerprint=idempotency.fingerprint if idempotency else None,
            idem_ttl=idempotency_ttl_ms,
            head=head,
            created=None,
            terms=terms_of(spec),
            retry_of=spec.retry_of,
            act=act and encoded(act),
        )
        return JobReceipt(job_id, kind == "new", position, inside, created)

    def cancel(
        self,
        scope: Scope,
        job_id: str,
        *,
        by: str,
        reason: str | None,
        force: bool,
        preserve: bool,
        keep_ms: int,
        request_id: str | None = None,
        now_ms: int | None = None,
    ) -> tuple[Status, Status]:
        """End a queued job or ask a running one to stop; return its status before and now."""
        before, after = self._scripts.call(
            "cancel",
            scope=scope.key,
            id=job_id,
            act=encoded(Act(by, reason, request_id)),
            force=force,
            preserve=preserve,
            keep_ms=keep_ms,
            op=uuid.uuid4().hex,
            now_ms=now_ms,
        )
        return Status(before), Status(after)

    def get(self, scope: Scope, job_id: str) -> Job:
        """Return a job of the scope. Raises: NotFound."""
        return self.find(scope, job_id)[0]

    def find(self, scope: Scope, job_id: str) -> tuple[Job, int | None]:
        """Return a job of the scope, and its overall position while it is queued.

        Raises: NotFound.
        """
        flat, spec, attempts, rank = self._scripts.call("read_job", scope=scope.key, id=job_id)
        data = dict(zip(flat[::2], flat[1::2], strict=True))
        if data.get("scope") != scope.key or spec is None:
            raise NotFound("There is no such job.")
        position = None if rank is None else rank + 1
        return decode_job(job_id, data, spec, attempts), position

    def log_tail(self, job: Job) -> tuple[int, list[str]]:
        """Return the newest log lines of a running attempt, and the first one's number."""
        with store_errors():
            text = self._client.get(self._keys("log", job.id))
        tail = orjson.loads(text) if text and job.status is Status.RUNNING else {}
        if tail.get("epoch") != job.epoch:
            return 1, []
        return int(tail["first"]), list(tail["lines"])

    def get_many(self, job_ids: Iterable[str]) -> list[Job]:
        """Return the jobs that still exist, in the order asked for, without their attempts."""
        with store_errors():
            return read_jobs(self._scripts, job_ids)

    def position(self, scope: Scope, job_id: str) -> int | None:
        """Return the 1-based overall position of a queued job, else None."""
        with store_errors():
            rank = self._client.zrank(self._keys("queue", scope.key), job_id)
        return None if rank is None else int(rank) + 1

    def running(self, scope: Scope) -> list[str]:
        """Return the ids of the scope's running jobs."""
        with store_errors():
            key = self._keys("index", scope.key, "status", Status.RUNNING)
            found: list[str] = self._client.zrange(key, 0, -1)
        return found

    def leased(self, *, limit: int) -> list[str]:
        """Return the ids of running jobs of all scopes, earliest lease end first."""
        with store_errors():
            found: list[str] = self._client.zrange(self._keys("leases"), 0, limit - 1)
        return found

    def statuses(self, job_ids: Sequence[str]) -> dict[str, Status]:
        """Return the statuses of those jobs that still exist."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for job_id in job_ids:
                pipe.hget(self._keys("job", job_id), "status")
            found = pipe.execute()
        return {job_id: Status(text) for job_id, text in zip(job_ids, found, strict=True) if text}


def _unless(value: int, usual: int) -> int | None:
    return None if value == usual else value
