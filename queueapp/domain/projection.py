"""A stored forecast, brought up to the queue as it is now.

Workers store what ``forecasting.queueing.record`` makes; the web process reads it with this.
Multiplications only: it simulates nothing and knows no clock. Times are epoch seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Point:
    """What is expected of one thing in one hour, its 80 % range, and how sure that is (0 to 1)."""

    lower: float
    middle: float
    upper: float
    confidence: float


@dataclass(frozen=True)
class Hour:
    """The forecasts of a whole hour that ends at ``time``.

    ``size`` jobs wait at its end, ``busy`` workers run on average, those who come wait ``wait``
    seconds; ``arrivals`` jobs are expected to come.
    """

    time: float
    size: Point
    busy: Point
    wait: Point
    arrivals: float


def readable(record: Mapping[str, Any]) -> bool:
    """Say whether a stored forecast is of the form that is read here."""
    return record.get("version") == VERSION


def projected(record: Mapping[str, Any], now: float, waiting: int, hours: int) -> list[Hour]:
    """Return the forecast of the next whole hours, moved by what the queue is unlike expected.

    The record says what one job more would have added to each hour when it was made; by now part
    of that has worn off, so the difference of today counts as one that is that much younger.
    Hours beyond the record are left out.
    """
    coming = [hour for hour in record["hours"] if hour["time"] > now][:hours]
    excess = waiting - _expected(record, now)
    ages = record["hours"][: len(coming)]
    return [_hour(hour, age, excess) for hour, age in zip(coming, ages, strict=True)]


def _hour(hour: Mapping[str, Any], age: Mapping[str, Any], excess: float) -> Hour:
    """Move an hour's points by the excess times what a job more does after so many hours."""
    points = {
        name: _moved(hour[name], excess * age[name]["carry"]) for name in ("size", "busy", "wait")
    }
    return Hour(hour["time"], points["size"], points["busy"], points["wait"], hour["arrivals"])


def _moved(point: Mapping[str, float], by: float) -> Point:
    low, middle, high = (max(0.0, point[name] + by) for name in ("lower", "middle", "upper"))
    return Point(low, middle, high, point["confidence"])


def _expected(record: Mapping[str, Any], now: float) -> float:
    """Return the queue's size that the record expects now, on a line between its hours."""
    before, at = float(record["made_at"]), float(record["waiting"])
    for hour in record["hours"]:
        if now <= hour["time"]:
            share = (now - before) / (hour["time"] - before) if hour["time"] > before else 1.0
            return at + max(0.0, share) * (float(hour["size"]["middle"]) - at)
        before, at = float(hour["time"]), float(hour["size"]["middle"])
    return at
