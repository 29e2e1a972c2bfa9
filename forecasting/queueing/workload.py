"""The jobs known at one moment, cleaned of what clocks and callers get wrong.

fit.py makes one from the caller's arrays; everything else in this room reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.recursion import Floats

Ints = NDArray[np.intp]
Jobs = Mapping[str, Any]

NEWEST = 50_000
"""Ended jobs that are read; older ones cost time and describe another time."""
AVERAGED = 600
"""Newest run times whose mean is told."""
QUIET = 28 * 86400.0
"""Seconds without jobs before the first one that are believed to tell something."""
PAUSE = 1800.0
"""Seconds without a job after which a user's session is over."""
TIERS = 4
NORMAL = 2
REQUIRED = ("submitted", "started", "finished", "priority", "user", "kind")
OPTIONAL = ("order", "not_before")


@dataclass(frozen=True)
class Workload:
    """Jobs in the order of submission, one entry each; times in epoch seconds.

    NaN is a start or end that has not come. `history` is the time from which no job is missing,
    `rows` the place of each job in the caller's arrays, `session` numbers those that one user
    submitted in one go.
    """

    submitted: Floats
    started: Floats
    finished: Floats
    tier: Ints
    user: Ints
    kind: Ints
    order: Floats
    not_before: Floats
    session: Ints
    rows: Ints
    now: float
    history: float

    @property
    def waiting(self) -> Ints:
        """Jobs that have not started, in the order in which they will be served."""
        found = np.flatnonzero(np.isnan(self.started))
        return found[np.lexsort((self.submitted[found], self.order[found], self.tier[found]))]

    @property
    def running(self) -> Ints:
        """Jobs that have started and not ended."""
        return np.flatnonzero(~np.isnan(self.started) & np.isnan(self.finished))

    @property
    def bulk(self) -> Ints:
        """With how many others each job came so far: how often their number can be halved."""
        size = np.bincount(self.session, minlength=1)
        return np.log2(np.maximum(size, 1)).astype(np.intp)[self.session]

    @property
    def mean_run(self) -> float:
        """The mean run time of the newest jobs that ended, in seconds; NaN where none has."""
        ended = np.flatnonzero(~np.isnan(self.finished))[-AVERAGED:]
        runs = self.finished[ended] - self.started[ended]
        return float(runs.mean()) if len(runs) else float("nan")

    def as_known(self, then: float) -> "Workload":
        """Return what was known at an earlier time, with the starts and ends of that time.

        Orders and schedules set by hand are forgotten: nobody knows when they were set.
        """
        kept = self.submitted <= then
        started, finished = self.started[kept], self.finished[kept]
        return Workload(
            submitted=self.submitted[kept],
            started=np.where(started <= then, started, np.nan),
            finished=np.where(finished <= then, finished, np.nan),
            tier=self.tier[kept],
            user=self.user[kept],
            kind=self.kind[kept],
            order=np.full(int(kept.sum()), np.inf),
            not_before=np.full(int(kept.sum()), -np.inf),
            session=self.session[kept],
            rows=self.rows[kept],
            now=then,
            history=self.history,
        )


def workload(jobs: Jobs, now: float, since: float) -> Workload:
    """Clean the caller's jobs: nothing in the future, no end before its start, newest ones only.

    A job that left without ever starting was cancelled: it is left out.
    Raises: ValueError where a column is missing or the columns differ in length.
    """
    table = _columns(jobs)
    started = np.minimum(table["started"], now)
    finished = np.maximum(np.minimum(table["finished"], now), started)
    submitted = np.fmin(np.fmin(table["submitted"], started), now)
    kept, complete = _newest(submitted, started, table["finished"])
    quiet = float(np.min(submitted, initial=now)) - QUIET
    priority = np.nan_to_num(table["priority"], nan=NORMAL)
    user = np.nan_to_num(table["user"], nan=-1)[kept].astype(np.intp)
    return Workload(
        submitted=submitted[kept],
        started=started[kept],
        finished=finished[kept],
        tier=np.clip(priority, 0, TIERS - 1)[kept].astype(np.intp),
        user=user,
        kind=np.nan_to_num(table["kind"], nan=-1)[kept].astype(np.intp),
        order=np.nan_to_num(table["order"], nan=np.inf)[kept],
        not_before=np.nan_to_num(table["not_before"], nan=-np.inf)[kept],
        session=_sessions(submitted[kept], user),
        rows=kept,
        now=now,
        history=min(now, max(complete, quiet, now if np.isnan(since) else since)),
    )


def _columns(jobs: Jobs) -> dict[str, Floats]:
    missing = [name for name in REQUIRED if name not in jobs]
    if missing:
        raise ValueError(f"jobs lack the columns {', '.join(missing)}")
    n = len(jobs["submitted"])
    table = {name: np.asarray(jobs[name], dtype=np.float64) for name in REQUIRED}
    for name in OPTIONAL:
        given = jobs.get(name)
        table[name] = np.full(n, np.nan) if given is None else np.asarray(given, np.float64)
    if any(column.shape != (n,) for column in table.values()):
        raise ValueError("the columns of jobs must be arrays of one length")
    return {name: np.where(np.isinf(column), np.nan, column) for name, column in table.items()}


def _newest(submitted: Floats, started: Floats, finished: Floats) -> tuple[Ints, float]:
    """Return the jobs to read, by submission, and the time from which none of them was dropped."""
    active = np.isnan(finished)
    ended = np.flatnonzero(~active & ~np.isnan(started))
    ended = ended[np.argsort(submitted[ended], kind="stable")]
    dropped, read = np.split(ended, [max(0, len(ended) - NEWEST)])
    kept = np.concatenate([read, np.flatnonzero(active)])
    oldest = float(np.max(submitted[dropped], initial=-np.inf))
    return kept[np.argsort(submitted[kept], kind="stable")], oldest


def _sessions(submitted: Floats, user: Ints) -> Ints:
    """Number the sessions: each user's jobs, cut where they pause. Shape: (n,) each."""
    order = np.lexsort((submitted, user))
    begins = np.zeros(len(order), dtype=bool)
    begins[1:] = (np.diff(user[order]) != 0) | (np.diff(submitted[order]) > PAUSE)
    session = np.empty(len(order), dtype=np.intp)
    session[order] = np.cumsum(begins)
    return session
