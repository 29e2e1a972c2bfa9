"""Learns how long each user's jobs run, from the same model that forecasts are made with.

The ForecastRefresh job calls it; estimates read what it returns. Only runs that completed count:
others do not tell how long the work takes. Decision 0069.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from actors.forecasts.known import Columns
from forecasting.queueing.durations import Durations, Groups, learn_durations
from forecasting.queueing.trust import LevelMap
from forecasting.queueing.workload import Workload, workload

Ints = NDArray[np.intp]
FEWEST = 30
"""Completed runs below which nothing is learnt."""
FEWEST_ALIKE = 5
"""Runs that have a mean of their own, and, of a type, that tell of a resource that is new."""
AVERAGED = 200
MOST = 500
MOST_TYPES = 200
SHOWN = np.array([0.1, 0.5, 0.9])
ANY = -1
SEED = 0
GROUPED = ("user", "kind", "tier")

Figures = tuple[int, int, int, int, int]
"""Milliseconds that 10, 50 and 90 % of the runs take at most, their mean, and how many they are."""


@dataclass(frozen=True)
class RunTimes:
    """Run times by user and basis, named `user/basis`, and the levels that they were read at."""

    rows: dict[str, Figures]
    levels: list[float]


def learn_run_times(
    columns: Columns, *, now: float, since: float, levels: Sequence[float] | None = None
) -> RunTimes | None:
    """Return how long jobs run that users submitted lately; None where too few completed.

    `levels`, of an earlier call, spare the comparison of run times with what would have been said.
    """
    done = np.flatnonzero(columns.done)
    if len(done) < FEWEST:
        return None
    runs = _completed(columns, done, now, since)
    trusted = None if levels is None else LevelMap(np.array(levels))
    model = learn_durations(runs.known, np.random.default_rng(SEED), trusted)
    wanted = [*_resources(runs, columns.kinds), *_types(runs)]
    figures = _figures(model, runs, wanted)
    rows = {_name(columns, runs, one): each for one, each in zip(wanted, figures, strict=True)}
    return RunTimes(rows, model.trusted.values.tolist())


@dataclass(frozen=True)
class _Runs:
    """Completed runs as the model groups them: its users are a user's jobs of one type, its tiers
    are job types, so that what is learnt of a type counts for a resource that is new."""

    known: Workload
    types: Sequence[str]


@dataclass(frozen=True)
class _Group:
    """Some user's jobs of one type, of one kind or any; a number where the model has one."""

    user: int
    kind: int
    tier: int
    runs: int


def _completed(columns: Columns, done: Ints, now: float, since: float) -> _Runs:
    jobs = {name: column[done] for name, column in columns.jobs.items()}
    types = sorted({_type(kind) for kind in columns.kinds})
    place = {name: at for at, name in enumerate(types)}
    of_kind = np.array([place[_type(kind)] for kind in columns.kinds], dtype=np.intp)
    tier = of_kind[jobs["kind"].astype(np.intp)]
    known = workload({**jobs, "user": jobs["user"] * len(types) + tier}, now, since)
    return _Runs(replace(known, tier=tier[known.rows]), types)


def _type(kind: str) -> str:
    return kind.split("/")[1]


def _resources(runs: _Runs, kinds: Sequence[str]) -> list[_Group]:
    """Return what users lately ran that needs a resource, newest first."""
    known = runs.known
    columns = (known.user.tolist(), known.kind.tolist(), known.tier.tolist())
    rows = [row for row in zip(*columns, strict=True) if kinds[row[1]].startswith("r/")]
    newest = list(dict.fromkeys(reversed(rows)))[:MOST]
    count = Counter(rows)
    return [_Group(user, kind, tier, count[user, kind, tier]) for user, kind, tier in newest]


def _types(runs: _Runs) -> list[_Group]:
    """Return the types of which users ran enough, most first."""
    known = runs.known
    count = Counter(zip(known.user.tolist(), known.tier.tolist(), strict=True))
    return [
        _Group(user, ANY, tier, n)
        for (user, tier), n in count.most_common(MOST_TYPES)
        if n >= FEWEST_ALIKE
    ]


def _name(columns: Columns, runs: _Runs, group: _Group) -> str:
    user = columns.users[group.user // len(runs.types)]
    basis = f"t/{runs.types[group.tier]}" if group.kind == ANY else columns.kinds[group.kind]
    return f"{user}/{basis}"


def _figures(model: Durations, runs: _Runs, wanted: Sequence[_Group]) -> list[Figures]:
    """Return each group's figures.

    The mean is that of its own runs, where they are a few: quantiles are wide on purpose, and a
    queue's work is a sum of means.
    """
    n, now, own = len(wanted), runs.known.now, _own_means(runs.known)
    groups = Groups.alone(*(np.array([getattr(g, name) for g in wanted]) for name in GROUPED))
    shown = model.quantiles(groups, now, SHOWN)
    drawn = np.exp(model.table(groups, np.full(n, now), np.zeros(n))).mean(axis=1)
    means = [own.get((g.user, g.kind), usual) for g, usual in zip(wanted, drawn, strict=True)]
    low, middle, high, mean = (1000 * np.vstack([shown.T, means])).round().astype(int).tolist()
    return list(zip(low, middle, high, mean, [group.runs for group in wanted], strict=True))


def _own_means(known: Workload) -> dict[tuple[int, int], float]:
    """Return the mean of the newest runs of each user and kind, or any kind, that ran enough."""
    newest = np.argsort(known.finished, kind="stable")[::-1]
    seconds = (known.finished - known.started)[newest].tolist()
    users, kinds = known.user[newest].tolist(), known.kind[newest].tolist()
    found: dict[tuple[int, int], list[float]] = {}
    for user, kind, ran in zip(users, kinds, seconds, strict=True):
        for group in ((user, kind), (user, ANY)):
            mine = found.setdefault(group, [])
            if len(mine) < AVERAGED:
                mine.append(ran)
    return {group: fmean(ran) for group, ran in found.items() if len(ran) >= FEWEST_ALIKE}
