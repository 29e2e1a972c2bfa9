"""What is published of a queue's forecast: the record, and what it says of types and machines.

Actors call it with plain lists and store what it returns as JSON. Everything is read off one
fitted model, so the parts agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecasting.machines import loads
from forecasting.queueing.fit import fit
from forecasting.queueing.learnt import Learnt
from forecasting.queueing.model import QueueModel
from forecasting.queueing.outcomes import HOUR, Outcomes
from forecasting.queueing.record import HOURS, points_of, record
from forecasting.queueing.replay import HOURS_APART
from forecasting.recursion import Floats

MOST_TYPES = 20
DAY = 24
SEED = 0


@dataclass(frozen=True)
class Known:
    """What is known of a queue. Times in epoch seconds.

    `jobs` are the columns that `fit` takes; `kinds` names each kind: a letter, the job type and
    what else alike jobs share, with slashes between. `slots` is how many jobs the fleet can run
    at once, `others` how many of other queues it usually runs, `step` how many more it could with
    another worker.
    """

    jobs: Mapping[str, ArrayLike]
    kinds: Sequence[str]
    now: float
    since: float
    slots: int
    others: float = 0.0
    step: int = 1
    most_running: int | None = None
    paused_until: float | None = None
    samples: ArrayLike = ()
    learnt: Mapping[str, Any] | None = None
    efficiency: float | None = None

    @property
    def types(self) -> list[str]:
        """The job type of each kind."""
        return [kind.split("/")[1] for kind in self.kinds]

    @property
    def workers(self) -> int:
        """How many jobs of this queue can run at once, when other queues run as usual."""
        if not self.slots:
            return 0
        return self._free if self.most_running is None else min(self._free, self.most_running)

    @property
    def changes(self) -> int:
        """By how many jobs at once this queue's own limit lets another worker help it."""
        return self.step if self.most_running is None or self._free < self.most_running else 0

    @property
    def _free(self) -> int:
        return max(1, round(self.slots - self.others))


def published(known: Known) -> dict[str, Any]:
    """Return the forecast of a queue as JSON can hold it.

    What an earlier one learnt of its errors spares the comparison with the past.
    """
    kept = known.learnt
    model = fit(
        {name: np.asarray(column, np.float64) for name, column in known.jobs.items()},
        now=known.now,
        workers=known.workers,
        since=known.since,
        seed=SEED,
        paused_until=known.paused_until,
        learnt=Learnt.of(kept) if kept else None,
    )
    whole = record(model, moves=kept is None, step=known.changes)
    points = {name: [hour[name] for hour in whole["hours"]] for name in ("size", "wait")}
    return {
        "version": whole["version"],
        "made_at": whole["made_at"],
        "basis": whole["basis"],
        "history_hours": whole["history_hours"],
        "workers": whole["workers"],
        "step": known.step,
        "data": {
            "from": model.known.history,
            "to": model.known.now,
            "jobs": len(model.known.submitted),
        },
        "queue": {"waiting": whole["waiting"], **points},
        "drained": whole["drained"],
        "types": _types(model, known.types, points),
        "load": {
            **loads(known.samples, _busy(model) + known.others, slots=known.slots, seed=SEED),
            "efficiency": known.efficiency,
        },
        "learnt": {
            **whole["learnt"],
            "skill": kept["skill"] if kept else _skill(model),
            "moves": kept["moves"] if kept else _moves(whole, known.types),
        },
        "advice": {"workers": _workers(whole), "windows": whole["advice"]["windows"]},
    }


def _busy(model: QueueModel) -> Floats:
    """Return the workers busy in each path and whole hour."""
    return model.outcomes(HOURS, model.known.now % HOUR).busy


def _types(
    model: QueueModel, types: Sequence[str], points: Mapping[str, list[dict[str, float]]]
) -> dict[str, Any]:
    """Return the forecasts of the types seen most; one job more is felt as in the whole queue."""
    futures, known = model.futures, model.known
    names, number = np.unique([*types, ""], return_inverse=True)
    kind = np.where(futures.row >= 0, np.append(known.kind, -1)[futures.row], futures.like)
    of_row = number[np.clip(kind, -1, len(types))]
    waiting = np.bincount(number[known.kind[known.waiting]], minlength=len(names))
    count = np.bincount(number[known.kind], minlength=len(names))
    found = {}
    for each in np.argsort(-count, kind="stable")[: min(MOST_TYPES, np.count_nonzero(count))]:
        what = _only(model, of_row == each).with_waits_evened()
        series = {which: points_of(model, which, what, what, 1.0) for which in ("size", "wait")}
        found[str(names[each])] = {"waiting": int(waiting[each])} | {
            which: [
                {**own, "carry": whole["carry"]}
                for own, whole in zip(series[which], points[which], strict=True)
            ]
            for which in series
        }
    return {name: found[name] for name in found if name}


def _only(model: QueueModel, those: NDArray[np.bool_]) -> Outcomes:
    """Return what becomes of some jobs, served among all the others."""
    futures = model.futures
    part = replace(
        futures,
        **{
            name: getattr(futures, name)[those]
            for name in ("path", "tier", "submitted", "ready", "run", "row", "like", "rank")
        },
        weight=futures.weight[those],
        ends=futures.ends[:, :0],
    )
    return part.outcomes(model.starts[those], HOURS, model.known.now % HOUR)


def _moves(whole: Mapping[str, Any], types: Sequence[str]) -> list[dict[str, Any]]:
    """Return the best move of each type that a record advises to move."""
    moves: dict[str, dict[str, Any]] = {}
    for move in sorted(whole["advice"]["moves"], key=lambda one: -one["gain"]):
        moves.setdefault(types[move["kind"]], {**move, "type": types[move["kind"]]})
    return list(moves.values())


def _workers(whole: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a record's advice on workers, with the wait that there is without it."""
    return [
        {**each, "usual": each["wait"] / (1 - each["gain"]) if each["gain"] < 1 else 0.0}
        for each in whole["advice"]["workers"]
    ]


def _skill(model: QueueModel) -> float | None:
    """Return how much smaller the past error of sizes was than that of the day before repeated."""
    report = model.learnt.reports.get("size")
    if report is None or not report.points:
        return None
    known = [error for error in report.errors.values() if error is not None]
    hours = np.array([4.0, 8.0, 12.0])[: len(known)]
    naive = _naive_error(model, report.points)
    return 1 - float(np.average(known, weights=hours)) / naive if naive else None


def _naive_error(model: QueueModel, points: int) -> float:
    """Return the mean error of the day before, at the moments that the report is made of."""
    known, left = model.known, points
    ages: list[int] = []
    while left > 0:
        ages.append(HOURS_APART * (len(ages) + 1))
        left -= min(DAY, ages[-1])
    hours_ago = np.arange(ages[-1] + DAY + 1)
    at = known.now - hours_ago * HOUR
    came = np.searchsorted(np.sort(known.submitted), at, side="right")
    went = np.searchsorted(np.sort(known.started[~np.isnan(known.started)]), at, side="right")
    size = (came - went).astype(np.float64)
    then = np.concatenate([age - np.arange(1, min(DAY, age) + 1) for age in ages])
    return float(np.abs(size[then] - size[then + DAY]).mean())
