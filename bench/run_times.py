"""``python -m bench.run_times``: how good estimates of run times are, with training and without.

Real logs are replayed: every third hour what completed is learnt, and jobs of the next hour are
estimated both ways, as ``queueapp.foresight.durations`` does. Nothing here passes or fails.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from actors.forecasts.known import Columns
from actors.forecasts.run_times import learn_run_times
from bench.core.table import show
from bench.forecast.history import HOUR, WARM_HOURS, Floats, History
from bench.forecast.traces import WINDOWS, trace
from queueapp.domain.estimates import MIN_SAMPLES, SAMPLE_AGE_MS, Duration, Runs, estimate_duration

LOGS = Path(__file__).resolve().parents[2] / "shared/traces"
EVERY = 3
NEWEST = 20_000
RUNS_READ = 200
NEVER_MS = 1e12
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

    def estimates(self) -> Iterator[tuple[float, Duration, Duration, Duration]]:
        """Yield a true run time in ms, and the estimates of it in the order of WAYS."""
        work = self.past.work
        for hour in range(WARM_HOURS, len(self.past.size) - 24, EVERY):
            learnt, now = self.learnt(hour), self.past.begin + hour * HOUR
            soon = (work.submitted > now) & (work.submitted <= now + HOUR)
            for job in np.flatnonzero(soon).tolist():
                kind, at = int(work.kind[job]), float(work.submitted[job])
                alike, every = self.newest(at, kind), self.newest(at, None)
                trained = [
                    learnt.get(f"{work.user[job]}/r/Job/Dataset/{kind}"),
                    Runs.of(alike, []),
                    learnt.get(f"{work.user[job]}/t/Job"),
                    Runs.of(every, []),
                ]
                ladders = (trained, trained[1::2], [_wide(alike), _wide(every)])
                yield 1000 * float(work.run[job]), *map(_first, ladders)


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
    parser = argparse.ArgumentParser(prog="python -m bench.run_times", description=__doc__)
    parser.add_argument("--logs", type=Path, default=LOGS, help="folder of the real logs")
    parser.add_argument("--only", help=f"some of {','.join(WINDOWS)}")
    asked = parser.parse_args()
    for name in asked.only.split(",") if asked.only else WINDOWS:
        past = trace(name, asked.logs)
        truth, *ways = zip(*Replay(past).estimates(), strict=True)
        rows = [_row(*each, np.array(truth)) for each in zip(WAYS, ways, strict=True)]
        show(f"{name}: {len(truth):,} jobs", HEAD, rows)


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
