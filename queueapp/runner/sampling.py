"""Samples what a job's process tree uses, from outside.

Used by the supervision, in the worker. Costs about 0.1 ms a sample and process.
"""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from queueapp.domain.outcome import Usage

TREE_EVERY_S = 1.0
DISK_EVERY_S = 2.0
DISK_SHARE = 0.02  # of the time may go into walking the directory


@dataclass(frozen=True)
class Totals:
    """One reading of the whole tree."""

    cpu_seconds: float
    rss_bytes: int
    io_operations: int | None


class Sampler:
    """Follows one job's process tree."""

    def __init__(self, pid: int, folders: tuple[Path, ...], *, now: float) -> None:
        self._tree = _process(pid)
        self._root = self._tree[0] if self._tree else None
        self._folders = folders
        self._tree_due = now
        self._disk_due = now
        self._began = now
        self._cpu_from = (now, 0.0)
        self.usage = Usage()

    def sample(self, now: float) -> Usage:
        """Read the tree again; what has ended meanwhile keeps its last numbers."""
        self._refresh_tree(now)
        totals = self._totals()
        if totals is None:
            return self.usage
        usage = replace(
            self.usage,
            cpu_seconds=max(totals.cpu_seconds, self.usage.cpu_seconds or 0.0),
            cpu_percent=self._cpu_percent(now, totals.cpu_seconds),
            rss_bytes=totals.rss_bytes,
            peak_rss_bytes=max(totals.rss_bytes, self.usage.peak_rss_bytes or 0),
            io_operations=totals.io_operations,
        )
        self.usage = replace(usage, written_bytes=self._written(now))
        return self.usage

    def last(self, now: float, cpu_seconds: float) -> Usage:
        """Return the last sample of a tree that is over; ``cpu_seconds`` is all that it took.

        A job that was too short for a sample of its share of the CPU gets its mean share.
        """
        if self.usage.cpu_percent is not None or now <= self._began:
            return self.usage
        return replace(self.usage, cpu_percent=_share(cpu_seconds, now - self._began))

    def kill_tree(self) -> None:
        """Kill every process seen last; for when the zygote, which would do it, is dead."""
        for process in self._tree:
            try:
                process.kill()
            except psutil.Error:
                continue

    def _refresh_tree(self, now: float) -> None:
        if now < self._tree_due or self._root is None:
            return
        self._tree_due = now + TREE_EVERY_S
        try:
            self._tree = [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return

    def _totals(self) -> Totals | None:
        readings = [one for process in self._tree if (one := _read(process)) is not None]
        if not readings:
            return None
        io = [one.io_operations for one in readings if one.io_operations is not None]
        return Totals(
            cpu_seconds=sum(one.cpu_seconds for one in readings),
            rss_bytes=sum(one.rss_bytes for one in readings),
            io_operations=sum(io) if io else None,
        )

    def _cpu_percent(self, now: float, cpu_seconds: float) -> float | None:
        since, before = self._cpu_from
        if now - since < 0.2:
            return self.usage.cpu_percent
        self._cpu_from = (now, cpu_seconds)
        return _share(cpu_seconds - before, now - since)

    def _written(self, now: float) -> int | None:
        if now < self._disk_due:
            return self.usage.written_bytes
        began = time.perf_counter()
        written = folder_bytes(self._folders)
        self._disk_due = now + max(DISK_EVERY_S, (time.perf_counter() - began) / DISK_SHARE)
        return written


def folder_bytes(folders: tuple[Path, ...]) -> int:
    """Add up the sizes of all files below some folders."""
    total = 0
    for folder in folders:
        if not folder.exists():
            continue
        for place, _, names in os.walk(folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - a hot loop
                except OSError:
                    continue  # the job removed it meanwhile
    return total


def _share(cpu_seconds: float, elapsed_s: float) -> float:
    """Return how much of the node's CPU that was, in percent."""
    share = 100 * cpu_seconds / elapsed_s / (os.cpu_count() or 1)
    return round(min(max(share, 0.0), 100.0), 1)


def _process(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []  # a job so short that it is over; the zygote's own numbers remain


def _read(process: psutil.Process) -> Totals | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            rss = process.memory_info().rss
    except psutil.Error:
        return None
    reaped = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return Totals(times.user + times.system + reaped, rss, _io_operations(process))


def _io_operations(process: psutil.Process) -> int | None:
    try:
        counters = process.io_counters()
    except (psutil.Error, AttributeError):
        return None
    return int(counters.read_count + counters.write_count)
