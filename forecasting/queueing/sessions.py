"""Sessions: jobs that one user submits in one go. They come by chance, the jobs in them do not.

arrivals.py draws whole sessions, so that a burst of the past comes again as a burst.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.queueing.workload import Ints, Workload
from forecasting.recursion import Floats


@dataclass(frozen=True)
class Sessions:
    """Sessions in the order of their starts.

    Shape: jobs (n,) the jobs, each user's sessions together, offset (n,) their seconds since
    their session began; first, size (s,) where in `jobs` each session begins and how many it has;
    start, end (s,) the times of its first and last job; user (s,).
    """

    jobs: Ints
    offset: Floats
    first: Ints
    size: Ints
    start: Floats
    end: Floats
    user: Ints

    def until(self, now: float) -> "Sessions":
        """Return the sessions that were over by then; the jobs of all stay."""
        over = self.end <= now
        return Sessions(
            self.jobs,
            self.offset,
            self.first[over],
            self.size[over],
            self.start[over],
            self.end[over],
            self.user[over],
        )


def find_sessions(jobs: Workload) -> Sessions:
    """Put the jobs of each session together."""
    order = np.lexsort((jobs.submitted, jobs.session))
    times, users = jobs.submitted[order], jobs.user[order]
    first = np.flatnonzero(np.diff(jobs.session[order], prepend=-1))
    size = np.diff(np.append(first, len(order)))
    offset = times - np.repeat(times[first], size)
    by_start = np.argsort(times[first], kind="stable")
    first, size = first[by_start], size[by_start]
    return Sessions(order, offset, first, size, times[first], times[first + size - 1], users[first])
