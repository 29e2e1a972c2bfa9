"""Ends the processes that an ended job left behind.

Each job adopts its own orphans, so whatever reaches the zygote belonged to a job that is over.
Used by the zygote only.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

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
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:
        return None
    counts = dict(line.split(": ") for line in lines)
    return int(counts["syscr"]) + int(counts["syscw"])


def _children() -> set[int]:
    # Single-threaded: the process's own thread has all its children.
    pid = os.getpid()
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(one) for one in listed}


def _reap(pid: int, deadline: float) -> LeftBehind:
    while True:
        done, _, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return LeftBehind(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
        if time.monotonic() > deadline:
            return LeftBehind()
        time.sleep(0.0005)
