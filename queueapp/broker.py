"""Our Dramatiq broker: a queue is a sorted set, enqueue is submit, a consumer claims.

There is one Dramatiq queue; tier, scope and shape are fields of the job. A job is claimed only
when a thread is free, so nothing waits unseen in a worker's memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import dramatiq
from dramatiq.errors import QueueNotFound
from dramatiq.middleware import Middleware, MiddlewareError

from queueapp.consumer import QUEUE, ClaimConsumer, Station, message_of
from queueapp.domain.job import JobSpec
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from queueapp.store.answers import Idempotency, JobReceipt

DEFAULT_SCOPE = Scope("default", "default")

Accepted = TypeVar("Accepted")


class QueueBroker(dramatiq.Broker):
    """Submits jobs to the store; in a worker it also hands out claims."""

    def __init__(
        self,
        store: Store,
        *,
        middleware: list[Middleware] | None = None,
        max_queued: int = 1_000_000,
    ) -> None:
        self._hearing: dict[str, tuple[Middleware, ...]] = {}
        super().__init__(middleware=middleware or [])
        self.store = store
        self.max_queued = max_queued
        self.queues: dict[str, None] = {}
        self.station: Station | None = None

    def add_middleware(
        self,
        middleware: Middleware,
        *,
        before: type[Middleware] | None = None,
        after: type[Middleware] | None = None,
    ) -> None:
        """Add a middleware, at the end unless it is told where."""
        super().add_middleware(middleware, before=before, after=after)
        self._hearing = {}

    def emit_before(self, signal: str, *args: Any, **kwargs: Any) -> None:
        """Tell a signal to the middleware that hears it; Dramatiq calls all the others, too."""
        name = f"before_{signal}"
        for middleware in self._hearers(name):
            try:
                getattr(middleware, name)(self, *args, **kwargs)
            except MiddlewareError:
                raise
            except Exception:
                self.logger.critical("%r failed in %s.", middleware, name, exc_info=True)

    def emit_after(self, signal: str, *args: Any, **kwargs: Any) -> None:
        """Tell a signal as ``emit_before`` does, from the last to the first."""
        name = f"after_{signal}"
        for middleware in reversed(self._hearers(name)):
            try:
                getattr(middleware, name)(self, *args, **kwargs)
            except Exception:
                self.logger.critical("%r failed in %s.", middleware, name, exc_info=True)

    def _hearers(self, name: str) -> tuple[Middleware, ...]:
        """Return the middleware whose method of this name does anything."""
        found = self._hearing.get(name)
        if found is None:
            nothing = getattr(Middleware, name)
            found = tuple(
                one
                for one in self.middleware
                if getattr(getattr(one, name), "__func__", None) is not nothing
            )
            self._hearing[name] = found
        return found

    def submit(
        self, spec: JobSpec, *, idempotency: Idempotency | None = None, head: bool = False
    ) -> JobReceipt:
        """Enqueue a decided job and return the store's receipt."""
        options = {"job": spec, "idempotency": idempotency, "head": head}
        receipt: JobReceipt = self.enqueue(message_of(spec, options)).options["receipt"]
        return receipt

    def submit_many(
        self, specs: Sequence[JobSpec], accept: Callable[[list[JobSpec]], Accepted], /
    ) -> Accepted:
        """Enqueue decided jobs together: ``accept`` hands them to the store in one call."""
        messages = [message_of(spec, {"job": spec}) for spec in specs]
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
            spec = replace(spec, scheduled_ms=self.store.now_ms() + delay)
        receipt = self.store.jobs.submit(
            spec,
            idempotency=message.options.get("idempotency"),
            head=bool(message.options.get("head")),
            max_queued=self.max_queued,
        )
        message.options["receipt"] = receipt
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
