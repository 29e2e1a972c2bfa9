"""Bring one server process up on a data directory, or end it; sharing is the server room's.

Whoever holds `server.lock` may start; the lock passes to the process that he starts.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping

from . import wire
from .binary import ServerBinary, find_binary
from .directory import Layout
from .errors import EmbeddedServerError
from .locks import EXCLUSIVE, is_locked, try_lock

START_DEADLINE_S = 30.0
# Reading a large file back is slow but sure progress: the server answers that it is loading.
LOADING_DEADLINE_S = 600.0
STOP_DEADLINE_S = 30.0
POLL_S = 0.01


def start_or_find(
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
    before = written_by(layout)
    written = f" The data was last written by {before}." if before else ""
    return (
        f"{binary.name} ended at once on the data in {layout.directory}.{written} "
        f"Its last words: {tail} (log: {layout.log}). "
        "Use the engine that wrote the data, restore a backup, or choose another data directory."
    )


def written_by(layout: Layout) -> str:
    """Return the engine that wrote the data last, empty when nobody knows."""
    try:
        return str(json.loads(layout.state.read_text(encoding="utf-8"))["engine"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def stop(layout: Layout) -> None:
    """Let the server write everything and end."""
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
