"""Read off what is forecast: jobs waiting, workers busy and waits, hour by hour of each path.

model.py reads futures with it, replay.py what truly happened.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from forecasting.queueing.workload import Ints
from forecasting.recursion import Floats

HOUR = 3600.0
NEIGHBOURS = 2
"""Hours before and after one that tell of its waits as it does itself."""


@dataclass(frozen=True)
class Outcomes:
    """Jobs waiting at the end of each hour, mean busy workers, mean wait of those who came in it.

    Shape: (paths, hours) each; `wait` is NaN where nobody came. Units: jobs, workers, seconds.
    """

    size: Floats
    busy: Floats
    wait: Floats

    def with_waits_evened(self) -> "Outcomes":
        """Return the same with waits also where nobody came, each hour's like its neighbours'.

        The waits of an hour come in order then: a path is a rank, no longer one future.
        """
        return Outcomes(self.size, self.busy, evened(filled(self.wait)))


def filled(waits: Floats) -> Floats:
    """Fill each row's unknown waits with the last known one, or else with the usual one.

    Shape: (rows, hours), NaN where unknown; returns the same without NaN.
    """
    known = np.isfinite(waits)
    hours = np.arange(waits.shape[1])
    last = np.maximum.accumulate(np.where(known, hours, 0), axis=1)
    result = np.take_along_axis(waits, last, axis=1)
    seen = result[np.isfinite(result)]
    usual = float(np.median(seen)) if seen.size else 0.0
    return np.where(np.isnan(result), usual, result)


def evened(waits: Floats) -> Floats:
    """Average each quantile of an hour with those of the hours about it.

    Shape: (paths, hours) without NaN; returns the same, each hour's in order.
    """
    ends = ((0, 0), (NEIGHBOURS, NEIGHBOURS))
    ordered = np.pad(np.sort(waits, axis=0), ends, mode="edge")
    means: Floats = sliding_window_view(ordered, 2 * NEIGHBOURS + 1, axis=1).mean(axis=2)
    return means


@dataclass(frozen=True)
class Served:
    """Jobs with their starts. Times in seconds after the origin.

    Shape: path, submitted, start, run (n,); weight (n,), how many jobs each stands for, on
    `abreast` workers at once; ends (paths, running) of others that run.
    """

    path: Ints
    submitted: Floats
    start: Floats
    run: Floats
    weight: Floats
    ends: Floats
    abreast: int = 1

    def outcomes(self, hours: int) -> Outcomes:
        """Count the jobs of each path, hour by hour."""
        clock = _Clock(len(self.ends), hours)
        came = clock.count(self.path, self.submitted, self.weight)
        went = clock.count(self.path, self.start, self.weight)
        return Outcomes(np.cumsum(came - went, axis=1), self._busy(clock), self._wait(clock))

    def _busy(self, clock: "_Clock") -> Floats:
        """Return the mean number of busy workers: what began to run less what has ended."""
        paths, running = self.ends.shape
        runner = np.repeat(np.arange(paths), running)
        abreast = np.full(len(self.run), float(self.abreast))
        begun = clock.spent(self.path, self.start, abreast)
        ended = clock.spent(self.path, self.start + self.run, abreast)
        ended = ended + clock.spent(runner, self.ends.ravel(), np.ones(runner.size))
        busy: Floats = running + np.diff(begun - ended, axis=1, prepend=0.0) / HOUR
        return busy

    def _wait(self, clock: "_Clock") -> Floats:
        new = np.flatnonzero(self.submitted > 0)
        path, came, weight = self.path[new], self.submitted[new], self.weight[new]
        n = clock.count(path, came, weight)
        total = clock.count(path, came, weight * (self.start[new] - came))
        return np.where(n > 0, total / np.where(n > 0, n, 1.0), np.nan)


@dataclass(frozen=True)
class _Clock:
    paths: int
    hours: int

    def count(self, path: Ints, times: Floats, weight: Floats) -> Floats:
        """Add up the weights by path and hour; what was before the first hour counts in it."""
        within = times <= HOUR * self.hours
        hour = np.maximum(np.ceil(times[within] / HOUR).astype(np.intp) - 1, 0)
        cell = path[within] * self.hours + hour
        total = np.bincount(cell, weight[within], self.paths * self.hours).astype(np.float64)
        return total.reshape(self.paths, self.hours)

    def spent(self, path: Ints, times: Floats, weight: Floats) -> Floats:
        """Return the time gone by since each of the times, in sum, at the end of each hour."""
        n = np.cumsum(self.count(path, times, weight), axis=1)
        total = np.cumsum(self.count(path, times, weight * np.maximum(times, 0.0)), axis=1)
        spent: Floats = HOUR * np.arange(1, self.hours + 1) * n - total
        return spent
