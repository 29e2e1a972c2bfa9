"""What would change the waits, by simulating it: other workers, another hour, jobs moved.

Actors call it on a fitted model. Nothing here is a rule of thumb: each number is the difference
between two simulations of the same futures, and what does not help is left out.
"""

from dataclasses import dataclass, replace

import numpy as np

from forecasting.queueing.model import QueueModel, serve_together
from forecasting.queueing.outcomes import HOUR
from forecasting.recursion import Floats

LEAST_GAIN = 0.1
LEAST_WAIT = 60.0
"""Seconds of mean wait below which nobody needs advice."""
PATHS_MOVED = 40
"""Futures in which a kind is moved to eleven other hours, one after the other."""
WINDOW_HOURS = 2
HOURS = 24
SHIFTS = (-9, -6, -3, 3, 6, 9, 12)
"""Hours by which jobs are moved to see what it changes."""


@dataclass(frozen=True)
class WorkersEffect:
    """The mean wait of the day's jobs with other workers. Units: seconds; gains as shares.

    `gain` is how much shorter the mean wait is, `low` and `high` its 80 % range over the futures;
    `slow` is the wait that one job in ten exceeds.
    """

    workers: int
    wait: float
    slow: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Window:
    """Two whole hours to submit in. Units: hours after the one that goes on now began, seconds of
    wait, share of the day's jobs. `present` is the wait of jobs that come in what is left of it."""

    begin: int
    end: int
    low: float
    middle: float
    high: float
    present: float
    arrivals: float


@dataclass(frozen=True)
class Move:
    """What waits become if the jobs of a kind came so many hours later. Units: seconds, shares."""

    kind: int
    hours: int
    wait: float
    wait_moved: float
    gain: float


def workers_effects(
    model: QueueModel, changes: tuple[int, ...] = (1, 2, -1)
) -> list[WorkersEffect]:
    """Return what workers more or fewer do to the waits of the next day's jobs.

    More workers are listed where they shorten the mean wait by a tenth and a minute; fewer where
    nine jobs in ten still wait less than a minute.
    """
    now = _waits(model)
    usual = _mean(now)
    effects = []
    # Where hardly anyone waits none more can help, and where many do none can be spared.
    spared, helped = _slow(now) < LEAST_WAIT, usual >= LEAST_WAIT
    asked = [each for each in changes if (helped if each > 0 else spared)]
    counts = [model.workers + each for each in asked if model.workers + each >= 1]
    others = [replace(model, workers=count, habit=None) for count in counts]
    serve_together(others)
    for other in others:
        effect = _effect(other.workers, now, _waits(other))
        helps = effect.gain >= LEAST_GAIN and usual - effect.wait >= LEAST_WAIT
        if helps if other.workers > model.workers else effect.slow < LEAST_WAIT:
            effects.append(effect)
    return effects


def best_windows(model: QueueModel, count: int = 2) -> list[Window]:
    """Return the hours in which a job submitted would wait least, if clearly less than now.

    Clearly: in four futures of five less than the median of the hour that goes on.
    """
    late = model.known.now % HOUR
    what = model.outcomes(HOURS, late).with_waits_evened()
    waits = model.read("wait", what.wait, (0.2, 0.5, 0.8))
    arrivals = model.arrivals_per_hour(HOURS, late)
    share = arrivals / max(float(arrivals.sum()), 1e-9)
    order = 1 + np.argsort(waits[1:-1, 1] + waits[2:, 1], kind="stable")
    taken: list[int] = []
    for begin in order.tolist():
        if all(abs(begin - other) >= WINDOW_HOURS for other in taken) and len(taken) < count:
            taken.append(begin)
    windows = [_window(begin, waits, share) for begin in sorted(taken)]
    return [w for w in windows if w.high < w.present and w.present >= LEAST_WAIT]


def best_move(model: QueueModel, kind: int) -> Move | None:
    """Return the shift of up to half a day that helps a kind's future jobs most, if by a tenth."""
    coming = model.futures.like == kind
    if not coming.any():
        return None
    model = replace(model, futures=model.futures.first(PATHS_MOVED))
    usual = _mean_wait_of(model, kind)
    if usual < LEAST_WAIT:
        return None
    moves = []
    for hours in SHIFTS:
        moved = _mean_wait_of(_moved(model, kind, hours), kind)
        gain = 1 - moved / usual if usual > 0 else 0.0
        moves.append(Move(kind, hours, usual, moved, gain))
    best = max(moves, key=lambda move: move.gain)
    return best if best.gain >= LEAST_GAIN and usual - best.wait_moved >= LEAST_WAIT else None


def _waits(model: QueueModel) -> Floats:
    """Return the mean wait of the next day's jobs in each path in which any come."""
    came = model.futures.coming(HOURS * HOUR)
    path, weight = model.futures.path[came], model.futures.weight[came]
    wait = (model.starts - model.futures.submitted)[came] * weight
    n = np.bincount(path, weight, model.futures.paths)
    total = np.bincount(path, wait, model.futures.paths)
    means: Floats = total[n > 0] / n[n > 0]
    return means


def _mean(waits: Floats) -> float:
    return float(waits.mean()) if waits.size else 0.0


def _slow(waits: Floats) -> float:
    return float(np.quantile(waits, 0.9)) if waits.size else 0.0


def _effect(workers: int, now: Floats, then: Floats) -> WorkersEffect:
    usual, wait = _mean(now), _mean(then)
    gains = 1 - then[now > 1] / now[now > 1]
    low, high = np.quantile(gains, (0.1, 0.9)).tolist() if gains.size else (0.0, 0.0)
    gain = 1 - wait / usual if usual else 0.0
    return WorkersEffect(workers, wait, _slow(then), gain, low, high)


def _window(begin: int, waits: Floats, share: Floats) -> Window:
    low, middle, high = waits[begin : begin + WINDOW_HOURS].mean(axis=0).tolist()
    end = begin + WINDOW_HOURS
    present = float(waits[0, 1])
    return Window(begin, end, low, middle, high, present, float(share[begin:end].sum()))


def _moved(model: QueueModel, kind: int, hours: int) -> QueueModel:
    """Return the model with a kind's future jobs at another hour of the same day."""
    futures = model.futures
    day = 24 * HOUR
    moved = futures.submitted // day * day + (futures.submitted + hours * HOUR) % day
    at = np.where(futures.like == kind, moved, futures.submitted)
    ready = np.where(futures.like == kind, moved, futures.ready)
    return replace(model, futures=replace(futures, submitted=at, ready=ready))


def _mean_wait_of(model: QueueModel, kind: int) -> float:
    futures = model.futures
    those = (futures.like == kind) & futures.coming(HOURS * HOUR)
    wait = (model.starts - futures.submitted)[those]
    return float(np.average(wait, weights=futures.weight[those])) if wait.size else 0.0
