"""What jobs waited at this hour on the days before: a second opinion on waits further ahead.

model.py mixes it in. The simulation knows the queue of now, which tells less and less of later
hours; what is usual then tells something of its own, and more where the queue was as long as now.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from forecasting.queueing.happened import happened, sizes_known, waits_known
from forecasting.queueing.opinions import levels_of, mixed, weighted_quantiles
from forecasting.queueing.workload import Ints, Workload
from forecasting.recursion import Floats

DAY = 24
DAYS = 28
FEWEST_DAYS = 7
SHARE = np.linspace(0.1, 0.3, DAY)
"""What the usual counts for, by hours ahead; more for one who asks about tomorrow."""
ALIKE = 0.3
"""How much the workers may differ from those of the past for its waits to be usual still."""
NEAR = np.arange(-3, 4)
"""Hours of the day, about this one, whose queues are compared with the present one."""
FADING_HOURS = 1.5
"""The spread of a normal law by which further ones count for less."""
ALIKE_LENGTHS = 1.0
"""The same for other lengths, in logarithms of jobs and one."""
ANY_LENGTH = 8.0
"""Alike queues that the days as they were, however long their queues, count for as much as."""
TOLD = 100
"""Quantiles by which the usual is told."""


@dataclass(frozen=True)
class Habit:
    """Mean waits by hours after now, in seconds, alike likely. Shape: waits (n, 24)."""

    waits: Floats

    def times(self, factor: float) -> "Habit":
        """Return the habit of a queue in which everyone waits so many times as long."""
        return Habit(self.waits * factor)

    def mixed(self, paths: Floats) -> Floats:
        """Mix the usual waits into simulated ones. Shape: paths (p, hours); returns them sorted."""
        hours = np.arange(paths.shape[1])
        usual = np.quantile(self.waits, levels_of(len(paths)), axis=0)[:, hours % DAY]
        return mixed(np.sort(paths, axis=0), usual, SHARE[np.minimum(hours, DAY - 1)])


def learn_habit(jobs: Workload) -> Habit | None:
    """Read the waits of the last weeks; None of under a week."""
    days = int(min(DAYS, (jobs.now - jobs.history) // (DAY * 3600.0)))
    if days < FEWEST_DAYS:
        return None
    waits = sliding_window_view(waits_known(jobs, days * DAY), DAY)
    moments, weights = _alike(np.log1p(sizes_known(jobs, days * DAY)))
    return Habit(weighted_quantiles(waits[moments], weights, levels_of(TOLD)))


def _alike(lengths: Floats) -> tuple[Ints, Floats]:
    """Return past moments with a day after them, and what each counts for.

    Shape: lengths (hours + 1,), logarithms of the queue's, the last one now.
    Source: Kish (1965), Survey Sampling, for how many weighted moments count as how many.
    """
    n = len(lengths) - 1
    ago = DAY * np.arange(1, n // DAY + 1)
    moments = n - ago[:, None] + NEAR
    there = (moments >= 0) & (moments <= n - DAY)
    off = np.broadcast_to(NEAR, moments.shape)[there]
    moments = moments[there]
    apart = (lengths[moments] - lengths[-1]) / ALIKE_LENGTHS
    alike = np.exp(-((off / FADING_HOURS) ** 2 + apart**2) / 2) + 1e-9
    as_many = alike.sum() / (alike**2).sum()
    return moments, alike * as_many + (off == 0) * ANY_LENGTH / len(ago)


def habitual(jobs: Workload, workers: int) -> bool:
    """Tell whether so many workers are about as many as were busy while jobs waited."""
    hours = int(min(DAYS * DAY, (jobs.now - jobs.history) // 3600.0))
    if not workers or hours < DAY:
        return bool(workers)
    past = happened(jobs, hours)
    crowded = past.busy[past.size >= 1]
    return crowded.size < DAY or abs(float(np.median(crowded)) / workers - 1) <= ALIKE
