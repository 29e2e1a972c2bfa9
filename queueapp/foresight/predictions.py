"""What a project's queue is expected to be like: the newest forecast, brought up to the present.

The API asks through the engine. Workers make forecasts (``forecasts.py``); this room only reads
one and moves it by what the queue differs now, in plain Python, and guesses where there is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from queueapp.domain.predictions import (
    DOUBTFUL_WAIT_MS,
    FEW,
    Doubt,
    Known,
    Point,
    Series,
    guessed_size,
    guessed_wait,
    next_hours,
)
from queueapp.domain.report_card import Achieved
from queueapp.domain.rollup import DAY_MS, HOUR_MS, total
from queueapp.domain.scope import Scope
from queueapp.foresight.outlook import Outlook
from queueapp.store import Store
from queueapp.store.forecasts import ForecastStanding

Plain = Mapping[str, Any]
OVERDUE_MS = 900_000
"""After so long an order has been lost, or no worker is free for it."""
VERSION = 1
"""The form of stored forecasts that is read here; others, of other releases, are not."""


@dataclass(frozen=True)
class Load:
    """How busy the machines are expected to be, in percent; None is not known."""

    cpu: Point | None
    memory: Point | None
    efficiency: float | None


@dataclass(frozen=True)
class Predicted:
    """What is expected of the next hours; ``forecast`` is what it was read from, if anything."""

    now_ms: int
    basis: str
    sizes: Sequence[Point]
    waits: Sequence[Point]
    loads: Sequence[Load]
    forecast: Plain = field(default_factory=dict)
    began_ms: int | None = None
    ordered_ms: int = 0
    achieved: Mapping[str, Achieved] = field(default_factory=dict)
    sampled: bool = False

    @property
    def stale(self) -> bool:
        """Whether a newer forecast failed, or was ordered long ago and is not there."""
        if not self.forecast:
            return False
        made_ms = self.forecast["made_at"] * 1000
        overdue = made_ms < self.ordered_ms < self.now_ms - OVERDUE_MS
        return overdue or bool(self.forecast.get("failed_at"))


class Predictions:
    """Reads forecasts; one object per engine."""

    def __init__(self, store: Store, outlook: Outlook) -> None:
        self._store = store
        self._outlook = outlook

    def look(self, scope: Scope, horizon: int, *, kind: str | None = None) -> Predicted:
        """Return what is expected at the next whole hours, of one job type if that is asked."""
        standing = self._store.forecasts.standing(scope, kind)
        hours = next_hours(standing.now_ms, horizon)
        forecast = standing.forecast
        if forecast and forecast.get("version") != VERSION:
            forecast, standing = None, replace(standing, forecast=None)
        queue = _queue(forecast, kind) if forecast else None
        if forecast is None or queue is None:
            return self._guessed(scope, standing, hours, kind)
        return _read(standing, forecast, queue, hours)

    def _guessed(
        self, scope: Scope, standing: ForecastStanding, hours: Sequence[int], kind: str | None
    ) -> Predicted:
        now, known = standing.now_ms, self._known(scope, standing, kind)
        return Predicted(
            now_ms=now,
            basis=known.basis,
            sizes=[guessed_size(known, at, now) for at in hours],
            waits=[guessed_wait(known, at, now) for at in hours],
            loads=[Load(None, None, None) for _ in hours],
            forecast=standing.forecast or {},
            began_ms=standing.began_ms,
            ordered_ms=standing.ordered_ms,
            achieved=standing.achieved,
            sampled=standing.sampled,
        )

    def _known(self, scope: Scope, standing: ForecastStanding, kind: str | None) -> Known:
        """Return what the queue itself tells, and its last hours: at most the last day."""
        drain = self._outlook.foresight(scope).drain_ms() if standing.size else 0.0
        began, now = standing.began_ms, standing.now_ms
        if began is None or began >= now:
            return Known(standing.size, drain)
        hours = (now - began) / HOUR_MS
        whole = total(
            self._store.history.hours(scope, max(began, (now - DAY_MS) // HOUR_MS * HOUR_MS), now)
        )
        share = _share(whole.total("submitted", kind=kind), whole.total("submitted"))
        return Known(
            size=standing.size,
            drain_ms=drain,
            hours=min(hours, 24.0),
            usual_size=whole.average_size * share,
            peak=whole.peak_size * share,
            usual_wait_ms=whole.average_wait_ms or 0.0,
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _queue(forecast: Plain, kind: str | None) -> Plain | None:
    """Return the forecast of the whole queue, or of one type's jobs in it."""
    found: Plain | None = forecast["queue"] if kind is None else forecast["types"].get(kind)
    return found


def _read(
    standing: ForecastStanding, forecast: Plain, queue: Plain, hours: Sequence[int]
) -> Predicted:
    now, made = standing.now_ms, round(forecast["made_at"] * 1000)
    size = Series(made, queue["waiting"], queue["size"])
    wait = Series(made, queue["wait"][0]["middle"], queue["wait"])
    more = standing.size - size.expected(now)
    sizes = [size.at(hour, now_ms=now, more=more) for hour in hours]
    waits = [_in_ms(wait.at(hour, now_ms=now, more=more)) for hour in hours]
    if forecast["basis"] in ("none", "hours"):
        known = float(forecast["history_hours"])
        sizes = [Doubt(now, known, FEW).doubted(point, standing.size) for point in sizes]
        waits = [Doubt(now, known, DOUBTFUL_WAIT_MS).doubted(point, 0.0) for point in waits]
    return Predicted(
        now_ms=now,
        basis=forecast["basis"],
        sizes=sizes,
        waits=waits,
        loads=_loads(forecast["load"], made, now, hours),
        forecast=forecast,
        began_ms=standing.began_ms,
        ordered_ms=standing.ordered_ms,
        achieved=standing.achieved,
        sampled=standing.sampled,
    )


def _in_ms(point: Point) -> Point:
    low, middle, high = (1000 * value for value in (point.lower, point.middle, point.upper))
    return Point(point.time_ms, low, middle, high, point.confidence)


def _loads(load: Plain, made: int, now: int, hours: Sequence[int]) -> list[Load]:
    series = {name: Series(made, 0.0, load[name]) for name in ("cpu", "memory") if load[name]}
    return [
        Load(
            efficiency=load["efficiency"],
            **{
                name: series[name].at(hour, now_ms=now) if name in series else None
                for name in ("cpu", "memory")
            },
        )
        for hour in hours
    ]
