"""Takes the outcome of each attempt from the actor to the message that ``ack`` commits.

First in the list, so that its ``after_process_message`` runs last. ``ack`` alone tells nothing:
Dramatiq acknowledges failed and skipped messages too.
"""

import threading
from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware

from queueapp.consumer import ClaimedMessage, Station
from queueapp.domain.job import Claim

_current = threading.local()


def current_claim() -> Claim:
    """Return the claim that this thread runs. Raises: RuntimeError outside of a job."""
    message: ClaimedMessage | None = getattr(_current, "message", None)
    if message is None:
        raise RuntimeError("this thread runs no job")
    return message.claim


def facts_of_job() -> dict[str, Any]:
    """Return what log lines of this thread say of the job that it runs."""
    message: ClaimedMessage | None = getattr(_current, "message", None)
    return {} if message is None else facts_of(message.claim)


def facts_of(claim: Claim) -> dict[str, Any]:
    """Return what a log line says of an attempt."""
    job = claim.job
    return {
        "job": job.id,
        "attempt": claim.attempt,
        "tenant": job.scope.tenant,
        "project": job.scope.project,
        "request_id": job.request_id,
    }


def leave_report(report: Any) -> None:
    """Keep what came of the current attempt until it is acknowledged."""
    _current.message.report = report


class LifecycleMiddleware(Middleware):
    """Binds the claim to the worker thread for as long as its job runs."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def after_consumer_thread_boot(self, broker: dramatiq.Broker, thread: Any) -> None:
        """Remember whom a finished job's thread hands the next job to."""
        self._station.consumer_thread = thread

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """Make the claim known to the thread and to its log lines."""
        if isinstance(message, ClaimedMessage):
            _current.message = message

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        """Forget the claim; without a report ``ack`` counts the attempt as lost."""
        _current.message = None
