"""What jobs waited at this hour on the days before: a second opinion on waits further ahead.

model.py mixes it in. The simulation knows the queue of now, which tells less and less of later
hours; what is usual then tells something of its own. Two opinions err less than one.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.queueing.happened import happened
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

    def mixed(self, waits: Floats, levels: Floats) -> Floats:
        """Mix the usual quantiles into those of the simulation, on the scale of square roots.

        Shape: waits (hours, levels); returns the same.
        """
        hours = np.arange(len(waits))
        usual = np.quantile(self.waits, levels, axis=0).T[hours % DAY]
        share = SHARE[np.minimum(hours, DAY - 1)][:, None]
        mixed: Floats = ((1 - share) * np.sqrt(waits) + share * np.sqrt(usual)) ** 2
        return mixed


def learn_habit(jobs: Workload, workers: int) -> Habit | None:
    """Read the waits of the last weeks; None of under a week, or of so many other workers."""
    days = int(min(DAYS, (jobs.now - jobs.history) // (DAY * 3600.0)))
    if days < FEWEST_DAYS or not workers:
        return None
    past = happened(jobs, days * DAY)
    crowded = past.busy[past.size >= 1]
    if crowded.size >= DAY and abs(float(np.median(crowded)) / workers - 1) > ALIKE:
        return None
    return Habit(past.with_waits_filled().wait.reshape(days, DAY))
