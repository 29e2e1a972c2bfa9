"""Obeys what operators tell this worker: to drain, to restart, to go.

It asks the store once a second, so an order needs no connection of its own and none is lost.
"""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from queueapp.consumer import Station
from queueapp.domain.errors import Unavailable
from queueapp.domain.fleet import Orders

log = structlog.get_logger()

ASK_S = 1.0
GRACE_S = 5.0

Stop = Callable[[str, int, str], None]


def end_this_process() -> None:
    """Stop as at a platform's signal; whoever started this process replaces it."""
    os.kill(os.getpid(), signal.SIGTERM)


class OrdersMiddleware(Middleware):
    """A thread that asks for orders and carries them out."""

    def __init__(
        self,
        station: Station,
        *,
        stop: Stop,
        recall: Callable[[str, int], None],
        leave: Callable[[], None] = end_this_process,
        ask_s: float | None = None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._station = station
        self._stop = stop
        self._recall = recall
        self._leave = leave
        self._ask_s = ASK_S if ask_s is None else ask_s
        self._grace_s = grace_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="orders", daemon=True)

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Begin to ask."""
        self._thread.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(timeout=self._ask_s + self._grace_s)

    def _watch(self) -> None:
        while not self._over.wait(self._ask_s):
            try:
                gone = self.obey(self._station.store.workers.orders(self._station.worker))
            except Unavailable as error:
                log.warning("no orders could be read", reason=error.reason)
            except Exception:
                log.exception("an order failed in an unforeseen way")
            else:
                if gone:
                    return

    def obey(self, orders: Orders) -> bool:
        """Do what can be done now; say whether this worker goes for good."""
        if orders.dismissed:
            log.warning("this worker was deleted", worker=self._station.worker)
            self._station.draining.set()
            self._end_jobs()
            self._leave()
            return True
        if orders.drain and orders.left_ms == 0:
            for job_id, epoch in self._station.held():
                self._recall(job_id, epoch)
        if orders.restart and not self._station.held():
            log.info("restarting as told", worker=self._station.worker)
            self._station.draining.set()
            self._leave()
            return True
        return False

    def _end_jobs(self) -> None:
        """Ask what runs to stop, then kill it: its jobs have failed already."""
        for job_id, epoch in self._station.held():
            self._stop(job_id, epoch, "cancel")
        waiter, waited_s = threading.Event(), 0.0
        while self._station.held() and waited_s < self._grace_s:
            waiter.wait(0.1)
            waited_s += 0.1
        for job_id, epoch in self._station.held():
            self._stop(job_id, epoch, "lost")
