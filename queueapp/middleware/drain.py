"""A worker's graceful stop: one SIGTERM counts once, no new claims, running jobs given back.

Platforms signal every process of a container, some repeatedly, and Dramatiq takes the second
signal as an order to drop its work; the repeats are therefore ignored.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from queueapp.consumer import Station
from queueapp.domain.errors import Unavailable

log = structlog.get_logger()

Handler = Callable[[int, FrameType | None], Any]


def once(handler: Handler, seen: threading.Event, draining: threading.Event) -> Handler:
    """Return a signal handler that begins to drain and calls ``handler``, for the first signal.

    Dramatiq looks at its own flag once a second; jobs that got the same signal end before that.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if not seen.is_set():
            seen.set()
            draining.set()
            handler(number, frame)

    return handle


class DrainMiddleware(Middleware):
    """Stops claiming at shutdown and, after a while, gives running jobs back."""

    def __init__(
        self, station: Station, *, give_back: Callable[[str, int], None], patience_s: float
    ) -> None:
        self._station = station
        self._give_back = give_back
        self._patience_s = patience_s
        self._signalled = threading.Event()

    def after_process_boot(self, broker: dramatiq.Broker) -> None:
        """Make the stop signals count once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(number)
            if callable(handler):
                signal.signal(number, once(handler, self._signalled, self._station.draining))

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Claim nothing more; give back what does not end within the patience."""
        self._station.draining.set()
        try:
            self._station.claim_no_more()
        except Unavailable as error:
            log.warning("could not mark the worker as draining", reason=error.reason)
        threading.Thread(target=self._lose_patience, name="drain", daemon=True).start()

    def _lose_patience(self) -> None:
        waiter = threading.Event()
        waited = 0.0
        while self._station.held() and waited < self._patience_s:
            waiter.wait(0.1)
            waited += 0.1
        told: set[tuple[str, int]] = set()
        while held := self._station.held():
            # Again and again: an attempt that is still bringing its inputs does not hear the first.
            for job_id, epoch in held:
                self._give_back(job_id, epoch)
            for job_id, _ in set(held) - told:
                log.info("giving the job back", job=job_id)
            told.update(held)
            waiter.wait(0.2)
