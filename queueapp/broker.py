"""Our Dramatiq broker: a queue is a sorted set, enqueue is submit, a consumer claims.

There is one Dramatiq queue; tier, scope and shape are fields of the job. A job is claimed only
when a thread is free, so nothing waits unseen in a worker's memory.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.errors import ConnectionClosed, QueueNotFound
from dramatiq.middleware import Middleware
from dramatiq.worker import ConsumerThread

from queueapp.domain.errors import QueueappError, Unavailable
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import AttemptEnd
from queueapp.store import Store
from queueapp.store.answers import FinishReport, Idempotency, Receipt

QUEUE = "jobs"
DEFAULT_SCOPE = Scope("default", "default")

Finish = Callable[[Claim, FinishReport | None], Claim | None]
Accepted = TypeVar("Accepted")


class ClaimedMessage(MessageProxy):
    """A message that carries the right to run it, and later what came of it."""

    def __init__(self, message: dramatiq.Message[Any], claim: Claim) -> None:
        super().__init__(message)
        self.claim = claim
        self.report: FinishReport | None = None


class QueueBroker(dramatiq.Broker):
    """Submits jobs to the store; in a worker it also hands out claims."""

    def __init__(
        self,
        store: Store,
        *,
        middleware: list[Middleware] | None = None,
        max_queued: int = 1_000_000,
    ) -> None:
        super().__init__(middleware=middleware or [])
        self.store = store
        self.max_queued = max_queued
        self.queues: dict[str, None] = {}
        self.station: Station | None = None

    def submit(
        self, spec: JobSpec, *, idempotency: Idempotency | None = None, head: bool = False
    ) -> Receipt:
        """Enqueue a decided job and return the store's receipt."""
        options = {"job": spec, "idempotency": idempotency, "head": head}
        receipt: Receipt = self.enqueue(_message(spec, options)).options["receipt"]
        return receipt

    def submit_many(
        self, specs: Sequence[JobSpec], accept: Callable[[list[JobSpec]], Accepted], /
    ) -> Accepted:
        """Enqueue decided jobs together: ``accept`` hands them to the store in one call."""
        messages = [_message(spec, {"job": spec}) for spec in specs]
        for message in messages:
            self.emit_before("enqueue", message, None)
        accepted = accept([message.options["job"] for message in messages])
        for message in messages:
            self.emit_after("enqueue", message, None)
        return accepted

    def enqueue(
        self, message: dramatiq.Message[Any], *, delay: int | None = None
    ) -> dramatiq.Message[Any]:
        """Submit the message's job; a plain ``actor.send()`` becomes a job of the default scope.

        Units: ``delay`` is in milliseconds.
        """
        if message.queue_name != QUEUE:
            raise QueueNotFound(message.queue_name)
        if "job" not in message.options:
            message = message.copy(options={"job": plain_job(message)})
        self.emit_before("enqueue", message, delay)
        spec: JobSpec = message.options["job"]
        if delay is not None:
            seconds, micros = self.store.client.time()
            spec = replace(spec, scheduled_ms=seconds * 1000 + micros // 1000 + delay)
        receipt = self.store.jobs.submit(
            spec,
            idempotency=message.options.get("idempotency"),
            head=bool(message.options.get("head")),
            max_queued=self.max_queued,
        )
        message = message.copy(options={"receipt": receipt})
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 1000) -> dramatiq.Consumer:
        """Return a consumer of claims; ``prefetch`` has no meaning here.

        Units: ``timeout`` is in milliseconds.
        """
        if queue_name != QUEUE or self.station is None:
            raise QueueNotFound(queue_name)
        return ClaimConsumer(self.station, timeout_s=timeout / 1000)

    def declare_queue(self, queue_name: str) -> None:
        """Declare the one queue there is."""
        if queue_name != QUEUE:
            raise QueueNotFound(f"queueapp has one queue, {QUEUE!r}")
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = None
            self.emit_after("declare_queue", queue_name)

    def get_declared_queues(self) -> set[str]:
        """Return the names of the declared queues."""
        return set(self.queues)

    def close(self) -> None:
        """Close the connections to the store."""
        self.store.client.close()

    def flush(self, queue_name: str) -> None:
        """Refuse: queued jobs are cancelled by name, never dropped."""
        raise NotImplementedError("jobs are cancelled, never flushed")

    def flush_all(self) -> None:
        """Refuse, as ``flush`` does."""
        self.flush(QUEUE)


def plain_job(message: dramatiq.Message[Any]) -> JobSpec:
    """Return the job that a plain Dramatiq message stands for: keyword arguments are parameters.

    Raises: ValueError for positional arguments, which have no name to be stored under.
    """
    if message.args:
        raise ValueError("a job takes keyword arguments only: they are its parameters")
    return JobSpec(
        id=message.message_id,
        scope=message.options.get("scope") or DEFAULT_SCOPE,
        name=str(message.options.get("job_name") or message.actor_name),
        type=message.actor_name,
        priority=Priority.NORMAL,
        submitted_by="system",
        parameters=dict(message.kwargs),
    )


