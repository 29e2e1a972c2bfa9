"""Compare the starts forecast at past moments with the true ones.

replay.py calls it; where the truth stood becomes a level map in trust.py.
"""

import numpy as np

from forecasting.queueing.paths import Futures
from forecasting.queueing.rule import Rule, expected_starts, share_beside
from forecasting.queueing.trust import ranks_among
from forecasting.queueing.workload import Workload
from forecasting.recursion import Floats

STARTS = 12
"""Waiting jobs of one moment that are compared."""


def start_ranks(
    jobs: Workload,
    known: Workload,
    workers: int,
    *,
    futures: Futures,
    starts: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Rank the true starts of some jobs that waited when so much was known. Shape: (k,)."""
    waiting = known.waiting
    place = rng.permutation(len(waiting))[:STARTS]
    paths = futures.starts_waiting(starts, place)
    expected = expected_starts(known, workers, place)
    if np.isfinite(expected).all():
        paths = Rule(expected, np.zeros(len(place)), share_beside(paths)).mixed(paths)
    truth = jobs.started[waiting[place]] - known.now
    late = np.isnan(truth)
    ranks = ranks_among(paths, np.where(late, jobs.now - known.now, truth), rng)
    later = rng.random(len(ranks)) * (1 - ranks)  # somewhere above
    return np.where(late, ranks + later, ranks)
