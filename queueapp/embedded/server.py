"""Start the embedded server, share it between processes, and let the last user stop it.

The lock on `server.lock` is inherited by the server process: the kernel holds it exactly as long
as the server lives, so a data directory never has two servers, whoever is killed in between.
Each user holds `users.lock` in shared mode; who can take it alone on leaving is the last one.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from . import wire
from .binary import ServerBinary, find_binary
from .directory import Layout
from .errors import EmbeddedServerError
from .locks import EXCLUSIVE, SHARED, is_locked, try_lock

DURABILITIES = ("everysec", "always")
START_DEADLINE_S = 30.0
# Reading a large file back is slow but sure progress: the server answers that it is loading.
LOADING_DEADLINE_S = 600.0
STOP_DEADLINE_S = 30.0
POLL_S = 0.01

REFUSED = (
    "The embedded server keeps its data on this machine's disk, which does not last here "
    "({reason}). Set REDIS_URL to the address of a Valkey or Redis server."
)

# Servers that we started and that outlive us: kept, since a dropped Popen warns about its process.
_left_running: list[subprocess.Popen[bytes]] = []


@dataclass
class EmbeddedServer:
    """This process's share of a running server."""

    layout: Layout
    url: str
    engine: str
    _users_lock: int
    _process: subprocess.Popen[bytes] | None = None
    _owner: int = field(default_factory=os.getpid)
    _left: bool = False

    @property
    def users_lock_fd(self) -> int:
        """The open file that holds this share; a child that inherits it shares on after us."""
        return self._users_lock

    def answers(self) -> bool:
        """Tell whether the server takes commands now."""
        return wire.ping(self.layout.socket) is wire.Answer.READY

    def process_id(self) -> int | None:
        """Return the server's process id, None when it does not answer."""
        return wire.process_id(self.layout.socket)

    def leave(self) -> None:
        """Give up this share, and stop the server if nobody else has one.

        A forked copy of this process does nothing: the share belongs to the process that took it.
        """
        if self._left or self._owner != os.getpid():
            return
        self._left = True
        atexit.unregister(self.leave)
        os.close(self._users_lock)
        _stop_if_last(self.layout)
        self._reap()

    def _reap(self) -> None:
        if self._process is not None and self._process.poll() is None:
            if is_locked(self.layout.server_lock):
                _left_running.append(self._process)
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
        process = _start_or_find(layout, flags, environ)
    except BaseException:
        os.close(users_lock)
        raise
    url = f"unix://{quote(str(layout.socket))}"
    server = EmbeddedServer(layout, url, _read_state(layout), users_lock, process)
    atexit.register(server.leave)
    return server


def _lock_as_user(layout: Layout) -> int:
    """Wait while the last user before us is stopping the server."""
    deadline = time.monotonic() + STOP_DEADLINE_S
    while (descriptor := try_lock(layout.users_lock, SHARED)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"{layout.users_lock} stays locked by another process.")
        time.sleep(POLL_S)
    return descriptor


def _start_or_find(
    layout: Layout, flags: list[str], environ: Mapping[str, str]
) -> subprocess.Popen[bytes] | None:
    """Start the server, or wait for the one that another process starts or has started."""
    started = time.monotonic()
    while True:
        answer = wire.ping(layout.socket)
        if answer is wire.Answer.READY and is_locked(layout.server_lock):
            return None
        server_lock = try_lock(layout.server_lock, EXCLUSIVE)
        if server_lock is not None:
            return _start(layout, flags, environ, server_lock)
        _check_patience(layout, answer, time.monotonic() - started)
        time.sleep(POLL_S)


def _check_patience(layout: Layout, answer: wire.Answer, waited_s: float) -> None:
    limit_s = LOADING_DEADLINE_S if answer is wire.Answer.LOADING else START_DEADLINE_S
    if waited_s > limit_s:
        raise EmbeddedServerError(
            f"The server of {layout.directory} did not answer within {limit_s:.0f} seconds; "
            f"its log is {layout.log}."
        )


def _start(
    layout: Layout, flags: list[str], environ: Mapping[str, str], server_lock: int
) -> subprocess.Popen[bytes]:
    try:
        binary = find_binary(environ)
        layout.socket.unlink(missing_ok=True)  # left by a killed server: we hold the lock
        process = _spawn(layout, binary, flags, server_lock)
    finally:
        os.close(server_lock)
    _wait_until_ready(layout, binary, process)
    layout.state.write_text(json.dumps({"engine": binary.name}) + "\n", encoding="utf-8")
    return process


def _spawn(
    layout: Layout, binary: ServerBinary, flags: list[str], server_lock: int
) -> subprocess.Popen[bytes]:
    """Run the server in a session of its own: a Ctrl-C must not reach it before its users."""
    command = [str(binary.path), *_settings(layout), *flags]
    with layout.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 -- a program that we looked up
            command,
            cwd=layout.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(server_lock,),
        )


def _settings(layout: Layout) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(layout.socket),
        "unixsocketperm": "700",
        "dir": str(layout.directory),
        "logfile": str(layout.log),
        "daemonize": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "hash-max-listpack-value": "1024",  # job records stay in their compact form
    }
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


def _wait_until_ready(
    layout: Layout, binary: ServerBinary, process: subprocess.Popen[bytes]
) -> None:
    started = time.monotonic()
    while (answer := wire.ping(layout.socket)) is not wire.Answer.READY:
        if process.poll() is not None:
            raise EmbeddedServerError(_why_it_ended(layout, binary))
        try:
            _check_patience(layout, answer, time.monotonic() - started)
        except EmbeddedServerError:
            process.kill()
            process.wait()
            raise
        time.sleep(POLL_S)


def _why_it_ended(layout: Layout, binary: ServerBinary) -> str:
    lines = layout.log.read_text(encoding="utf-8", errors="replace").splitlines()
    tail = " / ".join(line.strip() for line in lines[-3:])
    before = _read_state(layout)
    written = f" The data was last written by {before}." if before else ""
    return (
        f"{binary.name} ended at once on the data in {layout.directory}.{written} "
        f"Its last words: {tail} (log: {layout.log}). "
        "Use the engine that wrote the data, restore a backup, or choose another data directory."
    )


def _read_state(layout: Layout) -> str:
    try:
        return str(json.loads(layout.state.read_text(encoding="utf-8"))["engine"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _stop_if_last(layout: Layout) -> None:
    alone = try_lock(layout.users_lock, EXCLUSIVE)
    if alone is None:
        return
    try:
        if is_locked(layout.server_lock):
            _stop(layout)
    finally:
        os.close(alone)


def _stop(layout: Layout) -> None:
    server = wire.process_id(layout.socket)
    wire.shut_down(layout.socket)
    deadline = time.monotonic() + STOP_DEADLINE_S
    while is_locked(layout.server_lock):
        if time.monotonic() > deadline:
            if server is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server, signal.SIGTERM)
            return
        time.sleep(POLL_S)
