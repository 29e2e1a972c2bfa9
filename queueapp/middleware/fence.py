"""Ends attempts whose lease this worker could not renew: from then on another worker may have them.

A worker that is cut off from the store is told nothing, so it must keep its own time. Times are
taken before a lease is asked for, which makes every lease end here a little before it ends there.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from queueapp.consumer import Station

log = structlog.get_logger()

TICK_S = 0.1


class FenceMiddleware(Middleware):
    """A thread that watches the ends of this worker's leases."""

    def __init__(
        self,
        station: Station,
        *,
        stop: Callable[[str, int, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._station = station
        self._stop = stop
        self._clock = clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fence", daemon=True)

    @property
    def margin_s(self) -> float:
        """How long before the end of a lease its attempt is killed: a tenth, at most a second."""
        return min(1.0, self._station.lease_ms / 10_000)

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Begin to watch."""
        self._thread.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Stop watching: nothing runs any more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        told: set[tuple[str, int]] = set()
        while not self._over.wait(TICK_S):
            overdue = self._station.overdue(self._clock() + self.margin_s)
            for job_id, epoch in overdue:
                if (job_id, epoch) not in told:
                    lost = {"job": job_id, "attempt": epoch}
                    log.error("the lease could not be renewed; the attempt is ended", **lost)
                self._stop(job_id, epoch, "lost")
            told = set(overdue)
