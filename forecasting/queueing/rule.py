"""The queue-length rule: a second opinion on when a waiting job starts.

Jobs ahead times the mean run time over the workers knows little, but nothing of it can go as wrong
as a few run times forecast far too long. model.py mixes it in, starts.py does so for the past.

Source: Ibrahim and Whitt (2009), Real-Time Delay Estimation Based on Delay History; Bates and
Granger (1969), The Combination of Forecasts, for weights that are inverse variances.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.queueing.opinions import MINUTE, levels_of, mixed
from forecasting.queueing.workload import Ints, Workload
from forecasting.recursion import Floats

SPREAD = 1.6
"""How far the truth lies about the rule: a standard deviation of logarithms, on two real logs."""
NARROWER = 0.8
"""What is left of that spread in the mixture: errors of two opinions partly cancel."""
TAILS = (0.1, 0.9)
TAILS_APART = 2.563
"""How many standard deviations the tails of a normal law lie apart."""
LOGISTIC = 1.814
"""The standard deviation of a logistic law of scale 1, whose quantiles are log odds."""
SOON = 1.0
"""Seconds after the earliest start within which a path says: at once."""


@dataclass(frozen=True)
class Rule:
    """What the rule says of some jobs, in seconds from now, and what it counts for.

    Shape: expected and earliest (k,); nothing starts before the latter.
    """

    expected: Floats
    earliest: Floats
    share: float

    def mixed(self, paths: Floats) -> Floats:
        """Mix the rule into simulated starts; what starts at once in a path still does.

        Shape: paths (p, k); returns the same, sorted by path.
        """
        first = np.sort(paths, axis=0)
        levels = levels_of(len(paths))[:, None]
        odds = NARROWER * SPREAD / LOGISTIC * np.log(levels / (1 - levels))
        second = (self.expected + MINUTE) * np.exp(odds) - MINUTE
        both = mixed(first, np.maximum(second, self.earliest), self.share)
        return np.where(first <= self.earliest + SOON, first, np.maximum(both, self.earliest))


def expected_starts(jobs: Workload, workers: int, place: Ints) -> Floats:
    """Return when the rule lets the jobs at these places of the queue start, in seconds."""
    starts: Floats = (place + 1) * jobs.mean_run / max(workers, 1)
    return starts


def share_beside(paths: Floats) -> float:
    """Return what the rule counts for: the more, the less the paths agree when jobs start.

    One share for all jobs of a queue keeps them in order. Shape: paths (p, k).
    """
    low, high = np.quantile(np.log(paths + MINUTE), TAILS, axis=0)
    variance = float(np.mean(((high - low) / TAILS_APART) ** 2)) if paths.size else 0.0
    return variance / (variance + SPREAD**2)
