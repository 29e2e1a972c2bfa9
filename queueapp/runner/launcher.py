"""The worker's hold on its zygote: start it, hand it runs, start another when it died.

Used by Runner. One launcher serves all threads of a worker.
"""

import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from queueapp.runner import interpreter
from queueapp.runner.confine import Limits
from queueapp.runner.task import RunnerLost, RunnerUnusable

READY_S = 120.0
PATIENCE_S = 30.0
MESSAGE_MAX = 65_536


@dataclass(frozen=True)
class Started:
    """A job's process that runs: where to watch it, how to signal it."""

    pid: int
    pidfd: int
    control: socket.socket
    events_fd: int
    log_fd: int
    zygote: "subprocess.Popen[bytes]"

    def ask_to_stop(self) -> None:
        """Send the terminate signal to the job's session."""
        try:
            self.control.send(json.dumps({"signal": int(signal.SIGTERM)}).encode())
        except OSError:
            return  # the zygote is gone, and the job with it

    def kill(self) -> None:
        """Kill the job's process; the zygote ends what it leaves behind."""
        try:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return

    def may_run_until(self, until_s: float) -> None:
        """Tell the zygote when to kill the job unless it hears more, in monotonic seconds."""
        try:
            self.control.send(json.dumps({"until_s": until_s}).encode())
        except OSError:
            return  # the zygote is gone, and the job with it

    def close(self) -> None:
        """Release every descriptor; a job that still runs is killed by the zygote."""
        self.control.close()
        for fd in (self.pidfd, self.events_fd, self.log_fd):
            os.close(fd)


class Launcher:
    """Starts zygotes and jobs."""

    def __init__(
        self,
        modules: Sequence[str],
        home: Path,
        *,
        isolation: str = "fork",
        passed_environment: Sequence[str] = (),
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._modules = [*modules]
        self._home = home
        self._isolation = isolation
        self._passed = passed_environment
        self._patience_s = patience_s
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self.mode: str | None = None

    @property
    def pid(self) -> int | None:
        """The zygote's process id, if there is one."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Have a live zygote, starting one if need be.

        Raises: RunnerUnusable with the reason when it cannot start.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._drop()
            self._spawn()

    def close(self) -> None:
        """End the zygote and every job that it runs."""
        with self._lock:
            self._drop()

    def launch(
        self,
        assignment: bytes,
        work: Path,
        limits: Limits,
        *,
        until_s: float | None = None,
        imports: Sequence[str] = (),
    ) -> Started:
        """Start a job's process, which may run until ``until_s`` (monotonic) or for ever.

        ``imports`` are modules that it finds imported.

        Raises: RunnerLost when the zygote dies before it has, or cannot be had.
        """
        zygote = self._live_zygote()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        events_read, events_write = os.pipe()
        log_read, log_write = os.pipe()
        task = _memory_file(assignment)
        request = {
            "work": str(work),
            "limits": asdict(limits),
            "until_s": until_s,
            "imports": [*imports],
        }
        try:
            self._send(request, [theirs.fileno(), task, events_write, log_write])
            theirs.close()
            pid, pidfd = self._await_start(zygote, ours)
        except BaseException:
            ours.close()
            os.close(events_read)
            os.close(log_read)
            raise
        finally:
            theirs.close()
            for fd in (task, events_write, log_write):
                os.close(fd)
        for fd in (events_read, log_read):
            os.set_blocking(fd, False)
        return Started(pid, pidfd, ours, events_read, log_read, zygote)

    def give_up(self, zygote: "subprocess.Popen[bytes]") -> None:
        """Kill a zygote that does not answer; the next run starts another."""
        with self._lock:
            if zygote is self._process:
                zygote.kill()
                zygote.wait()

    def _live_zygote(self) -> "subprocess.Popen[bytes]":
        try:
            self.start()
        except RunnerUnusable as error:
            raise RunnerLost(error.message) from error
        if self._process is None:
            raise RunnerLost("The runner is closed")
        return self._process

    def _send(self, request: dict[str, Any], fds: list[int]) -> None:
        channel = self._channel
        try:
            if channel is None:
                raise BrokenPipeError
            socket.send_fds(channel, [json.dumps(request).encode()], fds)
        except OSError as error:
            raise RunnerLost(f"The process that starts jobs is gone: {error}") from error

    def _await_start(
        self, zygote: "subprocess.Popen[bytes]", control: socket.socket
    ) -> tuple[int, int]:
        if not select.select([control], [], [], self._patience_s)[0]:
            self.give_up(zygote)
            raise RunnerLost("The process that starts jobs did not answer")
        try:
            raw, fds, _, _ = socket.recv_fds(control, MESSAGE_MAX, 1)
        except ConnectionError:
            raw, fds = b"", []
        told = json.loads(raw) if raw else {"failed": "it died"}
        if not fds:
            raise RunnerLost(f"The process that starts jobs could not start one: {told['failed']}")
        return int(told["started"]), fds[0]

    def _spawn(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {
            "channel": theirs.fileno(),
            "modules": self._modules,
            "isolation": self._isolation,
            "sys_path": interpreter.own_sys_path(),
        }
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            interpreter.command(
                "queueapp.runner.zygote", settings, sys_path=interpreter.own_sys_path()
            ),
            env=interpreter.clean_environment(
                dict(os.environ), home=self._home, passed=self._passed
            ),
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            cwd=self._home,
        )
        theirs.close()
        self._channel = ours
        self.mode = self._await_ready(ours)

    def _await_ready(self, channel: socket.socket) -> str:
        told = _receive(channel, READY_S)
        if told is None or "ready" not in told:
            self._drop()
            reason = "it ended or did not answer" if told is None else told["error"]
            raise RunnerUnusable(f"The process that starts jobs cannot start: {reason}")
        return str(told["ready"])

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def _memory_file(content: bytes) -> int:
    fd = os.memfd_create("task")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    return fd


def _receive(channel: socket.socket, timeout_s: float) -> dict[str, Any] | None:
    if not select.select([channel], [], [], timeout_s)[0]:
        return None
    try:
        raw = channel.recv(MESSAGE_MAX)
    except ConnectionError:
        return None
    told: dict[str, Any] | None = json.loads(raw) if raw else None
    return told
