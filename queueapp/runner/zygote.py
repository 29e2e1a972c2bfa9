"""The process that forks jobs: started clean, job modules loaded, one thread, no computing.

One per worker process. It is driven over a socket: each request carries a control socket of its
own, on which the run's start and end are told and signals are asked for. It dies with its worker
and takes every job with it. It decides nothing: limits and reasons are the worker's business, but
for one: a worker that is frozen cannot end its jobs, so each runs only as long as it was told.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from typing import Any, NoReturn

from queueapp.runner import interpreter, orphans
from queueapp.runner.confine import Limits, become_subreaper, confine

REQUEST_MAX = 65_536
SELF_CHECK_S = 20.0
TURN_S = 5.0


@dataclass(frozen=True)
class Child:
    """A running job as the zygote sees it."""

    pid: int
    pidfd: int
    control: socket.socket


class Zygote:
    """Forks on request, reaps, and tells each run its end."""

    def __init__(self, channel: socket.socket, *, fork: bool, settings: dict[str, Any]) -> None:
        self._channel = channel
        self._fork_runs = fork
        self._settings = settings
        self._children: dict[int, Child] = {}
        self._ends_s: dict[int, float] = {}  # when a child's right to run ends, monotonic
        self._overdue: set[int] = set()
        self._imported: set[str] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ, self._accept)

    def serve(self) -> NoReturn:
        """Answer requests until the worker is gone."""
        while True:
            for key, _ in self._selector.select(timeout=self._patience_s()):
                key.data()
            self._end_overdue()
            orphans.mop_up(self._pids())

    def _patience_s(self) -> float:
        return max(0.0, min([TURN_S, *(end - time.monotonic() for end in self._ends_s.values())]))

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for pid in [pid for pid, end in self._ends_s.items() if end <= now]:
            del self._ends_s[pid]
            self._overdue.add(pid)
            signal.pidfd_send_signal(self._children[pid].pidfd, signal.SIGKILL)

    def _accept(self) -> None:
        raw, fds, _, _ = socket.recv_fds(self._channel, REQUEST_MAX, 4)
        if not raw:
            self._die()
        control = socket.socket(fileno=fds[0])
        try:
            request = json.loads(raw)
            pid = self._fork(request, (fds[1], fds[2], fds[3]))
            self._adopt(pid, control, request["until_s"])
        except OSError as error:
            control.send(json.dumps({"failed": str(error)}).encode())
            control.close()
        finally:
            for fd in fds[1:]:
                os.close(fd)

    def _import(self, names: list[str]) -> None:
        """Import once what jobs of a type need, so that each of their forks finds it there."""
        for name in names:
            if self._fork_runs and name not in self._imported:
                self._imported.add(name)
                # What cannot be imported is the job's to tell: it tries again.
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
                gc.freeze()

    def _fork(self, request: dict[str, Any], fds: tuple[int, int, int]) -> int:
        self._import(request["imports"])
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_job(request, fds, parent=parent, settings=self._exec_settings())
        return pid

    def _exec_settings(self) -> dict[str, Any] | None:
        return None if self._fork_runs else self._settings

    def _adopt(self, pid: int, control: socket.socket, until_s: float | None) -> None:
        child = Child(pid, os.pidfd_open(pid), control)
        self._children[pid] = child
        if until_s is not None:
            self._ends_s[pid] = until_s
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._reap(child))
        self._selector.register(control, selectors.EVENT_READ, lambda: self._obey(child))
        socket.send_fds(control, [json.dumps({"started": pid}).encode()], [child.pidfd])

    def _obey(self, child: Child) -> None:
        if child.pid not in self._children:
            return
        try:
            raw = child.control.recv(REQUEST_MAX)
        except ConnectionError:
            raw = b""
        if raw:
            asked = json.loads(raw)
            if "signal" in asked:
                _signal_group(child.pid, asked["signal"])
            elif child.pid not in self._overdue:
                self._ends_s[child.pid] = asked["until_s"]
            return
        self._selector.unregister(child.control)
        signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)  # nobody waits for it any more

    def _reap(self, child: Child) -> None:
        io_operations = orphans.io_operations(child.pid)  # readable until it is reaped
        _, status, usage = os.wait4(child.pid, 0)
        del self._children[child.pid]
        self._ends_s.pop(child.pid, None)
        left_behind = orphans.mop_up(self._pids())
        told = {
            "exited": status,
            "cpu_seconds": usage.ru_utime + usage.ru_stime + left_behind.cpu_seconds,
            "peak_rss_bytes": max(usage.ru_maxrss * 1024, left_behind.peak_rss_bytes),
            "io_operations": io_operations,
            "overdue": child.pid in self._overdue,
        }
        self._overdue.discard(child.pid)
        self._forget(child)
        with contextlib.suppress(OSError):  # the run may have been given up
            child.control.send(json.dumps(told).encode())
        child.control.close()

    def _forget(self, child: Child) -> None:
        self._selector.unregister(child.pidfd)
        os.close(child.pidfd)
        if child.control in self._selector.get_map():
            self._selector.unregister(child.control)

    def _pids(self) -> frozenset[int]:
        return frozenset(self._children)

    def _die(self) -> NoReturn:
        for child in self._children.values():
            signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
        orphans.mop_up(frozenset())
        os._exit(0)


def _signal_group(pid: int, number: int) -> None:
    """Signal a job's session; it is unreaped, so its number cannot belong to anybody else."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)  # it has not come as far as its own session


