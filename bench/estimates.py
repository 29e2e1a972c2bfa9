"""``python -m bench.estimates``: how good run times and starts are, with training and without.

Real logs are replayed: every third hour what completed is learnt, and jobs of the next hour are
estimated both ways, as ``queueapp.foresight.durations`` does; twice a day the queue is simulated
with both. Nothing here passes or fails.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from actors.forecasts.known import Columns
from actors.forecasts.run_times import learn_run_times
from bench.core.table import show
from bench.forecast.generator import CHARACTERS, generated
from bench.forecast.history import HOUR, WARM_HOURS, Floats, History
from bench.forecast.traces import WINDOWS, trace
from queueapp.domain.estimates import MIN_SAMPLES, SAMPLE_AGE_MS, Duration, Runs, estimate_duration
from queueapp.domain.rooms import Crew, Room, Shape
from queueapp.domain.simulation import Bounds, Queued, Simulation
from queueapp.domain.slots import Held

LOGS = Path(__file__).resolve().parents[2] / "shared/traces"
EVERY = 3
NEWEST = 20_000
RUNS_READ = 200
NEVER_MS = 1e12
STARTS_EVERY, STARTS = 12, 6
QUEUED = 200
TYPES = frozenset({"Job"})
SHAPE = Shape("Job", 1, 1)
WAYS = ("with training", "newest runs, 25 to 90 %", "newest runs, 10 to 90 %")
HEAD = ("estimates", "median error", "error of the mean", "sums to", "range held", "no longer")


class Replay:
    """A log at one moment after another."""

    def __init__(self, past: History) -> None:
        self.past = past
        self.levels: list[float] | None = None
        self.by_end = np.argsort(past.finished, kind="stable")

    def learnt(self, hour: int) -> Mapping[str, Runs]:
        """Return what training makes of the jobs known at an hour; levels are learnt once a day."""
        now = self.past.begin + hour * HOUR
        jobs, _ = self.past.jobs(now)
        columns = {name: np.asarray(column, np.float64)[-NEWEST:] for name, column in jobs.items()}
        done = ~np.isnan(columns["finished"])
        names = [str(n) for n in range(int(columns["user"].max()) + 1)]
        kinds = [f"r/Job/Dataset/{n}" for n in range(int(self.past.work.kind.max()) + 1)]
        found = learn_run_times(
            Columns({n: c.tolist() for n, c in columns.items()}, kinds, names, done.tolist()),
            now=now,
            since=float(columns["submitted"][0]),
            levels=self.levels if hour % 24 else None,
        )
        if found is None:
            return {}
        self.levels = found.levels
        return {
            name: Runs(runs, low, high, mean, middle_ms=middle, learnt=True)
            for name, (low, middle, high, mean, runs) in found.rows.items()
        }

    def newest(self, at: float, kind: int | None) -> list[float]:
        """Return the newest runs of a kind, or of all, that had ended at a time, in ms."""
        ended = self.by_end[: np.searchsorted(self.past.finished[self.by_end], at, side="right")]
        ended = ended[self.past.finished[ended] > at - SAMPLE_AGE_MS / 1000]
        if kind is not None:
            ended = ended[self.past.work.kind[ended] == kind]
        found: list[float] = (1000 * self.past.work.run[ended[-RUNS_READ:]]).tolist()
        return found

    def run_times(self) -> Iterator[tuple[float, ...]]:
        """Yield the true run time in ms, and what is told of it in the order of WAYS."""
        work = self.past.work
        for hour in self._hours(EVERY):
            learnt, now = self.learnt(hour), self._at(hour)
            soon = (work.submitted > now) & (work.submitted <= now + HOUR)
            for job in np.flatnonzero(soon).tolist():
                told = self._told(job, float(work.submitted[job]), learnt)
                yield 1000 * float(work.run[job]), *told

    def starts(self) -> Iterator[tuple[float, ...]]:
        """Yield how long some waiting jobs still waited in s, as simulated, and by the rule."""
        past, work = self.past, self.past.work
        for hour in self._hours(STARTS_EVERY):
            learnt, now = self.learnt(hour), self._at(hour)
            came = work.submitted <= now
            running = np.flatnonzero(came & (past.started <= now) & (past.finished > now))
            waiting = np.flatnonzero(came & (past.started > now))
            turns = np.lexsort((work.submitted[waiting], work.priority[waiting]))
            queue = waiting[turns][:QUEUED].tolist()
            told = {job: self._told(job, now, learnt) for job in (*queue, *running.tolist())}
            ways = [
                self._simulated(now, running.tolist(), queue, {j: d[way] for j, d in told.items()})
                for way in (0, 1)
            ]
            mean = float(np.mean(self.newest(now, None)[-RUNS_READ:])) / 1000
            for place in sorted({*np.linspace(0, len(queue) - 1, STARTS).astype(int).tolist()}):
                if queue:
                    rule = (place + 1) * mean / past.workers
                    yield past.started[queue[place]] - now, *(way[place] for way in ways), rule

    def _told(self, job: int, at: float, learnt: Mapping[str, Runs]) -> tuple[Duration, ...]:
        """Return what is told of a job's run time at a moment, in the order of WAYS."""
        user, kind = int(self.past.work.user[job]), int(self.past.work.kind[job])
        alike, every = self.newest(at, kind), self.newest(at, None)
        trained = [
            learnt.get(f"{user}/r/Job/Dataset/{kind}"),
            Runs.of(alike, []),
            learnt.get(f"{user}/t/Job"),
            Runs.of(every, []),
        ]
        return tuple(map(_first, (trained, trained[1::2], [_wide(alike), _wide(every)])))

    def _simulated(
        self, now: float, running: list[int], queue: list[int], told: Mapping[int, Duration]
    ) -> list[float]:
        """Return when queued jobs start, in seconds from now, if each runs as long as is told."""
        work = self.past.work
        slots = self.past.workers
        played = Simulation(now, [Room("n", slots, slots, (Crew(TYPES, slots),))], Bounds())
        held = [
            Held("n", TYPES, SHAPE, self.past.started[job] + told[job].high_ms / 1000)
            for job in running
        ]
        played.run(
            held,
            [
                Queued(str(job), int(work.priority[job]), SHAPE, told[job].high_ms / 1000)
                for job in queue
            ],
        )
        return [played.starts[str(job)] - now for job in queue]

    def _hours(self, every: int) -> range:
        return range(WARM_HOURS, len(self.past.size) - 24, every)

    def _at(self, hour: int) -> float:
        return self.past.begin + hour * HOUR


