"""Takes over from workers that died on this machine, without waiting for their leases to end.

Each worker holds a lock on a file for as long as it lives; the kernel lets go of it at its death,
however that comes. A free lock is therefore proof, which silence is not.
"""

import fcntl
import os
from pathlib import Path
from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware

from queueapp.consumer import Station
from queueapp.domain.errors import Unavailable

log = structlog.get_logger()


class SuccessionMiddleware(Middleware):
    """Holds this worker's lock, and takes back the jobs of dead ones when it boots."""

    def __init__(self, station: Station, folder: Path, *, max_lost: int, keep_ms: int) -> None:
        self._station = station
        self._folder = folder
        self._max_lost = max_lost
        self._keep_ms = keep_ms
        self._path = folder / station.worker
        self._lock: int | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Take this worker's lock, then look for locks that nobody holds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked_file()
        others = [path for path in sorted(self._folder.iterdir()) if path != self._path]
        try:
            for path in others:
                if not path.name.startswith("."):
                    self._succeed(path)
        except Unavailable as error:
            # Their leases end by themselves; the next worker forgets them.
            log.warning("dead workers were not taken over from", reason=error.reason)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Leave nothing to be taken over."""
        self._path.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _locked_file(self) -> int:
        """Return the lock's open file; it gets its name only once it is locked."""
        draft = self._path.with_name(f".{self._path.name}")
        lock = os.open(draft, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.rename(self._path)
        return lock

    def _succeed(self, path: Path) -> None:
        try:
            found = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            taken = self._station.store.fleet.disown(
                path.name, max_lost=self._max_lost, keep_ms=self._keep_ms
            )
            log.warning("took over from a dead worker", worker=path.name, jobs=taken)
            path.unlink(missing_ok=True)
        finally:
            os.close(found)