def _become_job(
    request: dict[str, Any],
    fds: tuple[int, int, int],
    *,
    parent: int,
    settings: dict[str, Any] | None,
) -> NoReturn:
    """Turn a fresh fork into the job; never return to the zygote's loop."""
    status = 70
    try:
        limits = Limits(**request["limits"])
        confine(parent=parent, work=request["work"], limits=limits, fds=fds)
        if settings is not None:
            interpreter.become("queueapp.runner.child", settings)
        gc.enable()
        from queueapp.runner import child

        status = child.main()
    except BaseException:  # noqa: BLE001 - a fork must never return to the zygote's loop
        traceback.print_exc()
    finally:
        os._exit(status)


def main(settings: dict[str, Any]) -> NoReturn:
    """Load the job modules, report readiness, serve."""
    channel = socket.socket(fileno=settings["channel"])
    try:
        become_subreaper()
        # Kept pending rather than ignored, so that a fork can be asked to stop from its start on.
        # Nothing else stays blocked, whatever the worker had blocked while it started.
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGTERM})
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        fork = settings["isolation"] != "exec" and _preload_and_check(settings["modules"])
    except BaseException:  # noqa: BLE001 - told to the worker, which cannot see it otherwise
        channel.send(json.dumps({"error": traceback.format_exc()[-8000:]}).encode())
        os._exit(1)
    gc.collect()
    gc.freeze()
    gc.disable()
    channel.send(json.dumps({"ready": "fork" if fork else "exec"}).encode())
    Zygote(channel, fork=fork, settings=settings).serve()


def _preload_and_check(modules: list[str]) -> bool:
    """Load what jobs need, then see whether a fork can still work."""
    from queueapp.job_types import load_modules
    from queueapp.runner import child as _child  # noqa: F401 - loaded once, for all forks

    load_modules(modules)
    # A library's idle threads make Python 3.12 warn at each fork; the check below is the judge.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*multi-threaded.*")
    return _fork_works()


def _fork_works() -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            _use_libraries()
        except BaseException:  # noqa: BLE001 - a fork must never return
            os._exit(1)
        os._exit(0)
    return _ends_well(pid)


def _use_libraries() -> None:
    """Make the libraries that keep threads do a little work."""
    polars = sys.modules.get("polars")
    if polars is not None:
        polars.DataFrame({"a": [1, 2, 1]}).group_by("a").len().sort("a")
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.ones((64, 64)) @ numpy.ones((64, 64))


def _ends_well(pid: int) -> bool:
    deadline = time.monotonic() + SELF_CHECK_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False
