"""How long jobs run: what resembles them most counts most, what resembles them less fills in.

imagine.py draws run times from it, model.py shows its quantiles. Logarithms of seconds throughout.
What comes in bulk runs shorter in real logs, so that counts as a likeness too.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.queueing.pools import Pool, pool
from forecasting.queueing.trust import (
    NEWCOMER,
    LevelMap,
    Ranks,
    cautious,
    learn_levels,
    ranks_among,
)
from forecasting.queueing.workload import Ints, Workload
from forecasting.recursion import Floats

DEPTHS = (30, 30, 30, 30, 30, 30, 120)
"""Newest run times read, from alike to unlike: of the same user, kind and bulk, the same user and
kind, the same kind, user, bulk, priority, and of all jobs."""
FADING = (0.9, 0.9, 0.93, 0.93, 0.95, 0.95, 0.98)
"""What each older run time counts for beside the next newer one."""
DOUBT = 4.0
"""Run times that a group needs before it counts for as much as all wider groups together."""
N_LEVELS = 64
FEW = 10
TRIED, EVERY = 1500, 2
"""Run times compared with what would have been said, every second one of twice as many."""
SPAN = 12 * 3600.0
"""Seconds of submissions that count as one: a burst is one event."""
DURATION_DOUBT = 6.0
CHANGE = 1.12
"""How much further out to read than the past taught: jobs change, and 80 % then held 77 %."""
SHORTEST = 1.0
UNKNOWN = np.log(300.0) + 1.8 * np.linspace(-2.0, 2.0, 15)
"""Run times of a job of which nothing is known: from ten seconds to three hours."""
OVERDUE = np.log1p(-np.log(1 - (np.arange(8) + 0.5) / 8))
"""A job that outran all others may run as long again, give or take: what that adds."""


@dataclass(frozen=True)
class Groups:
    """What is known of jobs before they run. Shape: (n,) each.

    `bulk` is -1 where it is not known with how many others a job will come.
    """

    user: Ints
    kind: Ints
    tier: Ints
    bulk: Ints

    @staticmethod
    def alone(user: Ints, kind: Ints, tier: Ints) -> "Groups":
        """Return what is known of jobs that may come with others or not."""
        return Groups(user, kind, tier, np.full_like(tier, -1))

    def take(self, rows: Ints) -> "Groups":
        """Return those of some jobs."""
        return Groups(self.user[rows], self.kind[rows], self.tier[rows], self.bulk[rows])


@dataclass(frozen=True)
class Durations:
    """The run times known, by group from narrow to wide."""

    pools: tuple[Pool, ...]
    trusted: LevelMap

    def quantiles(self, groups: Groups, now: float, levels: Floats) -> Floats:
        """Return quantiles of the run times, in seconds, of jobs that start at `now`.

        Shape: groups (q,), levels (k,); returns (q, k).
        """
        n = len(groups.user)
        table = self.table(groups, np.full(n, now), np.zeros(n))
        which = np.repeat(np.arange(n), len(levels))
        asked = np.tile(self.trusted(levels), n)[None]
        return self.drawn(table, which, asked).reshape(n, len(levels))

    def drawn(self, table: Floats, which: Ints, levels: Floats) -> Floats:
        """Return run times in seconds at levels of rows of a table.

        Shape: table (q, N_LEVELS), which (n,), levels (p, n); returns (p, n).
        """
        place = np.clip(levels * N_LEVELS - 0.5, 0.0, N_LEVELS - 1.0)
        lower = np.minimum(place.astype(np.intp), N_LEVELS - 2)
        low, high = table[which, lower], table[which, lower + 1]
        seconds: Floats = np.exp(low + (place - lower) * (high - low))
        return seconds

    def table(self, groups: Groups, times: Floats, elapsed: Floats) -> Floats:
        """Return quantiles of the log run time of jobs that ran `elapsed` seconds at `times`.

        Shape: groups (q,), times (q,), elapsed (q,) 0 for waiting jobs; returns (q, N_LEVELS),
        at the levels (i + 0.5) / N_LEVELS.
        """
        values, weights = self._atoms(groups, times)
        floor = np.log(np.maximum(elapsed, SHORTEST))[:, None]
        ran = elapsed[:, None] > 0
        weights = np.where(ran & (values <= floor), 0.0, weights)
        beyond = np.broadcast_to(floor + OVERDUE, (len(floor), len(OVERDUE)))
        doubt = np.where(ran, 0.02 / len(OVERDUE), 0.0) * np.ones(len(OVERDUE))
        return _quantiles(np.hstack([values, beyond]), np.hstack([weights, doubt]))

    def ranks(
        self, groups: Groups, times: Floats, logs: Floats, rng: np.random.Generator
    ) -> Floats:
        """Return at which levels of their tables the true run times stand. Shape: (q,)."""
        table = self.table(groups, times, np.zeros(len(times)))
        return ranks_among(table.T, logs, rng)

    def _atoms(self, groups: Groups, times: Floats) -> tuple[Floats, Floats]:
        """Return run times seen and what each counts for. Shape: (q, atoms) both; weights sum 1."""
        values, weights = [], []
        rest = np.ones(len(times))
        for each, names, depth, fading in zip(
            self.pools, _names(groups), DEPTHS, FADING, strict=True
        ):
            seen, exist = each.newest(names, times, depth)
            weight = exist * fading ** np.arange(depth)
            total = weight.sum(axis=1)
            scale = rest / (total + DOUBT)
            values.append(seen)
            weights.append(weight * scale[:, None])
            rest = DOUBT * scale
        values.append(np.broadcast_to(UNKNOWN, (len(times), len(UNKNOWN))))
        weights.append(np.broadcast_to(rest[:, None] / len(UNKNOWN), values[-1].shape))
        return np.hstack(values), np.hstack(weights)


def learn_durations(
    jobs: Workload, rng: np.random.Generator, trusted: LevelMap | None = None
) -> Durations:
    """Read the run times of jobs that ended; of few, those that run count as half done."""
    read = np.flatnonzero(~np.isnan(jobs.finished))
    runs = jobs.finished[read] - jobs.started[read]
    ends = jobs.finished[read]
    if len(read) < FEW:
        read = np.append(read, jobs.running)
        runs = np.append(runs, 2 * (jobs.now - jobs.started[jobs.running]))
        ends = np.append(ends, np.full(len(jobs.running), jobs.now))
    logs = np.log(np.maximum(runs, SHORTEST))
    groups = Groups(jobs.user[read], jobs.kind[read], jobs.tier[read], jobs.bulk[read])
    pools = tuple(pool(names, ends, logs) for names in _names(groups))
    untried = Durations(pools, cautious())
    return Durations(pools, trusted or _trusted(untried, jobs, rng))


def _trusted(durations: Durations, jobs: Workload, rng: np.random.Generator) -> LevelMap:
    """Compare the newest run times with what would have been said at their submission."""
    tried = np.flatnonzero(~np.isnan(jobs.finished) & (jobs.submitted > jobs.history))
    tried = tried[-TRIED * EVERY :: EVERY] if len(tried) > TRIED * EVERY else tried[-TRIED:]
    if not len(tried):
        return cautious(NEWCOMER)
    logs = np.log(np.maximum(jobs.finished[tried] - jobs.started[tried], SHORTEST))
    groups = Groups.alone(jobs.user[tried], jobs.kind[tried], jobs.tier[tried])
    ranks = durations.ranks(groups, jobs.submitted[tried], logs, rng)
    _, span, count = np.unique(
        jobs.submitted[tried] // SPAN, return_inverse=True, return_counts=True
    )
    learnt = learn_levels(Ranks(ranks, 1 / count[span]), cautious(), DURATION_DOUBT)
    return learnt.further_out(CHANGE)


def _names(groups: Groups) -> tuple[Ints, ...]:
    # Two numbers as one; a chance collision would only mix two pools.
    both = groups.user * np.intp(1_000_003) + groups.kind
    all_three = both * np.intp(101) + groups.bulk
    everyone = np.zeros_like(groups.tier)
    return all_three, both, groups.kind, groups.user, groups.bulk, groups.tier, everyone


def _quantiles(values: Floats, weights: Floats) -> Floats:
    """Return quantiles of each row's weighted values, even between neighbouring ones."""
    order = np.argsort(np.where(weights > 0, values, np.inf), axis=1)
    values = np.take_along_axis(values, order, axis=1)
    weights = np.take_along_axis(weights, order, axis=1)
    used = weights > 0
    total = np.cumsum(weights, axis=1)
    middle = (total - weights / 2) / total[:, -1:]
    rows = np.arange(len(values))[:, None]
    wanted = rows + (np.arange(N_LEVELS) + 0.5) / N_LEVELS
    flat = (rows + np.where(used, middle, 1.0)).ravel()
    upper = np.searchsorted(flat, wanted) - rows * values.shape[1]
    last = used.sum(axis=1, keepdims=True) - 1
    upper = np.clip(upper, 0, last)
    lower = np.maximum(upper - 1, 0)
    low, high = (np.take_along_axis(middle, at, axis=1) for at in (lower, upper))
    gap = np.where(high > low, high - low, 1.0)
    share = np.clip((wanted - rows - low) / gap, 0.0, 1.0)
    begin, end = (np.take_along_axis(values, at, axis=1) for at in (lower, upper))
    return begin + share * (end - begin)
