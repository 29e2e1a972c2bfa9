"""Fit the model of a queue to the jobs that are known: the way into this room."""

from collections.abc import Mapping

import numpy as np

from forecasting.queueing.arrivals import learn_arrivals
from forecasting.queueing.durations import learn_durations
from forecasting.queueing.imagine import Imagination
from forecasting.queueing.model import QueueModel
from forecasting.queueing.replay import TARGETS, replay
from forecasting.queueing.trust import CAUTION, NEWCOMER, LevelMap, cautious, learn_levels
from forecasting.queueing.workload import Jobs, Workload, workload

PATHS = 200
FEWEST_PATHS = 40
ROWS = 250_000
"""Jobs served in all paths together, as far as the fewest paths allow."""
WEEK = 7 * 86400.0


def fit(
    jobs: Jobs,
    *,
    now: float,
    workers: int,
    since: float,
    seed: int = 0,
    paused_until: float | None = None,
    trusted: Mapping[str, LevelMap] | None = None,
) -> QueueModel:
    """Learn from the jobs known at `now`, and draw what may come.

    `jobs` has columns of one length, a row for each job: submitted, started (NaN while waiting),
    finished (NaN while waiting or running), priority (0 Critical to 3 Low), user, kind (what
    alike jobs share); also, where they are known, order (places set by hand, the lowest first in
    its priority) and not_before. No job submitted after `since` is missing. Nothing starts before
    `paused_until`. Any history will do, none included; the same seed gives the same answers.
    `trusted`, of an earlier model of this queue, spares the comparison with the past.
    Units: seconds since the epoch.
    Raises: ValueError where a column is missing or the columns differ in length.
    """
    known = workload(jobs, now, since)
    workers = max(0, int(workers))
    rng = np.random.default_rng(seed)
    imagination = Imagination(learn_durations(known, rng), learn_arrivals(known))
    if trusted is None:
        trusted = _trusted(known, imagination, workers, rng)
    futures = imagination.futures(known, workers, _paths(known), rng)
    closed_for = max(0.0, (paused_until or now) - now)
    return QueueModel(known, imagination.durations, futures, trusted, workers, closed_for)


def _trusted(
    known: Workload, imagination: Imagination, workers: int, rng: np.random.Generator
) -> dict[str, LevelMap]:
    """Learn from the model's own past errors how to read what it forecasts."""
    ranks = replay(known, imagination, workers, rng)
    share = min(1.0, (known.now - known.history) / WEEK)
    prior = cautious(CAUTION + (NEWCOMER - CAUTION) * (1 - share))
    return {
        name: learn_levels(ranks[name], prior) if name in ranks else prior
        for name in (*TARGETS, "start")
    }


def _paths(known: Workload) -> int:
    days = max(1.0, (known.now - known.history) / 86400.0)
    rows = 1 + len(known.waiting) + 2 * len(known.submitted) / days
    return int(np.clip(ROWS / rows, FEWEST_PATHS, PATHS))
