"""Forecast past moments of the queue as they were known, and compare with what came.

fit.py calls it; the ranks of the truth among the forecasts become level maps in trust.py.
"""

from dataclasses import dataclass, replace

import numpy as np

from forecasting.queueing.arrivals import days_ahead
from forecasting.queueing.habit import learn_habit
from forecasting.queueing.happened import happened
from forecasting.queueing.imagine import Imagination, crowd
from forecasting.queueing.outcomes import HOUR, Outcomes
from forecasting.queueing.paths import Futures, served_together
from forecasting.queueing.starts import start_ranks
from forecasting.queueing.trust import Ranks, ranks_among
from forecasting.queueing.workload import Workload
from forecasting.recursion import Floats

MOMENTS = 48
PATHS = 40
FEWEST_PATHS = 20
FEWEST_MOMENTS = 12
ROWS = 1_200_000
"""Jobs served in all the paths of all the moments together, as far as the fewest allow."""
HOURS_APART = 13
"""Hours between moments: all hours of the day take their turn."""
HOURS_AHEAD = 24
TARGETS = ("size", "busy", "wait")


@dataclass(frozen=True)
class Moment:
    """A past moment: how long ago, what was known, how many worked, what might have come."""

    hours_ago: int
    known: Workload
    workers: int
    futures: Futures
    free: Floats


@dataclass(frozen=True)
class Shown:
    """What would have been shown, and what came. Shape: (moments, HOURS_AHEAD), newest first."""

    middle: Floats
    truth: Floats


@dataclass(frozen=True)
class Past:
    """Where the truth stood among the forecasts, and what would have been shown, by target."""

    ranks: dict[str, Ranks]
    shown: dict[str, Shown]


def replay(
    jobs: Workload,
    imagination: Imagination,
    workers: int,
    rng: np.random.Generator,
    *,
    by_habit: bool,
) -> Past:
    """Forecast as many past moments as the history has; the ranks include those of starts.

    `by_habit` tells whether what waits were usual is mixed in, as it will be today.
    """
    moments = _moments(jobs, imagination, workers, rng)
    if not moments:
        return Past({}, {})
    starts = served_together([m.futures for m in moments], [m.free for m in moments])
    forecast = [
        _forecast(moment, start, by_habit=by_habit)
        for moment, start in zip(moments, starts, strict=True)
    ]
    truth = _truth(jobs, [moment.hours_ago for moment in moments])
    ranks, shown = {}, {}
    for name in TARGETS:
        paths, came = [getattr(each, name) for each in forecast], getattr(truth, name)
        ranks[name] = _ranks(paths, came, rng)
        shown[name] = Shown(np.array([np.median(each, axis=0) for each in paths]), came)
    waited = [
        start_ranks(jobs, m.known, m.workers, futures=m.futures, starts=s, rng=rng)
        for m, s in zip(moments, starts, strict=True)
    ]
    weights = [np.full(len(each), 1 / max(1, len(each))) for each in waited]
    ranks["start"] = Ranks(np.concatenate(waited), np.concatenate(weights))
    return Past(ranks, shown)


def _forecast(moment: Moment, starts: Floats, *, by_habit: bool) -> Outcomes:
    """Return what would have been read off the futures of a moment."""
    what = moment.futures.outcomes(starts, HOURS_AHEAD).with_waits_evened()
    habit = learn_habit(moment.known) if by_habit else None
    return what if habit is None else replace(what, wait=habit.mixed(what.wait))


def _moments(
    jobs: Workload, imagination: Imagination, workers: int, rng: np.random.Generator
) -> list[Moment]:
    """Draw futures of as many past moments as the history has and the time allows."""
    days = (jobs.now - jobs.history) / (24 * HOUR)
    waiting = _mean_waiting(jobs)
    ahead = days_ahead(crowd(jobs, waiting, workers))
    rows = 1 + waiting + ahead * len(jobs.submitted) / max(days, 1.0)
    paths = int(np.clip(ROWS / (rows * MOMENTS), FEWEST_PATHS, PATHS))
    count = int(np.clip(ROWS / (rows * paths), FEWEST_MOMENTS, MOMENTS))
    ages = np.arange(1, count + 1) * HOURS_APART
    moments = []
    for age in ages[ages + 24 <= 24 * days]:
        known = jobs.as_known(jobs.now - age * HOUR)
        staff = _workers_then(known, workers)
        futures = imagination.futures(known, staff, paths, rng)
        moments.append(Moment(int(age), known, staff, futures, futures.free(staff)))
    return moments


def _mean_waiting(jobs: Workload) -> float:
    """Return how many jobs waited on average, or wait now if more, by Little's law."""
    waits = np.nan_to_num(jobs.started, nan=jobs.now) - jobs.submitted
    span = max(1.0, jobs.now - float(np.min(jobs.submitted, initial=jobs.now)))
    return max(float(waits.sum()) / span, len(jobs.waiting))


def _workers_then(known: Workload, workers: int) -> int:
    """Guess how many workers there were: as many as were busy while jobs waited."""
    busy = len(known.running)
    return busy if len(known.waiting) and busy else max(busy, workers)


def _truth(jobs: Workload, ages: list[int]) -> Outcomes:
    """Return what came after each moment, NaN after now. Shape: (moments, HOURS_AHEAD) each."""
    span = max(ages)
    past = happened(jobs, span)
    hours = span - np.array(ages)[:, None] + np.arange(HOURS_AHEAD)

    def seen(series: Floats) -> Floats:
        return np.append(series[0], np.full(HOURS_AHEAD, np.nan))[hours]

    return Outcomes(seen(past.size), seen(past.busy), seen(past.wait))


def _ranks(forecast: list[Floats], truth: Floats, rng: np.random.Generator) -> Ranks:
    """Rank the truth of each moment and hour. Shape: forecast[i] (paths, hours)."""
    known = np.isfinite(truth)
    values = [
        ranks_among(paths[:, seen], came[seen], rng)
        for paths, came, seen in zip(forecast, truth, known, strict=True)
    ]
    return Ranks(np.concatenate(values), np.full(int(known.sum()), 1 / HOURS_AHEAD))
