"""The fitted model of a queue: what it will be like, and what it would be like with other workers.

fit.py makes it. Every answer is read off the same simulated paths, so answers agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from forecasting.queueing.durations import Durations, Groups
from forecasting.queueing.habit import Habit
from forecasting.queueing.learnt import Learnt
from forecasting.queueing.outcomes import HOUR, Outcomes
from forecasting.queueing.paths import Futures, served_together
from forecasting.queueing.rule import Rule, expected_starts, share_beside
from forecasting.queueing.starts import STARTS
from forecasting.queueing.workload import Ints, Workload
from forecasting.recursion import Floats

SHOWN = (0.1, 0.5, 0.9)
Three = tuple[float, float, float]


@dataclass(frozen=True)
class QueueModel:
    """A queue's possible futures, and how far to trust what is read off them.

    `closed_for` is how many seconds nothing starts; `habit` is that of the workers of `before`,
    where these are others.
    """

    known: Workload
    durations: Durations
    futures: Futures
    learnt: Learnt
    habit: Habit | None
    workers: int
    closed_for: float
    before: "QueueModel | None" = None

    def forecast(self, hours: int, levels: ArrayLike) -> dict[str, Floats]:
        """Return quantiles of jobs waiting, busy workers and waits, hour by hour.

        Shape: levels (k,) in (0, 1); returns (hours, k) for each of queue_size (at the end of the
        hour), busy_workers (mean over it) and wait_seconds (mean of the jobs submitted in it).
        """
        what = self.outcomes(hours).with_waits_evened()
        return {
            "queue_size": self.read("size", what.size, levels),
            "busy_workers": self.read("busy", what.busy, levels),
            "wait_seconds": self.read("wait", what.wait, levels),
        }

    def duration(self, *, user: int, kind: int, priority: int) -> Three:
        """Return the run time, in seconds, of such a job: its 10, 50 and 90 % quantiles."""
        groups = Groups.alone(np.array([user]), np.array([kind]), np.array([priority]))
        low, middle, high = self.durations.quantiles(groups, self.known.now, np.array(SHOWN))[0]
        return float(low), float(middle), float(high)

    def start_delay(self, row: int) -> Three:
        """Return when the waiting job jobs[row] starts, in seconds from now, likewise.

        Raises: KeyError for a job that does not wait.
        """
        place = np.array([self._places[row]])
        starts = self.futures.starts_waiting(self.starts, place)
        not_before = self.known.not_before[self.known.waiting[place]]
        return self._read_starts(starts, place, not_before)

    def with_workers(self, workers: int) -> "QueueModel":
        """Return the same futures, job by job, with other workers.

        What waits are usual changes as the simulated ones do.
        """
        habit = self.habit if workers > 0 else None
        return replace(self, workers=max(0, workers), habit=habit, before=self.before or self)

    @cached_property
    def usual(self) -> Habit | None:
        """What waits are usual with as many workers as there are here."""
        if self.habit is None or self.before is None:
            return self.habit
        return self.habit.times((1.0 + self.mean_wait()) / (1.0 + self.before.mean_wait()))

    def mean_wait(self) -> float:
        """Return how many seconds the jobs of the next day wait on average, by simulation."""
        coming = self.futures.coming(24 * HOUR)
        waits = (self.starts - self.futures.submitted)[coming]
        return float(np.average(waits, weights=self.futures.weight[coming])) if waits.size else 0.0

    def arrivals_per_hour(self, hours: int, late: float = 0.0) -> Floats:
        """Return how many jobs are expected to come in each hour. Shape: (hours,).

        The first one began `late` seconds ago.
        """
        coming = self.futures.coming(hours * HOUR - late)
        hour = np.ceil((self.futures.submitted[coming] + late) / HOUR).astype(np.intp) - 1
        total = np.bincount(hour, self.futures.weight[coming], hours)
        expected: Floats = total / self.futures.paths
        return expected

    def drained(self) -> Three:
        """Return when all jobs that wait now have ended, in seconds from now, likewise."""
        waiting = self.futures.row >= 0
        last = np.zeros(self.futures.paths)
        ends = (self.starts + self.futures.run)[waiting]
        np.maximum.at(last, self.futures.path[waiting], ends)
        return self._read_starts(
            last[:, None], np.array([len(self.known.waiting)]), np.array([-np.inf])
        )

    def outcomes(self, hours: int, late: float = 0.0) -> Outcomes:
        """Return what becomes of the queue in each path, in hours that began `late` seconds ago."""
        return self.futures.outcomes(self.starts, hours, late)

    @cached_property
    def starts(self) -> Floats:
        """When each job of each path starts, in seconds from now."""
        return self.futures.served(self.futures.free(self.workers, self.closed_for))

    @cached_property
    def _rules_share(self) -> float:
        """What the queue-length rule counts for, by some of the waiting jobs, first to last."""
        last = len(self.known.waiting) - 1
        some = np.unique(np.linspace(0, last, min(STARTS, last + 1)).astype(np.intp))
        return share_beside(self.futures.starts_waiting(self.starts, some))

    @cached_property
    def _places(self) -> dict[int, int]:
        rows = self.known.rows[self.known.waiting].tolist()
        return {row: place for place, row in enumerate(rows)}

    def read(self, name: str, paths: Floats, levels: ArrayLike) -> Floats:
        """Return quantiles over the paths at the levels that are to be read for those asked."""
        asked = np.asarray(levels, dtype=np.float64)
        if name == "wait" and self.usual is not None:
            paths = self.usual.mixed(paths)
        quantiles: Floats = np.quantile(paths, self.learnt.trusted[name](asked), axis=0).T
        return np.maximum(quantiles, 0.0)

    def _read_starts(self, paths: Floats, place: Ints, not_before: Floats) -> Three:
        """Return the range of what happens when a job at this place starts, with the rule's word.

        Shape: paths (p, 1), place (1,), not_before (1,).
        """
        expected = expected_starts(self.known, self.workers, place)
        if self.workers and np.isfinite(expected).all():
            earliest = np.maximum(not_before - self.known.now, max(self.closed_for, 0.0))
            paths = Rule(expected, earliest, self._rules_share).mixed(paths)
        low, middle, high = self.read("start", paths, SHOWN)[0]
        return float(low), float(middle), float(high)


def serve_together(models: Sequence[QueueModel]) -> None:
    """Find the starts of several models in one go, which costs less than one after the other."""
    free = [model.futures.free(model.workers, model.closed_for) for model in models]
    starts = served_together([model.futures for model in models], free)
    for model, found in zip(models, starts, strict=True):
        vars(model)["starts"] = found  # where cached_property looks
