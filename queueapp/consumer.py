"""The worker's side of the broker: claims are messages, and one is asked for when a thread is free.

Dramatiq's consumer thread calls ``ClaimConsumer``; the middleware share ``Station`` with it.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.worker import ConsumerThread

from queueapp.domain.errors import Conflict, QueueappError, Unavailable
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.states import AttemptEnd
from queueapp.store import Store
from queueapp.store.answers import FinishReport

QUEUE = "jobs"

Finish = Callable[[Claim, FinishReport | None], Claim | None]


def message_of(spec: JobSpec, options: dict[str, Any]) -> dramatiq.Message[Any]:
    """Return the Dramatiq message that stands for a job."""
    return dramatiq.Message(
        queue_name=QUEUE,
        actor_name=spec.type,
        args=(),
        kwargs={},
        options=options,
        message_id=spec.id,
    )


class ClaimedMessage(MessageProxy):
    """A message that carries the right to run it, and later what came of it.

    Dramatiq reads a few fields of each message and hardly ever the whole, so that is made late.
    """

    def __init__(self, claim: Claim) -> None:
        self.failed = False
        self._exception = None
        self.queue_name = QUEUE
        self.actor_name = claim.job.type
        self.message_id = claim.job.id
        self.args = ()
        self.kwargs = {}
        self.options = {}
        self.claim = claim
        self.report: FinishReport | None = None

    @cached_property
    def _message(self) -> dramatiq.Message[Any]:  # type: ignore[override] # it can be written too
        return message_of(self.claim.job, self.options)


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
        self._withdrawn = False
        # When a job was last asked for, or a free thread waited for; monotonic seconds.
        self.polled_s = time.monotonic()

    def claim(self, *, wait_s: float | None = None) -> Claim | None:
        """Take a job if there is one that fits, else park; the caller holds a free thread.

        ``wait_s``: wait to be woken first, for so many seconds at the most.
        """
        # A claim whose answer was lost is asked for by its name: the job may be ours already.
        self._unanswered = self._unanswered or uuid.uuid4().hex
        claim, asked_s = self._ask(self._unanswered, wait_s)
        while claim is not None and time.monotonic() > asked_s + self.lease_ms / 2000:
            # The answer was long on its way and the job may be another's: renewed, or known to be.
            claim, asked_s = self._ask(self._unanswered, None)
        self._unanswered = None
        if claim is not None:
            with self._lock:
                self._hold(claim, asked_s)
        return claim

    def _ask(self, operation: str, wait_s: float | None) -> tuple[Claim | None, float]:
        """Claim; return also since when the lease counts, in monotonic seconds."""
        asked_s = time.monotonic()
        claim = self.store.attempts.claim(
            self.worker, operation=operation, lease_ms=self.lease_ms, wait_s=wait_s
        )
        return claim, asked_s

    def claim_no_more(self) -> None:
        """Have the store answer the next claim with nothing, also one that waits there already.

        Raises: Unavailable.
        """
        if not self._withdrawn:
            self.store.fleet.drain(self.worker)
            self._withdrawn = True

    def _hold(self, claim: Claim, asked_s: float) -> None:
        key = (claim.job.id, claim.epoch)
        self._held[key] = claim
        self._lease_ends[key] = asked_s + self.lease_ms / 1000

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
        with self._lock:
            if following is not None:
                self._hold(following, time.monotonic() if asked_s is None else asked_s)
            known = self._held.pop((claim.job.id, claim.epoch), None)
            self._lease_ends.pop((claim.job.id, claim.epoch), None)
        if following is not None and self.consumer_thread is not None:
            self.consumer_thread.handle_message(ClaimedMessage(following))
        elif known is not None:
            self.free.release()


class ClaimConsumer(dramatiq.Consumer):
    """Claims a job whenever a thread is free; when there was none, waits to be woken and claims."""

    def __init__(self, station: Station, *, timeout_s: float) -> None:
        self._station = station
        self._timeout_s = timeout_s
        # A lease is counted from when it was asked for, before the wait: no wait may use it up.
        self._wait_s = min(timeout_s, station.lease_ms / 3000)
        self._parked = False

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
            claim = station.claim(wait_s=self._wait_s if self._parked else None)
        except Unavailable as error:
            raise ConnectionClosed(error.reason) from error
        except Conflict as error:  # the store has forgotten this worker, or does not know it yet
            raise ConnectionClosed(error) from error
        finally:
            self._parked = claim is None
            if claim is None:
                station.free.release()
        if claim is None:
            return None
        message = ClaimedMessage(claim)
        if station.draining.is_set():
            self.requeue([message])
            return None
        return message

    def ack(self, message: MessageProxy) -> None:
        """Store what came of the attempt, then free its thread.

        Raises: ConnectionClosed while the store is away; Dramatiq then calls again.
        """
        claimed, asked_s = _as_claimed(message), time.monotonic()
        try:
            if self._station.draining.is_set():
                # Else the claim that waits in the store takes the job that is given back here.
                self._station.claim_no_more()
            following = self._station.finish(claimed.claim, claimed.report)
        except Unavailable as error:
            raise ConnectionClosed(error.reason) from error
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


def _as_claimed(message: MessageProxy) -> ClaimedMessage:
    if not isinstance(message, ClaimedMessage):
        raise QueueappError(f"{message!r} was not claimed from this broker")
    return message
