"""One worker at a time does the chores: a lease in the store says which."""

import threading
import time
from collections.abc import Sequence

import structlog

from queueapp.domain.errors import Unavailable
from queueapp.store import Store
from queueapp.store.connect import store_errors
from queueapp.upkeep.chores import Chore

log = structlog.get_logger()

LEASE_MS = 5_000
TICK_S = 0.25


class Upkeep:
    """A thread that competes for the lease and, holding it, does what is due."""

    def __init__(self, store: Store, chores: Sequence[Chore], *, worker: str) -> None:
        self._store = store
        self._chores = chores
        self._worker = worker
        self._due = dict.fromkeys((chore.name for chore in chores), 0.0)
        self._lease_checked = 0.0
        self._leading = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin to compete for the lease."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and let go of the lease so that the next worker need not wait."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=LEASE_MS / 1000)
        try:
            self._let_go()
        except Unavailable as error:
            log.warning("could not let go of the upkeep lease", reason=error.reason)

    def _run(self) -> None:
        while not self._over.wait(TICK_S):
            try:
                if self.leads():
                    self.do_due()
            except Unavailable as error:
                self._leading = False
                log.warning("upkeep waits for the store", reason=error.reason)
            except Exception:
                log.exception("a chore failed in an unforeseen way")

    def leads(self) -> bool:
        """Tell whether this worker holds the lease; take or renew it once a second."""
        now = time.monotonic()
        if now - self._lease_checked < 1.0:
            return self._leading
        self._lease_checked = now
        key = self._store.keys("upkeep")
        with store_errors():
            taken = self._store.client.set(key, self._worker, nx=True, px=LEASE_MS)
            self._leading = bool(taken) or self._store.client.get(key) == self._worker
            if self._leading and not taken:
                self._store.client.pexpire(key, LEASE_MS)
        return self._leading

    def do_due(self) -> None:
        """Do every chore whose time has come."""
        for chore in self._chores:
            now = time.monotonic()
            if now >= self._due[chore.name] and not self._over.is_set():
                self._due[chore.name] = now + chore.every_s
                chore.run()

    def _let_go(self) -> None:
        key = self._store.keys("upkeep")
        with store_errors():
            if self._leading and self._store.client.get(key) == self._worker:
                self._store.client.delete(key)
        self._leading = False
