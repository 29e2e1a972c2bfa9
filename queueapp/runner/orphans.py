"""Ends the processes that an ended job left behind.

Each job adopts its own orphans, so whatever reaches the zygote belonged to a job that is over.
Used by the zygote only.
"""

import os
import signal
import time
from dataclasses import dataclass

PATIENCE_S = 1.0


@dataclass(frozen=True)
class LeftBehind:
    """What the processes used that were ended after their job."""

    cpu_seconds: float = 0.0
    peak_rss_bytes: int = 0


def mop_up(jobs: frozenset[int]) -> LeftBehind:
    """Kill and reap every child of this process that is not a job, until none is left.

    What cannot be killed in a second (a process inside the kernel) is met again at the next call.
    """
    cpu_seconds, peak = 0.0, 0
    deadline = time.monotonic() + PATIENCE_S
    while strangers := _children() - jobs:
        for pid in strangers:
            os.kill(pid, signal.SIGKILL)
        for pid in strangers:
            reaped = _reap(pid, deadline)
            cpu_seconds += reaped.cpu_seconds
            peak = max(peak, reaped.peak_rss_bytes)
        if time.monotonic() > deadline:
            break
    return LeftBehind(cpu_seconds, peak)


def io_operations(pid: int) -> int | None:
    """Count the read and write calls of a process and the descendants it waited for."""
    try:
        told = _read(f"/proc/{pid}/io")
    except OSError:
        return None
    counts = dict(line.split(b": ") for line in told.splitlines())
    return int(counts[b"syscr"]) + int(counts[b"syscw"])


def _children() -> set[int]:
    # Single-threaded: the process's own thread has all its children.
    pid = os.getpid()
    return {int(one) for one in _read(f"/proc/{pid}/task/{pid}/children").split()}


def _read(path: str) -> bytes:
    """Read a small file of the kernel's; read for each job, so without Python's file objects."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(fd, 65_536), b""))
    finally:
        os.close(fd)


def _reap(pid: int, deadline: float) -> LeftBehind:
    while True:
        done, _, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return LeftBehind(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
        if time.monotonic() > deadline:
            return LeftBehind()
        time.sleep(0.0005)
