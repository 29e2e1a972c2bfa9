"""What jobs waited at this hour on the days before: a second opinion on waits further ahead.

model.py mixes it in. The simulation knows the queue of now, which tells less and less of later
hours; what is usual then tells something of its own.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.queueing.happened import happened, waits_known
from forecasting.queueing.opinions import levels_of, mixed
from forecasting.queueing.workload import Workload
from forecasting.recursion import Floats

DAY = 24
DAYS = 28
FEWEST_DAYS = 7
SHARE = np.linspace(0.1, 0.3, DAY)
"""What the usual counts for, by hours ahead; more for one who asks about tomorrow."""
ALIKE = 0.3
"""How much the workers may differ from those of the past for its waits to be usual still."""


@dataclass(frozen=True)
class Habit:
    """Mean waits by day and hours after now, in seconds. Shape: waits (days, 24)."""

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
    return Habit(waits_known(jobs, days * DAY).reshape(days, DAY))


def habitual(jobs: Workload, workers: int) -> bool:
    """Tell whether so many workers are about as many as were busy while jobs waited."""
    hours = int(min(DAYS * DAY, (jobs.now - jobs.history) // 3600.0))
    if not workers or hours < DAY:
        return bool(workers)
    past = happened(jobs, hours)
    crowded = past.busy[past.size >= 1]
    return crowded.size < DAY or abs(float(np.median(crowded)) / workers - 1) <= ALIKE
