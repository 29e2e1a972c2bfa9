"""Look up the newest run times of a group of jobs, as they were known at any time.

durations.py mixes them. A run time is known from the job's end on, not from its submission.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.queueing.workload import Ints
from forecasting.recursion import Floats


@dataclass(frozen=True)
class Pool:
    """The run times of jobs that ended, sorted by group and end.

    Shape: ends (n,) all ends in order; groups (g,) the names of the groups in order;
    keys (n,) group and rank of the end as one number, values (n,) in the same order.
    """

    ends: Floats
    groups: Ints
    keys: Ints
    values: Floats

    def newest(self, groups: Ints, times: Floats, depth: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the `depth` newest values of each group that were known at each time.

        Shape: groups (q,), times (q,); returns (q, depth) newest first, and which of them exist.
        """
        span = len(self.ends) + 1
        place = np.searchsorted(self.groups, groups)
        first = np.searchsorted(self.keys, place * span)
        known = np.searchsorted(self.ends, times, side="right")
        last = np.searchsorted(self.keys, place * span + known)
        found = last[:, None] - 1 - np.arange(depth)
        exist = (found >= first[:, None]) & self._has(place, groups)[:, None]
        if not len(self.values):
            return np.zeros(found.shape), exist
        return self.values[np.where(exist, found, 0)], exist

    def _has(self, place: Ints, groups: Ints) -> NDArray[np.bool_]:
        if not len(self.groups):
            return np.zeros(len(groups), dtype=bool)
        found: NDArray[np.bool_] = self.groups[np.minimum(place, len(self.groups) - 1)] == groups
        return found


def pool(groups: Ints, ends: Floats, values: Floats) -> Pool:
    """Sort values by group and end. Shape: (n,) each."""
    rank = np.empty(len(ends), dtype=np.intp)
    by_end = np.argsort(ends, kind="stable")
    rank[by_end] = np.arange(len(ends))
    names, place = np.unique(groups, return_inverse=True)
    keys = place * (len(ends) + 1) + rank
    order = np.argsort(keys)
    return Pool(ends[by_end], names, keys[order], values[order])