def _first(ladder: Sequence[Runs | None]) -> Duration:
    steps = [("", runs) for runs in ladder if runs is not None]
    return estimate_duration(steps, timeout_ms=NEVER_MS)


def _wide(run_ms: Sequence[float]) -> Runs:
    """Sum up runs by the quantiles that training tells."""
    if len(run_ms) < MIN_SAMPLES:
        return Runs(0)
    low, middle, high = np.quantile(run_ms, (0.1, 0.5, 0.9))
    return Runs(len(run_ms), low, high, fmean(run_ms), middle_ms=middle, learnt=True)


def main() -> None:
    """Replay the logs that are there and print how good the estimates were."""
    parser = argparse.ArgumentParser(prog="python -m bench.estimates", description=__doc__)
    parser.add_argument("--logs", type=Path, default=LOGS, help="folder of the real logs")
    parser.add_argument("--only", help=f"some of {','.join((*WINDOWS, *CHARACTERS))}")
    asked = parser.parse_args()
    for name in asked.only.split(",") if asked.only else WINDOWS:
        past = trace(name, asked.logs) if name in WINDOWS else generated(name)
        truth, *ways = zip(*Replay(past).run_times(), strict=True)
        rows = [_row(*each, np.array(truth)) for each in zip(WAYS, ways, strict=True)]
        show(f"{name}: {len(truth):,} run times", HEAD, rows)
        starts = np.array(list(Replay(past).starts()))
        show(
            f"{name}: {len(starts)} starts",
            ("estimates", "error over the mean wait", "begun by then"),
            [
                _start_row(way, starts[:, 0], starts[:, 1 + at])
                for at, way in enumerate((*WAYS[:2], "jobs before it x mean / workers"))
            ],
        )


def _start_row(way: str, truth: Floats, told: Floats) -> tuple[str, ...]:
    error = np.abs(told - truth).mean() / truth.mean()
    return way, f"{error:.2f}", f"{(truth <= told + 1).mean():.2f}"


def _row(way: str, found: Sequence[Duration], truth: Floats) -> tuple[str, ...]:
    low, high, mean = (
        np.array([getattr(one, name) or 0.0 for one in found])
        for name in ("low_ms", "high_ms", "mean_ms")
    )
    middle = np.array([one.middle_ms if one.learnt else one.mean_ms for one in found], np.float64)
    return (
        way,
        f"{np.median(np.abs(middle - truth)) / 1000:.0f} s",
        f"{np.abs(mean - truth).mean() / truth.mean():.2f}",
        f"{mean.mean() / truth.mean():.2f}",
        f"{((low <= truth) & (truth <= high)).mean():.2f}",
        f"{(truth <= high).mean():.2f}",
    )


if __name__ == "__main__":
    main()
