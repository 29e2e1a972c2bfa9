"""Serve many possible futures of a queue at once: who starts when.

paths.py makes the futures, outcomes.py reads them. Each step starts one job in every path, so
the cost is the number of jobs a path has, times a handful of numpy calls.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.queueing.workload import Ints
from forecasting.recursion import Floats

TIDY_EVERY = 64
"""Steps after which the paths that are done are taken out."""


@dataclass(frozen=True)
class Lanes:
    """The jobs of all paths, those of one path and lane together in the order of service.

    A lane is served in its order, each lane before the next. Shape: path, lane, ready, run (n,);
    sorted by path, lane and then the order of service; `ready` in seconds after the origin.
    """

    path: Ints
    lane: Ints
    ready: Floats
    run: Floats


def serve(lanes: Lanes, free: Floats, n_lanes: int) -> Floats:
    """Return when each job starts, when free workers always take the best job that is ready.

    Shape: free (paths, workers), when each worker is free; returns (n,), inf without workers.
    Source: non-preemptive priorities, many servers; each lane of a path is first come, first
    served, so only the heads of the lanes can be next.
    """
    starts = np.full(len(lanes.ready), np.inf)
    if not free.shape[1]:
        return starts
    ready = np.append(lanes.ready, np.inf)
    bounds = np.searchsorted(
        lanes.path * n_lanes + lanes.lane, np.arange(len(free) * n_lanes + 1)
    ).reshape(-1)
    head = bounds[:-1].reshape(-1, n_lanes).copy()
    end = bounds[1:].reshape(-1, n_lanes)
    free, nothing = free.copy(), len(lanes.ready)
    step = 0
    while True:
        if step % TIDY_EVERY == 0:
            busy = (head < end).any(axis=1)
            if not busy.any():
                return starts
            head, end, free = head[busy], end[busy], free[busy]
            each = np.arange(len(head))
        step += 1
        worker = free.argmin(axis=1)
        soonest = free[each, worker]
        begin = np.maximum(ready[np.where(head < end, head, nothing)], soonest[:, None])
        lane = begin.argmin(axis=1)  # among equals the first: the better lane
        job, start = head[each, lane], begin[each, lane]
        going = np.isfinite(start)
        starts[job[going]] = start[going]
        free[each[going], worker[going]] = start[going] + lanes.run[job[going]]
        head[each[going], lane[going]] += 1
        head[~going] = end[~going]  # done, or nobody is ever free
