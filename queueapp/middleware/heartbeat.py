"""Keeps a worker in the fleet and its leases alive, from a thread that runs no job code."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import dramatiq
import psutil
import structlog
from dramatiq.middleware import Middleware

from queueapp.consumer import Station
from queueapp.domain.errors import Unavailable
from queueapp.domain.fleet import HEARTBEAT_MS, JobTypeInfo, NodeSample, Worker
from queueapp.store.fleet import WorkerUnknown

log = structlog.get_logger()

# How often a worker that the store does not know tries to enter the fleet.
ENTER_S = 1.0

Stop = Callable[[str, int, str], None]


def sample_node(directory: Path) -> NodeSample:
    """Measure the load of this machine and the free space where jobs write."""
    try:
        free = psutil.disk_usage(str(directory)).free
    except OSError:
        free = None
    return NodeSample(
        cpu_percent=psutil.cpu_percent(),
        memory_percent=psutil.virtual_memory().percent,
        disk_free_bytes=free,
    )


class HeartbeatMiddleware(Middleware):
    """Registers the worker at boot, renews its leases, takes it out of the fleet at the end."""

    def __init__(
        self,
        station: Station,
        worker: Worker,
        types: Iterable[JobTypeInfo],
        *,
        stop: Stop,
        renewed: Callable[[], None],
        kept: Callable[[], Iterable[str] | None] = lambda: None,
        let_go: Callable[[], None] = lambda: None,
        directory: Path,
    ) -> None:
        self._station = station
        self._worker = worker
        self._types = tuple(types)
        self._stop = stop
        self._renewed = renewed
        self._kept = kept
        self._let_go = let_go
        self._directory = directory
        self._known = False  # to the store
        self._over = threading.Event()
        self._parent = os.getppid()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def interval_s(self) -> float:
        """Seconds between beats: a third of the lease, and often enough to look alive."""
        return min(HEARTBEAT_MS, self._station.lease_ms / 3) / 1000

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Enter the fleet before any consumer exists; without a store, as soon as there is one."""
        psutil.cpu_percent()  # it tells the load since it was asked before: the first is none
        try:
            self._enter()
        except Unavailable as error:
            log.warning("waiting for the store", reason=error.reason)
        self._thread.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Leave the fleet once no thread works any more."""
        self._over.set()
        self._thread.join(timeout=self.interval_s + 5)
        try:
            self._station.store.fleet.leave(self._worker.name)
        except Unavailable:
            log.warning("could not say goodbye; the fleet will notice", worker=self._worker.name)

    def _enter(self) -> None:
        self._station.store.fleet.register(self._worker, self._types)
        self._known = True

    def _beat(self) -> None:
        while not self._over.wait(self.interval_s if self._known else ENTER_S):
            if os.getppid() != self._parent:
                log.error("the process that started this worker is gone; stopping")
                os.kill(os.getpid(), signal.SIGTERM)
                self._parent = os.getppid()
            try:
                if self._known:
                    self.beat()
                else:
                    self._enter()
            except WorkerUnknown:
                self._known = False
            except Unavailable as error:
                log.warning("heartbeat failed", reason=error.reason)
            except Exception:
                log.exception("heartbeat failed in an unforeseen way")

    def beat(self) -> None:
        """Renew every lease once and obey what the store answers."""
        held, asked_s = self._station.held(), time.monotonic()
        answer = self._station.store.fleet.heartbeat(
            self._worker.name,
            held,
            lease_ms=self._station.lease_ms,
            sample=sample_node(self._directory),
            idle_ms=round((asked_s - self._station.polled_s) * 1000),
            clock_ms=int(time.time() * 1000),
            kept=self._kept(),
        )
        lost = [(job_id, int(epoch)) for job_id, epoch in answer["lost"] or ()]
        self._station.renewed(set(held).difference(lost), asked_s)
        self._renewed()
        for job_id, epoch in lost:
            self._stop(job_id, epoch, "lost")
        if answer["draining"] and not held:
            self._let_go()  # it takes no job for which anything would have to be kept
