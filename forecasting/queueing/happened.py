"""What became of the queue in the past, hour by hour up to now.

replay.py compares its forecasts with it, habit.py learns from it what waits are usual.
"""

import numpy as np

from forecasting.queueing.outcomes import HOUR, Outcomes, Served, filled
from forecasting.queueing.workload import Workload
from forecasting.recursion import Floats


def happened(jobs: Workload, hours: int) -> Outcomes:
    """Return the last so many hours. Shape: (1, hours) each, the oldest first.

    What has not happened yet is taken to happen right after now: a wait that goes on counts as
    far as it has gone.
    """
    begin = jobs.now - hours * HOUR
    started = np.nan_to_num(jobs.started, nan=jobs.now + 1) - begin
    finished = np.nan_to_num(jobs.finished, nan=jobs.now + 1) - begin
    served = Served(
        path=np.zeros(len(started), dtype=np.intp),
        submitted=jobs.submitted - begin,
        start=started,
        run=finished - started,
        weight=np.ones(len(started)),
        ends=np.empty((1, 0)),
    )
    return served.outcomes(hours)


def waits_known(jobs: Workload, hours: int) -> Floats:
    """Return the mean waits so far of those who came in the last so many hours, the oldest first.

    An hour in which nobody came has the wait of the last one before it. Shape: (hours,).
    """
    begin = jobs.now - hours * HOUR
    new = slice(int(np.searchsorted(jobs.submitted, begin, side="right")), None)
    came = jobs.submitted[new]
    hour = np.clip(np.ceil((came - begin) / HOUR).astype(np.intp) - 1, 0, hours - 1)
    wait = np.nan_to_num(jobs.started[new], nan=jobs.now) - came
    n = np.bincount(hour, minlength=hours)
    total = np.bincount(hour, wait, hours)
    waits: Floats = filled(np.where(n > 0, total / np.maximum(n, 1), np.nan)[None])[0]
    return waits


def sizes_known(jobs: Workload, hours: int) -> Floats:
    """Return how many jobs waited so many hours ago and at each hour since. Shape: (hours + 1,)."""
    marks = jobs.now - HOUR * np.arange(hours, -1, -1)
    began = np.sort(jobs.started[~np.isnan(jobs.started)])
    came = np.searchsorted(jobs.submitted, marks, side="right")
    sizes: Floats = (came - np.searchsorted(began, marks, side="right")).astype(np.float64)
    return sizes
