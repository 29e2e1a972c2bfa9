"""Possible futures of a queue: who waits, who may come, how long each runs.

imagine.py draws them, simulate.py serves them, outcomes.py reads off what is forecast.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.queueing.outcomes import Outcomes, Served
from forecasting.queueing.simulate import Lanes, serve
from forecasting.queueing.workload import TIERS, Ints
from forecasting.recursion import Floats

NEVER = 7 * 86400.0
"""When a job starts that no worker will take: not in the week ahead."""
TICK = 0.05
RANKS = 1 << 21
TICKS = 1 << 28


@dataclass(frozen=True)
class Line:
    """Jobs of several paths that wait or come, as in Futures. Shape: (n,) each."""

    path: Ints
    tier: Ints
    submitted: Floats
    ready: Floats
    run: Floats
    row: Ints
    like: Ints
    rank: Ints
    weight: Floats


@dataclass(frozen=True)
class Futures(Line):
    """The jobs of several paths. Times in seconds after the origin.

    Shape: path, tier, submitted, ready, run (n,); row (n,), the place of a waiting job in the
    workload, -1 for one still to come; like (n,), the kind of one still to come, -1 of a
    waiting one; rank (n,), its place among the waiting; weight (n,), how
    many jobs it stands for; ends (paths, running), when those that run now end. The waiting ones
    stand first, path by path. Of `bundle` jobs that are one here, `abreast` run at once.
    """

    ends: Floats
    bundle: int = 1
    abreast: int = 1

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return len(self.ends)

    def first(self, paths: int) -> "Futures":
        """Return some of the paths, for what need not be exact."""
        kept = self.path < paths
        columns = {each.name: getattr(self, each.name)[kept] for each in fields(Line)}
        return replace(self, ends=self.ends[:paths], **columns)

    def coming(self, seconds: float) -> NDArray[np.bool_]:
        """Return which jobs come in so many seconds from the origin."""
        coming: NDArray[np.bool_] = (self.row == -1) & (self.submitted <= seconds)
        return coming

    def served(self, free: Floats) -> Floats:
        """Return when each job starts. Shape: free (paths, workers); returns (n,)."""
        return served_together([self], [free])[0]

    def free(self, workers: int, closed_until: float = 0.0) -> Floats:
        """Return when each worker can start a job, none while the queue is closed.

        Where more jobs run than there are workers, as many must end first as are too many.
        """
        running = self.ends.shape[1]
        idle = np.zeros((self.paths, max(0, workers - running)))
        last = np.sort(self.ends, axis=1)[:, max(0, running - workers) :]
        free: Floats = np.sort(np.maximum(np.hstack([idle, last]), closed_until), axis=1)
        return free[:, min(self.abreast, workers) - 1 :: self.abreast] if workers else free

    def outcomes(self, starts: Floats, hours: int, late: float = 0.0) -> Outcomes:
        """Return what becomes of the queue where each job starts at its time.

        The first hour began `late` seconds before the origin.
        """
        served = Served(
            path=self.path,
            submitted=self.submitted + late,
            start=starts + late,
            run=self.run,
            weight=self.weight,
            ends=self.ends + late,
            abreast=self.abreast,
        )
        return served.outcomes(hours)

    def starts_waiting(self, starts: Floats, place: Ints) -> Floats:
        """Return when the waiting jobs at these places start. Shape: place (k,) -> (paths, k)."""
        bundles = int((self.row >= 0).sum()) // self.paths
        first = starts[: self.paths * bundles].reshape(self.paths, bundles)
        spread = self.run[: self.paths * bundles].reshape(self.paths, bundles)
        within = place % self.bundle / self.bundle
        which = place // self.bundle
        result: Floats = first[:, which] + within * spread[:, which]
        return result


def laid_out(waiting: Line, coming: Line, ends: Floats, bundle: int, abreast: int) -> Futures:
    """Return the futures of jobs that wait, of jobs to come and of running ones."""

    def both(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(waiting, name), getattr(coming, name)])

    return Futures(
        path=both("path"),
        tier=both("tier"),
        submitted=both("submitted"),
        ready=both("ready"),
        run=both("run"),
        row=both("row"),
        like=both("like"),
        rank=both("rank"),
        weight=both("weight"),
        ends=ends,
        bundle=bundle,
        abreast=abreast,
    )


def served_together(parts: list[Futures], free: list[Floats]) -> list[Floats]:
    """Return when each job of each part starts, all parts served in one go.

    Shape: free[i] (paths of parts[i], workers there); returns as many starts as parts.
    """
    if not parts:
        return []
    before = np.cumsum([0] + [part.paths for part in parts])
    path = np.concatenate([p.path + first for p, first in zip(parts, before[:-1], strict=True)])
    tier, ready, run, rank = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("tier", "ready", "run", "rank")
    )
    order = np.argsort(_turn(path * TIERS + tier, ready, rank), kind="stable")
    lanes = Lanes(path[order], tier[order], ready[order], run[order])
    starts = np.empty(len(order))
    starts[order] = serve(lanes, _side_by_side(free), TIERS)
    starts = np.where(np.isfinite(starts), starts, np.maximum(ready, NEVER))
    return np.split(starts, np.cumsum([len(part.path) for part in parts])[:-1])


def _turn(lane: Ints, ready: Floats, rank: Ints) -> Ints:
    """Return one number that sorts by lane, time and place: three sorts in one."""
    ticks = np.minimum(ready / TICK, TICKS - 1).astype(np.int64)
    turn: Ints = (lane * TICKS + ticks) * RANKS + np.minimum(rank, RANKS - 1)
    return turn


def _side_by_side(free: list[Floats]) -> Floats:
    """Put the workers of all parts into one table; who is not there is never free."""
    most = max(part.shape[1] for part in free)
    return np.vstack(
        [np.pad(p, ((0, 0), (0, most - p.shape[1])), constant_values=np.inf) for p in free]
    )
