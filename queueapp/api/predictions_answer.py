"""Builds predictions as the API shows them. Pure, like job_answer."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import queueapp
from queueapp.api.advice_answer import recommendations
from queueapp.api.shown import Row
from queueapp.domain import text
from queueapp.domain.predictions import Point
from queueapp.domain.report_card import (
    FEWEST_ACHIEVED,
    TOLERANCE,
    Achieved,
    Compared,
    Mark,
    Marks,
    marks,
)
from queueapp.domain.rollup import DAY_MS, HOUR_MS
from queueapp.foresight.predictions import Load, Predicted

PERIODS = (7, 30)


def predictions_answer(found: Predicted, *, kind: str | None, advise: bool) -> Row:
    """Return predictions with every documented key."""
    times = [point.time_ms for point in found.sizes]
    return {
        "predictionTime": text.timestamp(found.now_ms),
        "horizon": len(times),
        "predictions": {
            "queueSizeProjection": [_size(point) for point in found.sizes],
            "waitTimeProjection": [_wait(point) for point in found.waits],
            "resourceUtilization": [
                _load(at, load) for at, load in zip(times, found.loads, strict=True)
            ],
        },
        "recommendations": recommendations(
            found.forecast if advise else {}, kind=kind, now_ms=found.now_ms
        ),
        "modelInfo": _model(found),
    }


def _size(point: Point) -> Row:
    return {
        "time": text.timestamp(point.time_ms),
        "expectedQueueSize": text.whole(point.middle),
        "lower": math.floor(point.lower),
        "upper": math.ceil(point.upper),
        "confidence": _share(point.confidence),
    }


def _wait(point: Point) -> Row:
    return {
        "time": text.timestamp(point.time_ms),
        "averageWaitTime": text.minutes(point.middle),
        "averageWaitTimeSeconds": _seconds(point.middle),
        "lower": text.minutes(point.lower),
        "lowerSeconds": _seconds(point.lower),
        "upper": text.minutes(point.upper),
        "upperSeconds": _seconds(point.upper),
        "confidence": _share(point.confidence),
    }


def _load(time_ms: int, load: Load) -> Row:
    known = [point.confidence for point in (load.cpu, load.memory) if point is not None]
    efficiency = load.efficiency
    return {
        "time": text.timestamp(time_ms),
        "cpuUtilization": _percent(load.cpu),
        "cpuRange": _range(load.cpu),
        "memoryUtilization": _percent(load.memory),
        "memoryRange": _range(load.memory),
        "efficiency": None if efficiency is None else float(text.tenth(efficiency)),
        "confidence": _share(min(known, default=0.0)),
    }


def _percent(point: Point | None) -> int | None:
    return None if point is None else min(100, text.whole(point.middle))


def _range(point: Point | None) -> Row | None:
    if point is None:
        return None
    return {"lower": math.floor(point.lower), "upper": min(100, math.ceil(point.upper))}


def _seconds(ms: float) -> float:
    return round(ms / 1000, 1)


def _share(value: float | None) -> float:
    return round(value or 0.0, 3)


def _model(found: Predicted) -> Row:
    forecast = found.forecast
    learnt: Mapping[str, Any] = forecast.get("learnt", {})
    reports: Mapping[str, Any] = learnt.get("reports", {})
    size: Mapping[str, Any] = reports.get("size", {})
    shown = found.achieved.get("size", Achieved())
    replayed, enough = _accuracy(size), shown.accuracy is not None
    return {
        "modelVersion": forecast.get("package", queueapp.__version__),
        "lastTrained": _moment(forecast.get("trained_at")),
        "accuracy": _known(shown.accuracy) if enough else replayed,
        "accuracyBasis": "shown" if enough else "replay" if replayed is not None else "none",
        "dataPoints": _hours(found),
        "basis": found.basis,
        "coverage80": _known(shown.coverage if enough else size.get("coverage80")),
        "skillVsSeasonalNaive": _known(learnt.get("skill")),
        "trainedOn": _trained_on(forecast.get("data")),
        "stale": found.stale,
        "shown": [_achieved(what, found.achieved) for what in TOLERANCE],
        "backtest": list(_backtests(reports)),
    }


def _achieved(what: str, achieved: Mapping[str, Achieved]) -> Row:
    """Return how good the points of sizes or waits were that were shown lately."""
    known = achieved.get(what, Achieved())
    return {
        "target": what,
        "points": known.points,
        "accuracy": _known(known.accuracy),
        "coverage80": _known(known.coverage),
    }


def _hours(found: Predicted) -> int:
    """Return how many whole hours of history were used."""
    if found.forecast:
        return int(found.forecast["history_hours"])
    known = 0 if found.began_ms is None else (found.now_ms - found.began_ms) // HOUR_MS
    return min(24, max(0, known))


def _accuracy(report: Mapping[str, Any]) -> float | None:
    return _known(report.get("accuracy")) if report.get("points", 0) >= FEWEST_ACHIEVED else None


def _known(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else text.timestamp(seconds * 1000)


def _trained_on(data: Mapping[str, Any] | None) -> Row | None:
    if data is None:
        return None
    return {"from": _moment(data["from"]), "to": _moment(data["to"]), "jobs": data["jobs"]}


def _backtests(reports: Mapping[str, Any]) -> Iterable[Row]:
    for target, report in reports.items():
        yield {
            "target": target,
            "points": report["points"],
            "accuracy": _accuracy(report),
            "coverage80": _known(report["coverage80"]),
            "meanErrors": [
                {"hoursAhead": lead, "error": _known(error)}
                for lead, error in report["errors"].items()
            ],
        }


def accuracy_answer(found: Compared, now_ms: int) -> Row:
    """Return how predictions compared that were shown, over each period."""
    known = marks(found, [now_ms - days * DAY_MS for days in PERIODS])
    return {
        "timestamp": text.timestamp(now_ms),
        "periods": [
            {"days": days, "targets": list(_targets(each))}
            for days, each in zip(PERIODS, known, strict=True)
        ],
    }


def _targets(known: Mapping[str, Marks]) -> Iterable[Row]:
    for what, (whole, by_lead) in known.items():
        yield {
            "target": what,
            **_mark(whole, what),
            "byLead": [{"lead": lead, **_mark(one, what)} for lead, one in by_lead.items()],
        }


def _mark(mark: Mark, what: str) -> Row:
    error = mark.median_error
    unit = 1 if what == "size" else 1000
    return {
        "samples": mark.samples,
        "coverage": _known(mark.coverage),
        "medianError": _known(None if error is None else error / unit),
    }
