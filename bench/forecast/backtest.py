"""Forecast a history from one origin after another, with the model and with its rivals."""

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.forecast import anchors
from bench.forecast.history import HOUR, WARM_HOURS, Floats, History
from bench.forecast.scores import LEVELS, Scores
from forecasting import fit
from forecasting.queueing.model import QueueModel

HOURS = 24
TARGETS = {"queue_size": "size", "busy_workers": "busy", "wait_seconds": "wait"}
OURS = "queueapp"
STARTS = 4
RUNS = 8
Asked = dict[str, NDArray[np.generic]]


@dataclass
class Result:
    """What the backtest of one history gave.

    `starts` has rows (true, low, middle, high, queue-length rule) of waiting jobs, `runs` rows
    (true, low, middle, high, mean of the user's last two); seconds of CPU in fits and refreshes.
    """

    scores: dict[tuple[str, str], Scores] = field(default_factory=dict)
    starts: list[tuple[float, ...]] = field(default_factory=list)
    runs: list[tuple[float, ...]] = field(default_factory=list)
    fit_seconds: list[float] = field(default_factory=list)
    refresh_seconds: list[float] = field(default_factory=list)

    def scored(self, target: str, method: str) -> Scores:
        """Return where forecasts of this kind are kept."""
        return self.scores.setdefault((target, method), Scores())

    def origins(self) -> list[int]:
        """Return the origins at which every method has an interval."""
        common = set.intersection(*(set(each.forecasts) for each in self.scores.values()))
        return sorted(common)


@dataclass
class Backtest:
    """One run over a history; `points` are the series models' forecasts so far, and the truths."""

    past: History
    with_models: bool = True
    result: Result = field(default_factory=Result)
    points: dict[tuple[str, str], list[Floats]] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def at(self, origin: int) -> None:
        """Let everyone forecast from one origin."""
        self._ours(origin)
        for target, name in TARGETS.items():
            series = getattr(self.past, name)[:origin]
            if name == "wait":
                series = self.past.wait_known(origin)
            truth = getattr(self.past, name)[origin : origin + HOURS]
            self._rules(origin, target, series[-anchors.DAYS_READ * 24 :], truth)
            if self.with_models:
                self._models(origin, target, series[-anchors.DAYS_READ * 24 :], truth)

    def _ours(self, origin: int) -> None:
        past = self.past
        now = past.begin + origin * HOUR
        jobs, rows = past.jobs(now)
        asked = {"now": now, "workers": past.workers, "seed": origin}
        since = min(float(past.work.submitted[0]), past.begin)
        began = time.process_time()
        model = fit(jobs, since=since, **asked)
        forecast = model.forecast(HOURS, LEVELS)
        trained = time.process_time()
        fit(jobs, since=since, learnt=model.learnt, **asked).forecast(HOURS, LEVELS)
        self.result.fit_seconds.append(trained - began)
        self.result.refresh_seconds.append(time.process_time() - trained)
        for target, name in TARGETS.items():
            truth = getattr(past, name)[origin : origin + HOURS]
            self.result.scored(target, OURS).add(origin, forecast[target], truth)
        self._starts(model, jobs, past.started[rows] - now)
        self._runs(model, now)

    def _starts(self, model: QueueModel, jobs: Asked, truth: Floats) -> None:
        """Compare starts with the rule (jobs ahead + 1) x mean run time / workers."""
        waiting = np.flatnonzero(np.isnan(jobs["started"]))
        runs = (jobs["finished"] - jobs["started"])[~np.isnan(jobs["finished"])]
        turn = sorted(zip(jobs["priority"][waiting].tolist(), waiting.tolist(), strict=True))
        ahead = {job: place for place, (_, job) in enumerate(turn)}
        for job in self.rng.permutation(waiting)[:STARTS].tolist():
            rule = (ahead[job] + 1) * float(runs[-600:].mean()) / self.past.workers
            self.result.starts.append((float(truth[job]), *model.start_delay(job), rule))

    def _runs(self, model: QueueModel, now: float) -> None:
        """Compare run times of jobs soon to come with the mean of their user's last two."""
        work, finished = self.past.work, self.past.finished
        soon = np.flatnonzero((work.submitted > now) & (work.submitted <= now + 13 * HOUR))
        ended = np.flatnonzero(finished <= now)
        for job in self.rng.permutation(soon)[:RUNS].tolist():
            user, kind, priority = (int(c[job]) for c in (work.user, work.kind, work.priority))
            own = ended[work.user[ended] == user]
            last = own[np.argsort(finished[own])][-2:] if own.size else ended[-2:]
            shown = model.duration(user=user, kind=kind, priority=priority)
            rule = float(work.run[last].mean())
            self.result.runs.append((float(work.run[job]), *shown, rule))

    def _rules(self, origin: int, target: str, series: Floats, truth: Floats) -> None:
        for name, rule in anchors.RULES.items():
            forecast = np.maximum(rule(series, LEVELS), 0.0)
            self.result.scored(target, name).add(origin, forecast, truth)

    def _models(self, origin: int, target: str, series: Floats, truth: Floats) -> None:
        truths = self.points.setdefault((target, "truth"), [])
        for name in anchors.MODELS:
            earlier = self.points.setdefault((target, name), [])
            value = anchors.point(name, series)
            forecast = anchors.around(value, np.array(earlier), np.array(truths), LEVELS)
            if forecast is not None:
                self.result.scored(target, name).add(origin, forecast, truth)
            earlier.append(value)
        truths.append(truth)


def backtest(past: History, every: int, *, with_models: bool = True) -> Result:
    """Forecast from each `every`-th hour after four weeks, with the series models or without."""
    run = Backtest(past, with_models)
    for origin in range(WARM_HOURS, len(past.size) - HOURS, every):
        run.at(origin)
    return run.result
