"""Start the embedded server, share it between processes, and let the last user stop it.

The lock on `server.lock` is inherited by the server process: the kernel holds it exactly as long
as the server lives, so a data directory never has two servers, whoever is killed in between.
Each user holds `users.lock` in shared mode; who can take it alone on leaving is the last one.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path
from urllib.parse import quote

from . import wire
from .directory import Layout
from .errors import EmbeddedServerError
from .launch import POLL_S, STOP_DEADLINE_S, start_or_find, stop, written_by
from .locks import EXCLUSIVE, SHARED, is_locked, try_lock

DURABILITIES = ("everysec", "always")

REFUSED = (
    "The embedded server keeps its data on this machine's disk, which does not last here "
    "({reason}). Set REDIS_URL to the address of a Valkey or Redis server."
)

# Servers that we started and left to others, by their directories: a dropped Popen warns about its
# process, and one that has ended must be collected by us.
_left_running: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass
class EmbeddedServer:
    """This process's share of a running server."""

    layout: Layout
    _flags: list[str]
    _environ: Mapping[str, str]
    _users_lock: int
    _process: subprocess.Popen[bytes] | None
    _owner: int = field(default_factory=os.getpid)
    _left: bool = False
    at_exit: Finalize | None = None

    @property
    def users_lock_fd(self) -> int:
        """The open file that holds this share; a child that inherits it shares on after us."""
        return self._users_lock

    @property
    def url(self) -> str:
        """The server's address for a client."""
        return f"unix://{quote(str(self.layout.socket))}"

    @property
    def engine(self) -> str:
        """The server's engine and version."""
        return written_by(self.layout)

    def answers(self) -> bool:
        """Tell whether the server takes commands now."""
        return wire.ping(self.layout.socket) is wire.Answer.READY

    def process_id(self) -> int | None:
        """Return the server's process id, None when it does not answer."""
        return wire.process_id(self.layout.socket)

    def revive(self) -> bool:
        """Start the server again if it was killed; tell whether that was needed.

        Raises: EmbeddedServerError.
        """
        if is_locked(self.layout.server_lock):
            return False
        self._reap()
        self._process = start_or_find(self.layout, self._flags, self._environ)
        return True

    def leave(self) -> None:
        """Give up this share, and stop the server if nobody else has one.

        A forked copy of this process does nothing: the share belongs to the process that took it.
        """
        if self._left or self._owner != os.getpid():
            return
        self._left = True
        if self.at_exit is not None:
            self.at_exit.cancel()
        os.close(self._users_lock)
        _stop_if_last(self.layout)
        self._reap()

    def _reap(self) -> None:
        if self._process is not None and self._process.poll() is None:
            if is_locked(self.layout.server_lock):
                _left_running[self.layout.directory] = self._process
            else:
                self._process.wait(STOP_DEADLINE_S)

    def __enter__(self) -> "EmbeddedServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def start_server(
    data_dir: Path,
    *,
    durability: str = "everysec",
    environ: Mapping[str, str] = os.environ,
) -> EmbeddedServer:
    """Return a share of the data directory's server, started if none runs.

    The share ends with `leave()`, or by itself at the end of the process.

    Raises: EmbeddedServerError, saying what to install, set or repair.
    """
    _refuse_where_disks_are_lost(environ)
    if durability not in DURABILITIES:
        raise EmbeddedServerError(f"Durability is one of {', '.join(DURABILITIES)}.")
    flags = ["--appendonly", "yes", "--appendfsync", durability]
    flags += ["--aof-use-rdb-preamble", "no"]  # a plain file: every engine reads every other's
    return _join(Layout.of(data_dir), flags, environ)


@contextlib.contextmanager
def ephemeral_server(environ: Mapping[str, str] = os.environ) -> Iterator[EmbeddedServer]:
    """Run a server of one's own that keeps nothing, for the length of a `with`."""
    directory = Path(tempfile.mkdtemp(prefix="queueapp-"))
    try:
        with _join(Layout.of(directory), ["--appendonly", "no"], environ) as server:
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def leave_server(data_dir: Path) -> None:
    """Stop a data directory's server if nobody uses it, for one who outlived its user."""
    _stop_if_last(Layout.of(data_dir))


def _refuse_where_disks_are_lost(environ: Mapping[str, str]) -> None:
    if environ.get("DYNO"):
        raise EmbeddedServerError(REFUSED.format(reason="DYNO is set"))
    if environ.get("QUEUEAPP_ENV") == "production":
        raise EmbeddedServerError(REFUSED.format(reason="QUEUEAPP_ENV is production"))


def _join(layout: Layout, flags: list[str], environ: Mapping[str, str]) -> EmbeddedServer:
    users_lock = _lock_as_user(layout)
    try:
        process = start_or_find(layout, flags, environ)
    except BaseException:
        os.close(users_lock)
        raise
    server = EmbeddedServer(layout, flags, environ, users_lock, process)
    # Plain exit handlers do not run in multiprocessing's children, which Dramatiq's workers are.
    server.at_exit = Finalize(None, server.leave, exitpriority=0)
    return server


def _lock_as_user(layout: Layout) -> int:
    """Wait while the last user before us is stopping the server."""
    deadline = time.monotonic() + STOP_DEADLINE_S
    while (descriptor := try_lock(layout.users_lock, SHARED)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"{layout.users_lock} stays locked by another process.")
        time.sleep(POLL_S)
    return descriptor


def _stop_if_last(layout: Layout) -> None:
    alone = try_lock(layout.users_lock, EXCLUSIVE)
    if alone is None:
        return
    try:
        if is_locked(layout.server_lock):
            stop(layout)
        if not is_locked(layout.server_lock):
            _collect(layout)
    finally:
        os.close(alone)


def _collect(layout: Layout) -> None:
    """Collect the server that we started, left to others, and that has ended."""
    process = _left_running.pop(layout.directory, None)
    if process is not None:
        process.wait(STOP_DEADLINE_S)