class Station:
    """What a worker process works with: its name, free threads, and the jobs it holds."""

    def __init__(
        self,
        store: Store,
        *,
        worker: str,
        slots: int,
        lease_ms: int,
        finish: Finish,
    ) -> None:
        self.store = store
        self.worker = worker
        self.slots = slots
        self.lease_ms = lease_ms
        self.finish = finish
        self.consumer_thread: ConsumerThread | None = None
        self.free = threading.BoundedSemaphore(slots)
        self.draining = threading.Event()
        self._held: dict[tuple[str, int], Claim] = {}
        self._lease_ends: dict[tuple[str, int], float] = {}
        self._lock = threading.Lock()
        self._unanswered: str | None = None
        # When a job was last asked for, or a free thread waited for; monotonic seconds.
        self.polled_s = time.monotonic()

    def claim(self) -> Claim | None:
        """Take a job if there is one that fits, else park; the caller holds a free thread."""
        # A claim whose answer was lost is asked for by its name: the job may be ours already.
        self._unanswered = self._unanswered or uuid.uuid4().hex
        asked_s = time.monotonic()
        claim = self.store.jobs.claim(
            self.worker, operation=self._unanswered, lease_ms=self.lease_ms
        )
        self._unanswered = None
        if claim is not None:
            self._hold(claim, asked_s)
        return claim

    def _hold(self, claim: Claim, asked_s: float) -> None:
        with self._lock:
            self._held[claim.job.id, claim.epoch] = claim
        self.renewed([(claim.job.id, claim.epoch)], asked_s)

    def held(self) -> list[tuple[str, int]]:
        """Return the jobs and epochs that this worker holds now."""
        with self._lock:
            return list(self._held)

    def renewed(self, held: Iterable[tuple[str, int]], asked_s: float) -> None:
        """Note that leases were asked for at ``asked_s``, monotonic seconds, and given."""
        with self._lock:
            ends_s = asked_s + self.lease_ms / 1000
            self._lease_ends.update((key, ends_s) for key in held if key in self._held)

    def lease_ends_s(self, job_id: str, epoch: int) -> float | None:
        """Return when a lease ends, in monotonic seconds; None for what is not held."""
        with self._lock:
            return self._lease_ends.get((job_id, epoch))

    def overdue(self, now_s: float) -> list[tuple[str, int]]:
        """Return the held jobs whose lease, as far as is known here, has ended by ``now_s``."""
        with self._lock:
            return [key for key, ends_s in self._lease_ends.items() if ends_s <= now_s]

    def done(
        self, claim: Claim, following: Claim | None = None, *, asked_s: float | None = None
    ) -> None:
        """Give the thread back, or to the job that follows: the attempt is over for good.

        ``asked_s``: the monotonic time at which the following one was asked for.
        """
        if following is not None:
            self._hold(following, time.monotonic() if asked_s is None else asked_s)
        with self._lock:
            known = self._held.pop((claim.job.id, claim.epoch), None)
            self._lease_ends.pop((claim.job.id, claim.epoch), None)
        if following is not None and self.consumer_thread is not None:
            self.consumer_thread.handle_message(_message_of(following))
        elif known is not None:
            self.free.release()


class ClaimConsumer(dramatiq.Consumer):
    """Claims a job whenever a thread is free, else waits to be woken."""

    def __init__(self, station: Station, *, timeout_s: float) -> None:
        self._station = station
        self._timeout_s = timeout_s

    def __next__(self) -> ClaimedMessage | None:
        """Return a claimed job, or None after waiting at most the time-out."""
        station = self._station
        station.polled_s = time.monotonic()
        if station.draining.is_set():
            threading.Event().wait(self._timeout_s)
            return None
        if not station.free.acquire(timeout=self._timeout_s):
            return None
        claim = None
        try:
            claim = station.claim()
            if claim is not None:
                return _message_of(claim)
        except Unavailable as error:
            raise ConnectionClosed(error) from error
        finally:
            if claim is None:
                station.free.release()
        self._wait()
        return None

    def _wait(self) -> None:
        try:
            self._station.store.fleet.wait(self._station.worker, self._timeout_s)
        except Unavailable as error:
            raise ConnectionClosed(error) from error

    def ack(self, message: MessageProxy) -> None:
        """Store what came of the attempt, then free its thread.

        Raises: ConnectionClosed while the store is away; Dramatiq then calls again.
        """
        claimed, asked_s = _as_claimed(message), time.monotonic()
        try:
            following = self._station.finish(claimed.claim, claimed.report)
        except Unavailable as error:
            raise ConnectionClosed(error) from error
        except BaseException:
            # Renewed for ever, the lease of an attempt that cannot be ended would never end.
            self._station.done(claimed.claim)
            raise
        self._station.done(claimed.claim, following, asked_s=asked_s)

    def nack(self, message: MessageProxy) -> None:
        """Do as ``ack``: the report says how the attempt ended."""
        self.ack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back what was claimed and never started."""
        for message in messages:
            _as_claimed(message).report = FinishReport.of(Outcome(AttemptEnd.GIVEN_BACK))
            self.ack(message)

    def close(self) -> None:
        """Nothing to close: connections belong to the store."""


def _message(spec: JobSpec, options: dict[str, Any]) -> dramatiq.Message[Any]:
    return dramatiq.Message(
        queue_name=QUEUE,
        actor_name=spec.type,
        args=(),
        kwargs={},
        options=options,
        message_id=spec.id,
    )


def _message_of(claim: Claim) -> ClaimedMessage:
    return ClaimedMessage(_message(claim.job, {}), claim)


def _as_claimed(message: MessageProxy) -> ClaimedMessage:
    if not isinstance(message, ClaimedMessage):
        raise QueueappError(f"{message!r} was not claimed from this broker")
    return message
