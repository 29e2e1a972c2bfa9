"""A fitted model's forecast as plain data, for a reader that has neither numpy nor the model.

Actors store it as JSON. It also says how much one job more in the queue now would change each
hour, so that a reader can bring it up to date by one multiplication.
"""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from forecasting.queueing.advice import best_move, best_windows, workers_effects
from forecasting.queueing.durations import Groups
from forecasting.queueing.learnt import RELATIVE, TOLERANCE
from forecasting.queueing.model import QueueModel, serve_together
from forecasting.queueing.outcomes import HOUR, Outcomes
from forecasting.queueing.paths import Futures
from forecasting.queueing.workload import NORMAL, Ints
from forecasting.recursion import Floats

VERSION = 1
HOURS = 24
FINE = (np.arange(100) + 0.5) / 100
RANGE = np.array([0.1, 0.5, 0.9])
MOST_KINDS = 200
KINDS_MOVED = 2
DAY = 86400.0


def record(model: QueueModel, *, moves: bool = True, step: int = 1) -> dict[str, Any]:
    """Return the forecast as JSON can hold it. Units: epoch seconds, seconds, jobs, workers.

    Advice on moving jobs takes a simulation for each hour of each kind: without `moves` it is
    left out. Workers come and go by so many as `step`; none do where it is 0.
    """
    known = model.known
    late = known.now % HOUR
    more, extra = _with_more(model)
    serve_together([model, more])
    what = model.outcomes(HOURS, late).with_waits_evened()
    then = more.outcomes(HOURS, late).with_waits_evened()
    return {
        "version": VERSION,
        "made_at": known.now,
        "basis": basis(model),
        "history_hours": (known.now - known.history) / HOUR,
        "jobs_read": len(known.submitted),
        "workers": model.workers,
        "waiting": len(known.waiting),
        "running": len(known.running),
        "hours": _hours(model, what, then, extra),
        "drained": _drained(model),
        "kinds": _kinds(model),
        "any": _range(model, Groups.alone(np.array([-1]), np.array([-1]), np.array([NORMAL])))[0],
        "learnt": model.learnt.plain(),
        "advice": _advice(model, moves, step),
    }


def basis(model: QueueModel) -> str:
    """Return what the forecast rests on: none, hours, days or weeks of history."""
    days = (model.known.now - model.known.history) / DAY
    if days * 24 < 1:
        return "none"
    return "hours" if days < 1 else "days" if days < 7 else "weeks"


def _hours(model: QueueModel, what: Outcomes, then: Outcomes, extra: float) -> list[dict[str, Any]]:
    """Return each whole hour's forecasts; `carry` is what one more job now would add to them."""
    first = model.known.now - model.known.now % HOUR
    arrivals = model.arrivals_per_hour(HOURS, model.known.now % HOUR)
    series = {name: points_of(model, name, what, then, extra) for name in ("size", "busy", "wait")}
    return [
        {
            "time": first + (hour + 1) * HOUR,
            **{name: points[hour] for name, points in series.items()},
            "arrivals": float(arrivals[hour]),
        }
        for hour in range(HOURS)
    ]


def points_of(
    model: QueueModel, name: str, what: Outcomes, then: Outcomes, extra: float
) -> list[dict[str, float]]:
    paths = getattr(what, name)
    quantiles = model.read(name, paths, RANGE)
    confidence = _confidence(model, name, paths, quantiles[:, 1])
    carry = (getattr(then, name) - paths).mean(axis=0) / extra
    return [
        {
            "lower": float(low),
            "middle": float(middle),
            "upper": float(high),
            "confidence": float(sure),
            "carry": float(per_job),
        }
        for (low, middle, high), sure, per_job in zip(quantiles, confidence, carry, strict=True)
    ]


def _confidence(model: QueueModel, name: str, paths: Floats, shown: Floats) -> Floats:
    """Return the share of the futures, as far as trusted, that come near the value shown."""
    near = np.maximum(TOLERANCE[name], RELATIVE * shown)[:, None]
    likely = model.read(name, paths, FINE)
    share: Floats = (np.abs(likely - shown[:, None]) <= near).mean(axis=1)
    limit = {"none": 0.3, "hours": 0.5}.get(basis(model), 1.0)
    return np.minimum(share, limit)


def _with_more(model: QueueModel) -> tuple[QueueModel, float]:
    """Return the model with some more jobs waiting in every path, and how many."""
    futures = model.futures
    extra = 1 + len(model.known.waiting) // 5 // futures.bundle
    rng = np.random.default_rng(0)
    rows = _alike(futures, extra, rng)
    path = np.repeat(np.arange(futures.paths), extra)
    nobody = np.full(len(path), -2)  # neither waiting now nor still to come

    def longer(column: Any, added: Any) -> Any:
        return np.concatenate([column, np.broadcast_to(added, path.shape)])

    more = replace(
        futures,
        path=longer(futures.path, path),
        tier=longer(futures.tier, NORMAL),
        submitted=longer(futures.submitted, 0.0),
        ready=longer(futures.ready, 0.0),
        run=longer(futures.run, futures.run[rows] if len(rows) else 60.0),
        row=longer(futures.row, nobody),
        like=longer(futures.like, nobody),
        rank=longer(futures.rank, len(model.known.waiting)),
        weight=longer(futures.weight, float(futures.bundle)),
    )
    return replace(model, futures=more), float(extra * futures.bundle)


def _alike(futures: Futures, extra: int, rng: np.random.Generator) -> Ints:
    """Return jobs whose run times the additional ones take, any of any path."""
    if not len(futures.run):
        return np.empty(0, dtype=np.intp)
    return rng.integers(0, len(futures.run), size=extra * futures.paths)


def _drained(model: QueueModel) -> dict[str, float]:
    """Return when all jobs that wait now have ended, in seconds after the forecast was made."""
    low, middle, high = model.drained()
    return {"lower": low, "middle": middle, "upper": high}


def _kinds(model: QueueModel) -> dict[str, dict[str, float]]:
    """Return the run times of the kinds seen most, whoever submits them."""
    kinds, count = np.unique(model.known.kind, return_counts=True)
    kept = kinds[np.argsort(-count, kind="stable")][:MOST_KINDS]
    ranges = _range(model, Groups.alone(np.full(len(kept), -1), kept, np.full(len(kept), NORMAL)))
    return {str(kind): each for kind, each in zip(kept.tolist(), ranges, strict=True)}


def _range(model: QueueModel, groups: Groups) -> list[dict[str, float]]:
    levels = np.concatenate([RANGE, FINE])
    quantiles = model.durations.quantiles(groups, model.known.now, levels)
    return [
        {
            "lower": float(row[0]),
            "middle": float(row[1]),
            "upper": float(row[2]),
            "mean": float(row[3:].mean()),
        }
        for row in quantiles
    ]


def _advice(model: QueueModel, moving: bool, step: int) -> dict[str, list[dict[str, float]]]:
    """Return what would shorten the waits; nothing without a day of history to judge by."""
    if basis(model) in ("none", "hours"):
        return {"workers": [], "windows": [], "moves": []}
    coming = model.futures.like[model.futures.coming(DAY)]
    kinds, count = np.unique(coming[coming >= 0], return_counts=True)
    most = kinds[np.argsort(-count, kind="stable")][: KINDS_MOVED if moving else 0]
    moves = [best_move(model, kind) for kind in most.tolist()]
    changes = (step, 2 * step, -step) if step else ()
    return {
        "workers": [asdict(each) for each in workers_effects(model, changes)],
        "windows": [asdict(each) for each in best_windows(model)],
        "moves": [asdict(each) for each in moves if each is not None],
    }
