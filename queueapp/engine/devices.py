"""Jobs for network devices: what is asked of a device becomes a DeviceCommand job.

The API submits here, workers open here what was sealed. Nothing here talks to a device: the job
does, in a process of its own.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from queueapp.config import Config
from queueapp.domain.errors import (
    JobNotCancellable,
    JobTypeUnavailable,
    Unavailable,
    ValidationFailed,
)
from queueapp.domain.job import Job, JobRequest, JobSpec
from queueapp.domain.scope import Scope
from queueapp.engine.engine import Engine
from queueapp.sealing import CannotOpen, CannotSeal, Sealer
from queueapp.server import signing_key
from queueapp.store.answers import Idempotency, JobReceipt

DEVICE_TYPE = "DeviceCommand"
# What of a connection is no secret; whatever else it has is sealed.
OPEN = ("host", "device_type", "port", "username")
POLL_S = 0.1
QUEUE_FULL = "The queue of this project is full."
NO_WORKER = "No live worker offers DeviceCommand jobs: they need queueapp[devices] installed."


@dataclass(frozen=True)
class DeviceOrder:
    """What is to be done on one device; ``connection`` has the password and must not be shown."""

    connection: dict[str, Any] = field(repr=False)
    work: dict[str, Any]
    pinned: bool = True
    queue_ttl_s: int = 300
    keep_s: int = 86_400
    run_limit_s: int | None = None

    @property
    def host(self) -> str:
        """The device's address."""
        return str(self.connection["host"])


@dataclass(frozen=True)
class Refused:
    """A device for which no job could be made, and why."""

    host: str | None
    reason: str


@dataclass(frozen=True)
class SubmittedDevices:
    """What became of a request for several devices, and whether it was a repeat."""

    job_ids: tuple[str, ...]
    refused: tuple[Refused, ...]
    repeated: bool


def use_of(scope: Scope, host: object, port: object) -> str:
    """Return what credentials are sealed for: one device of one project."""
    return f"{scope.key}\n{host}\n{port or ''}"


def sealer(config: Config) -> Sealer:
    """Return what seals and opens with this installation's keys.

    Raises: CannotSeal without the library, ValueError in production without a key.
    """
    return Sealer((signing_key(config), *config.old_secret_keys))


def open_credentials(config: Config, job: JobSpec) -> dict[str, Any]:
    """Return what was sealed for a job; nothing for most jobs. Raises: CannotOpen."""
    if job.sealed is None:
        return {}
    use = use_of(job.scope, job.parameters.get("host"), job.parameters.get("port"))
    try:
        return sealer(config).open(job.sealed, for_what=use)
    except CannotSeal as error:
        raise CannotOpen(error.message) from error
    except ValueError as error:
        raise CannotOpen("This worker has no QUEUEAPP_SECRET_KEY to open secrets with.") from error


class Devices:
    """Submits device jobs of one installation."""

    def __init__(
        self, engine: Engine, config: Config, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._config = config
        self._clock = clock

    def check_offered(self) -> None:
        """Raise Unavailable unless a live worker can run device jobs."""
        now_ms = self._engine.now_ms()
        workers = self._engine.store.workers.all()
        if not any(one.live(now_ms) and DEVICE_TYPE in one.types for one in workers):
            raise Unavailable(NO_WORKER)

    def submit(
        self,
        scope: Scope,
        order: DeviceOrder,
        *,
        by: str,
        idempotency: Idempotency | None = None,
        request_id: str | None = None,
    ) -> JobReceipt:
        """Accept a job for a device. It is attempted once: what it sends is not sent again.

        Raises: ValidationFailed, Unavailable, QueueFull, IdempotencyMismatch.
        """
        spec = self.decided(scope, order, by=by, request_id=request_id)
        return self._engine.place(spec, idempotency)

    def submit_all(
        self,
        scope: Scope,
        specs: Sequence[JobSpec],
        refused: Sequence[Refused],
        *,
        idempotency: Idempotency | None = None,
    ) -> SubmittedDevices:
        """Accept jobs for several devices in one step; what was refused before is told with them.

        Where the queue is full the rest is refused as well. Raises: IdempotencyMismatch.
        """
        known = [[one.host, one.reason] for one in refused]
        batch = self._engine.enqueue_many(
            specs,
            lambda settled: self._engine.store.batches.submit(
                scope,
                settled,
                told=[known, [spec.device for spec in specs]],
                max_queued=self._engine.config.max_queued_jobs,
                idempotency=idempotency,
            ),
        )
        before, hosts = batch.told
        full = [Refused(host, QUEUE_FULL) for host in hosts[len(batch.job_ids) :]]
        left = (*(Refused(*one) for one in before), *full)
        return SubmittedDevices(batch.job_ids, left, batch.repeated)

    def test(
        self,
        scope: Scope,
        order: DeviceOrder,
        *,
        by: str,
        wait_s: float,
        idempotency: Idempotency | None = None,
    ) -> tuple[Job, bool]:
        """Have a worker try the connection; return the job that did or still does.

        With it, whether the request was a repeat: that waits for the first one's job. One that is
        not done in time is cancelled.
        """
        receipt = self.submit(scope, order, by=by, idempotency=idempotency)
        deadline = self._clock() + wait_s
        job = self._engine.job(scope, receipt.job_id)
        while not job.ended and self._clock() < deadline:
            time.sleep(POLL_S)
            job = self._engine.job(scope, job.id)
        if job.ended:
            return job, not receipt.new
        reason = "The test took too long."
        try:
            self._engine.cancel(scope, job.id, by=by, reason=reason, force=True, wait_s=0)
        except JobNotCancellable:
            job = self._engine.job(scope, job.id)  # it ended in the last moment
        return job, not receipt.new

    def decided(
        self, scope: Scope, order: DeviceOrder, *, by: str, request_id: str | None = None
    ) -> JobSpec:
        """Return the job that an order comes to; nothing is stored.

        Raises: ValidationFailed, Unavailable.
        """
        known = {name: order.connection.get(name) for name in OPEN}
        given = {name: value for name, value in known.items() if value is not None}
        secret = {n: v for n, v in order.connection.items() if n not in OPEN and v is not None}
        request = JobRequest(
            name=f"{DEVICE_TYPE} {order.host}",
            type=DEVICE_TYPE,
            parameters={**given, **order.work},
            host=order.host if order.pinned else None,
        )
        try:
            decider = self._engine.decider(scope)
            spec = decider.decide(request, by=by, job_id=str(uuid.uuid4()), internal=True)
        except JobTypeUnavailable as error:
            raise Unavailable(NO_WORKER) from error
        except ValidationFailed as error:
            raise _outside(error) from error
        use = use_of(scope, order.host, known["port"])
        limit_s = order.run_limit_s
        return replace(
            spec,
            device=order.host,
            queue_ttl_ms=order.queue_ttl_s * 1000,
            keep_ms=order.keep_s * 1000,
            run_limit_ms=None if limit_s is None else limit_s * 1000,
            timeout_minutes=spec.timeout_minutes if limit_s is None else -(-limit_s // 60),
            once=True,
            request_id=request_id,
            sealed=sealer(self._config).seal(secret, for_what=use) if secret else None,
        )


def _outside(error: ValidationFailed) -> ValidationFailed:
    """Name fields as the caller sent them, not as parameters of the job."""
    fields = [(where.removeprefix("/parameters"), what) for where, what in error.errors]
    return ValidationFailed(error.message, errors=fields)
