"""Draw possible futures of a queue from what its past teaches.

model.py draws those of the present, replay.py those of past moments.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.queueing.arrivals import Arrivals
from forecasting.queueing.draws import Draws
from forecasting.queueing.durations import Durations, Groups
from forecasting.queueing.paths import Futures, Line, laid_out
from forecasting.queueing.workload import NORMAL, Ints, Workload
from forecasting.recursion import Floats

MOST_ROWS = 3000
"""Jobs of a path that are served one by one; of more, several are taken as one."""
COMMON = 0.65
"""Share of jobs that run as short or long, for what they are, as their user's others just now."""
ROOMS = 16
"""Workers that are left where several jobs, and several workers, are taken as one."""
MOODS = 509
DAY = 86400.0
USUAL_LOAD = 0.6
"""Share of the workers that is busy, where nothing is known."""


@dataclass(frozen=True)
class Imagination:
    """What futures are drawn from."""

    durations: Durations
    arrivals: Arrivals

    def futures(
        self, jobs: Workload, workers: int, paths: int, rng: np.random.Generator
    ) -> Futures:
        """Draw so many futures of the queue as it was known at jobs.now."""
        crowded = crowd(jobs, len(jobs.waiting), workers)
        drawn = self.arrivals.draw(jobs.now, self._guess(jobs, workers), paths, rng, crowded)
        bundle = 1 + (len(jobs.waiting) + len(drawn.row) // paths) // MOST_ROWS
        abreast = min(bundle, max(1, workers // ROOMS))
        mood = rng.random((paths, MOODS))
        waiting = self._waiting(jobs, bundle, bundle / abreast, mood, rng)
        coming = self._coming(jobs, drawn.every(bundle), float(bundle), bundle / abreast, rng)
        running = jobs.running
        ends = self._runs(jobs, running, mood, rng) - (jobs.now - jobs.started[running])
        return laid_out(waiting, coming, np.maximum(ends, 1.0), bundle, abreast)

    def _waiting(
        self, jobs: Workload, bundle: int, longer: float, mood: Floats, rng: np.random.Generator
    ) -> Line:
        """Return the jobs that wait, once for each path, every so many as one."""
        rows = jobs.waiting[::bundle]
        n, paths = len(rows), len(mood)
        size = np.diff(np.append(np.arange(n) * bundle, len(jobs.waiting)))
        return Line(
            path=np.repeat(np.arange(paths), n),
            tier=np.tile(jobs.tier[rows], paths),
            submitted=np.tile(jobs.submitted[rows] - jobs.now, paths),
            ready=np.tile(np.maximum(jobs.not_before[rows] - jobs.now, 0.0), paths),
            run=self._runs(jobs, rows, mood, rng).ravel() * longer,
            row=np.tile(rows, paths),
            like=np.full(n * paths, -1),
            rank=np.tile(np.arange(n), paths),
            weight=np.tile(size.astype(np.float64), paths),
        )

    def _coming(
        self,
        jobs: Workload,
        drawn: Draws,
        weight: float,
        longer: float,
        rng: np.random.Generator,
    ) -> Line:
        """Return the jobs that are drawn to come."""
        n = len(drawn.row)
        return Line(
            path=drawn.path,
            tier=_of(jobs.tier, drawn.row, NORMAL),
            submitted=drawn.at,
            ready=drawn.at,
            run=self._runs_again(jobs, drawn, rng) * longer,
            row=np.full(n, -1),
            like=_of(jobs.kind, drawn.row, -1),
            rank=np.zeros(n, np.intp),
            weight=np.full(n, weight),
        )

    def _guess(self, jobs: Workload, workers: int) -> float:
        """Return the jobs an hour that would keep the workers as busy as is usual."""
        nobody = np.array([-1])
        table = self.durations.table(
            Groups.alone(nobody, nobody, nobody), np.array([jobs.now]), np.zeros(1)
        )
        return 3600.0 * USUAL_LOAD * max(workers, 1) / float(np.exp(table).mean())

    def _runs(self, jobs: Workload, rows: Ints, mood: Floats, rng: np.random.Generator) -> Floats:
        """Draw run times of known jobs, those of one user alike. Shape: (paths, rows)."""
        own = rng.random((len(mood), len(rows)))
        alike = rng.random(own.shape) < COMMON
        level = np.where(alike, mood[:, jobs.user[rows] % MOODS], own)
        return self._looked_up(jobs, rows, np.arange(len(rows)), level)

    def _runs_again(self, jobs: Workload, coming: Draws, rng: np.random.Generator) -> Floats:
        """Return the run times that the drawn jobs had, or drawn ones where they have not ended."""
        runs = _of(jobs.finished - jobs.started, coming.row, np.nan)
        unknown = np.flatnonzero(np.isnan(runs))
        rows, which = np.unique(coming.row[unknown], return_inverse=True)
        # Of few jobs those that run are the long ones: the next ones need not be like them.
        young = jobs.now - jobs.history < DAY
        started = np.full(len(jobs.started), np.nan) if young else jobs.started
        fresh = replace(jobs, started=started)
        runs[unknown] = self._looked_up(fresh, rows, which, rng.random((1, len(unknown))))[0]
        return runs

    def _looked_up(self, jobs: Workload, rows: Ints, which: Ints, level: Floats) -> Floats:
        """Return run times of jobs rows[which] at levels. Shape: which (n,), level (paths, n)."""
        columns = (jobs.user, jobs.kind, jobs.tier, jobs.bulk)
        groups = Groups(*(_of(column, rows, -1) for column in columns))
        elapsed = np.nan_to_num(jobs.now - _of(jobs.started, rows, np.nan), nan=0.0)
        same = np.stack([*vars(groups).values(), elapsed.astype(np.intp)])
        _, first, of = np.unique(same, axis=1, return_index=True, return_inverse=True)
        table = self.durations.table(
            groups.take(first), np.full(len(first), jobs.now), elapsed[first]
        )
        return self.durations.drawn(table, of.ravel()[which], level)


def crowd(jobs: Workload, waiting: float, workers: int) -> float:
    """Return how many days so many jobs take, by the mean run time; 0 where that is unknown."""
    return float(np.nan_to_num(waiting * jobs.mean_run)) / max(workers, 1) / DAY


def _of(column: NDArray[Any], rows: Ints, unknown: float) -> NDArray[Any]:
    """Return a column's entries, for row -1 what stands for a job of which nothing is known."""
    return np.append(column, np.array(unknown, dtype=column.dtype))[rows]
