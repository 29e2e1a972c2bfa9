"""The worker's hold on its node's keeper: the process that keeps what jobs leave open.

There is one for each node and kind, for all workers of the node: whoever needs it first starts it,
and it ends when the last worker has hung up, however that came about. ``keeping`` is its own side.
"""

import fcntl
import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

import structlog

from queueapp import __version__
from queueapp.domain.job import JobSpec
from queueapp.domain.scope import encode_part
from queueapp.job_types import find_job_type
from queueapp.runner import interpreter, packets
from queueapp.runner.task import Keeping

log = structlog.get_logger()

BACKLOG = 64
SETTLED_S = 10.0  # a keeper that ends sooner is not started again for as long


class Keeper:
    """Starts or joins the keeper of a node, and knows what it holds."""

    def __init__(self, module: str, address: Path, *, capacity: int, idle_s: float) -> None:
        self._module = module
        self._address = address.absolute()
        self._settings = {"module": module, "capacity": capacity, "idle_s": idle_s}
        self._lock = Lock()
        self._line: socket.socket | None = None
        self._held: frozenset[str] | None = None
        self._joined_s = 0.0
        self._again_s = 0.0

    def address(self) -> Path | None:
        """Return where the keeper listens, starting one if need be; None when none can be had."""
        with self._lock:
            self._hear()
            if self._line is None and time.monotonic() >= self._again_s:
                try:
                    self._line = self._join()
                except (OSError, subprocess.SubprocessError) as error:
                    log.warning("no keeper of sessions", reason=str(error))
                    self._again_s = time.monotonic() + SETTLED_S
            return None if self._line is None else self._address

    def held(self) -> frozenset[str] | None:
        """Return the places of which something is kept or in use; None when nothing was told."""
        with self._lock:
            self._hear()
            told = self._held
            if self._line is None:
                # That nothing is left is news once; another worker may have a new keeper by now.
                self._held = None
            return told

    def close(self) -> None:
        """Hang up; the keeper ends with its last worker."""
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line, self._held = None, frozenset()

    def _hear(self) -> None:
        """Read what the keeper has said: it tells everything at each change."""
        while self._line is not None:
            try:
                packet = self._line.recv(packets.PACKET_MAX, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionError:
                packet = b""
            told = packets.read(packet)
            if told is not None:
                self._held = frozenset(told["held"])
                continue
            self._line.close()
            self._line, self._held = None, frozenset()
            if time.monotonic() < self._joined_s + SETTLED_S:
                self._again_s = time.monotonic() + SETTLED_S

    def _join(self) -> socket.socket:
        folder = self._address.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / f"{self._address.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                line = packets.connect(self._address)
            except (FileNotFoundError, ConnectionRefusedError):
                self._start()
                line = packets.connect(self._address)
        packets.send(line, {"line": os.getpid()})
        self._joined_s = time.monotonic()
        return line

    def _start(self) -> None:
        """Start a keeper that is nobody's child; what connects meanwhile waits for it."""
        self._address.unlink(missing_ok=True)
        home = self._address.parent
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            with packets.short(self._address) as path:
                listener.bind(path)
            self._address.chmod(0o600)
            listener.listen(BACKLOG)
            sys_path = interpreter.own_sys_path()
            settings = {**self._settings, "listener": listener.fileno()}
            subprocess.run(  # noqa: S603 - our own interpreter and arguments
                interpreter.command("queueapp.runner.keeping", settings, sys_path=sys_path),
                env=interpreter.clean_environment(dict(os.environ), home=home),
                stdin=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,
                cwd=home,
                check=True,
            )


class Keepers:
    """The keepers that a worker's jobs may need, by the module that does the keeping."""

    def __init__(
        self, modules: Iterable[str], folder: Path, *, node: str, capacity: int, idle_s: float
    ) -> None:
        self._keepers = {
            module: Keeper(module, folder / _name(node, module), capacity=capacity, idle_s=idle_s)
            for module in modules
            if idle_s > 0
        }
        self._idle_ms = round(idle_s * 1000)

    def keeping(self, job: JobSpec) -> Keeping | None:
        """Return what a job is told of its keeper; None for one that has none, or needs none."""
        declared = find_job_type(job.type)
        keeper = self._keepers.get((declared.keeper or "") if declared else "")
        address = keeper.address() if keeper and job.host else None
        return None if address is None else Keeping(str(address), place_of(job))

    def kept_ms(self, job: JobSpec) -> int | None:
        """Return for how long is kept what a job left that ended well; None if nothing is."""
        kept = job.host is not None and place_of(job) in (self.held() or ())
        return self._idle_ms if kept else None

    def held(self) -> frozenset[str] | None:
        """Return the places of which something is kept or in use; None when nothing was told."""
        told = [held for one in self._keepers.values() if (held := one.held()) is not None]
        return frozenset().union(*told) if told else None

    def close(self) -> None:
        """Hang up; what is kept ends with the last worker of the node."""
        for keeper in self._keepers.values():
            keeper.close()


def place_of(job: JobSpec) -> str:
    """Return what the host of a pinned job is called: hosts belong to a scope."""
    return f"{job.scope.key}|{encode_part(job.host or '')}"


def _name(node: str, module: str) -> str:
    digest = hashlib.sha256(f"{node}\n{module}\n{__version__}".encode()).hexdigest()
    return f"{digest[:16]}.sock"
