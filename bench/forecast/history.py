"""A whole history of a queue, past and future: what the backtest lets the model see of it.

traces.py reads one from a log of a real machine, generator.py makes one up.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
HOUR = 3600.0
WARM_HOURS = 28 * 24
"""Hours of history before the first forecast."""


@dataclass(frozen=True)
class Work:
    """Jobs in the order of submission: when they came, how long they run, what is known of them."""

    submitted: Floats
    run: Floats
    priority: Ints
    user: Ints
    kind: Ints


@dataclass(frozen=True)
class History:
    """Work as so many workers served it, hour by hour from `begin` on.

    Shape: started, finished (n,); size at the end of each hour, busy workers over it and the mean
    wait of those who came in it, NaN if nobody did: (hours,) each.
    """

    name: str
    work: Work
    workers: int
    begin: float
    started: Floats
    finished: Floats
    size: Floats
    busy: Floats
    wait: Floats

    def jobs(self, now: float) -> tuple[dict[str, NDArray[np.generic]], Ints]:
        """Return what is known at a time, as the model reads it, and which jobs these are."""
        rows = np.flatnonzero(self.work.submitted <= now)
        started, finished = self.started[rows], self.finished[rows]
        columns: dict[str, NDArray[np.generic]] = {
            "submitted": self.work.submitted[rows],
            "started": np.where(started <= now, started, np.nan),
            "finished": np.where(finished <= now, finished, np.nan),
            "priority": self.work.priority[rows],
            "user": self.work.user[rows],
            "kind": self.work.kind[rows],
        }
        return columns, rows

    def wait_known(self, origin: int) -> Floats:
        """Return the hourly waits as known at hour `origin`: going on ones as far as they went."""
        now = self.begin + origin * HOUR
        rows = np.flatnonzero(self.work.submitted <= now)
        waits = np.minimum(self.started[rows], now) - self.work.submitted[rows]
        hourly = _hourly_mean(self.work.submitted[rows] - self.begin, waits, origin)
        known = np.flatnonzero(np.isfinite(hourly))
        if not known.size:
            return np.zeros(origin)
        last = np.maximum(np.searchsorted(known, np.arange(origin), side="right") - 1, 0)
        filled: Floats = hourly[known[last]]
        return filled


def history(name: str, work: Work, workers: int, begin: float, hours: int) -> History:
    """Serve the work: better priorities first, first come first served among equals."""
    started = _started(work, workers)
    finished = started + work.run
    marks = begin + HOUR * np.arange(hours + 1)
    size = _count(work.submitted, marks) - _count(started, marks)
    busy = np.diff(_spent(started, marks) - _spent(finished, marks)) / HOUR
    wait = _hourly_mean(work.submitted - begin, started - work.submitted, hours)
    return History(name, work, workers, begin, started, finished, size[1:], busy, wait)


def _started(work: Work, workers: int) -> Floats:
    free, queue, starts = [-np.inf] * workers, [], np.empty(len(work.run))
    keys = list(zip(work.priority.tolist(), range(len(work.run)), strict=True))
    came, i = work.submitted.tolist(), 0
    while i < len(came) or queue:
        now = free[0]
        if not queue and came[i] > now:
            now = came[i]
        while i < len(came) and came[i] <= now:
            heapq.heappush(queue, keys[i])
            i += 1
        _, job = heapq.heappop(queue)
        starts[job] = max(now, came[job])
        heapq.heapreplace(free, starts[job] + work.run[job])
    return starts


def _count(times: Floats, marks: Floats) -> Floats:
    return np.searchsorted(np.sort(times), marks, side="right").astype(np.float64)


def _spent(times: Floats, marks: Floats) -> Floats:
    """Return the time gone by since each of the times, in sum, at each mark."""
    ordered = np.sort(times)
    total = np.append(0.0, np.cumsum(ordered))
    n = np.searchsorted(ordered, marks, side="right")
    spent: Floats = n * marks - total[n]
    return spent


def _hourly_mean(came: Floats, values: Floats, hours: int) -> Floats:
    within = (came >= 0) & (came < hours * HOUR)
    hour = (came[within] // HOUR).astype(np.intp)
    n = np.bincount(hour, minlength=hours)
    total = np.bincount(hour, values[within], hours)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
