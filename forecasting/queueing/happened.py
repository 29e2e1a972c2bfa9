"""What became of the queue in the past, hour by hour up to now.

replay.py compares its forecasts with it, habit.py learns from it what waits are usual.
"""

import numpy as np

from forecasting.queueing.outcomes import HOUR, Outcomes, Served
from forecasting.queueing.workload import Workload


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
