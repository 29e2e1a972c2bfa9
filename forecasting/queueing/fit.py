"""Fit the model of a queue to the jobs that are known: the way into this room."""

from dataclasses import replace

import numpy as np

from forecasting.queueing.arrivals import days_ahead, learn_arrivals
from forecasting.queueing.durations import learn_durations
from forecasting.queueing.habit import habitual, learn_habit
from forecasting.queueing.imagine import Imagination, crowd
from forecasting.queueing.learnt import Learnt, learn
from forecasting.queueing.model import QueueModel
from forecasting.queueing.replay import replay
from forecasting.queueing.workload import Jobs, Workload, workload

PATHS = 200
FEWEST_PATHS = 40
ROWS = 250_000
"""Jobs served in all paths together, as far as the fewest paths allow."""


def fit(
    jobs: Jobs,
    *,
    now: float,
    workers: int,
    since: float,
    seed: int = 0,
    paused_until: float | None = None,
    learnt: Learnt | None = None,
) -> QueueModel:
    """Learn from the jobs known at `now`, and draw what may come.

    `jobs` has columns of one length, a row for each job: submitted, started (NaN while waiting),
    finished (NaN while waiting or running), priority (0 Critical to 3 Low), user, kind (what
    alike jobs share); also, where they are known, order (places set by hand, the lowest first in
    its priority) and not_before. No job submitted after `since` is missing. Nothing starts before
    `paused_until`. Any history will do, none included; the same seed gives the same answers.
    `learnt`, of an earlier model of this queue, spares the comparison with the past.
    Units: seconds since the epoch.
    Raises: ValueError where a column is missing or the columns differ in length.
    """
    known = workload(jobs, now, since)
    workers = max(0, int(workers))
    rng = np.random.default_rng(seed)
    duration = learnt.trusted["duration"] if learnt else None
    arrivals = learn_arrivals(known, learnt.profile if learnt else None)
    imagination = Imagination(learn_durations(known, rng, duration), arrivals)
    by_habit = habitual(known, workers)
    if learnt is None:
        past = replay(known, imagination, workers, rng, by_habit=by_habit)
        learnt = learn(past, known.now - known.history, imagination.durations.trusted)
        learnt = replace(learnt, profile=arrivals.profile(known.now))
    futures = imagination.futures(known, workers, _paths(known, workers), rng)
    closed_for = max(0.0, (paused_until or now) - now)
    habit = learn_habit(known) if by_habit and not closed_for else None
    return QueueModel(known, imagination.durations, futures, learnt, habit, workers, closed_for)


def _paths(known: Workload, workers: int) -> int:
    days = max(1.0, (known.now - known.history) / 86400.0)
    ahead = days_ahead(crowd(known, len(known.waiting), workers))
    rows = 1 + len(known.waiting) + ahead * len(known.submitted) / days
    return int(np.clip(ROWS / rows, FEWEST_PATHS, PATHS))
