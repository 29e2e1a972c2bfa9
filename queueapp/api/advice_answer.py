"""Puts what simulations found into words. Pure; each number is one that a simulation gave."""

import math
from collections.abc import Mapping
from typing import Any

from queueapp.api.shown import Row
from queueapp.domain import text
from queueapp.domain.rollup import HOUR_MS

Plain = Mapping[str, Any]
LONG_S, NOTABLE_S = 1800, 300
"""Waits from which more workers are of high, and of medium, priority."""
CHEAP, DEAR = 0.1, 0.5
"""Shares of the present workers up to which adding is of low, and of medium, cost."""


def recommendations(forecast: Plain, *, kind: str | None, now_ms: int) -> Row:
    """Return what would shorten waits by a forecast's simulations: three lists, maybe empty."""
    advice = forecast.get("advice", {})
    made_ms = forecast.get("made_at", 0.0) * 1000
    windows = [_window(each, made_ms, now_ms) for each in advice.get("windows", ())]
    learnt = forecast.get("learnt", {}).get("moves", ())
    moves = [each for each in learnt if kind in (None, each["type"])]
    return {
        "optimalSubmissionTimes": [window for window in windows if window],
        "resourceOptimization": [
            _workers(each, forecast["workers"], forecast.get("step", 1))
            for each in advice.get("workers", ())
        ],
        "jobScheduling": [_move(each) for each in moves],
    }


def _window(window: Plain, made_ms: float, now_ms: int) -> Row | None:
    """Return a window that is not over yet."""
    start, end = ((made_ms // HOUR_MS + window[edge]) * HOUR_MS for edge in ("begin", "end"))
    if end - now_ms < 60_000:
        return None
    low = math.floor(window["low"] / 60)
    high = max(low + 1, math.ceil(window["high"] / 60))
    arrivals = text.percent(100 * window["arrivals"])
    wait, present = (text.minutes(1000 * window[name]) for name in ("middle", "present"))
    return {
        "timeWindow": text.window(max(start, now_ms), end),
        "expectedWaitTime": text.minute_range(low, high),
        "expectedWaitSeconds": _tenth(window["middle"]),
        "presentWaitSeconds": _tenth(window["present"]),
        "reason": f"{wait} expected instead of {present} now; {arrivals} of the day's jobs come",
    }


def _workers(effect: Plain, present: int, step: int) -> Row:
    """Return advice on workers; each of them runs ``step`` jobs at once."""
    change = effect["workers"] - present
    count, jobs = abs(change) // step, abs(change)
    what = f"{count} worker{'' if count == 1 else 's'}"
    if jobs != count:
        what += f" ({jobs} more jobs at once)" if change > 0 else f" ({jobs} fewer jobs at once)"
    usual = effect["usual"]
    return {
        "recommendation": f"Add {what}" if change > 0 else f"Remove {what}",
        "expectedImprovement": text.reduction(100 * effect["gain"]),
        "cost": _cost(change, present),
        "priority": _priority(usual) if change > 0 else "Low",
        "jobsAtOnce": effect["workers"],
        "waitChange": _tenth(-100 * effect["gain"]),
        "waitChangeLower": _tenth(-100 * effect["high"]),
        "waitChangeUpper": _tenth(-100 * effect["low"]),
        "expectedWaitSeconds": _tenth(effect["wait"]),
    }


def _cost(change: int, present: int) -> str:
    share = change / max(1, present)
    return "Low" if share <= CHEAP else "Medium" if share <= DEAR else "High"


def _priority(wait_s: float) -> str:
    return "High" if wait_s >= LONG_S else "Medium" if wait_s >= NOTABLE_S else "Low"


def _move(move: Plain) -> Row:
    hours = move["hours"]
    count = f"{abs(hours)} hour{'' if abs(hours) == 1 else 's'}"
    then, usual = (text.minutes(1000 * move[name]) for name in ("wait_moved", "wait"))
    return {
        "jobType": move["type"],
        "recommendation": f"Submit {count} {'later' if hours > 0 else 'earlier'}",
        "reason": f"These jobs would wait {then} on average instead of {usual}",
        "hoursLater": hours,
        "expectedWaitSeconds": _tenth(move["wait_moved"]),
        "presentWaitSeconds": _tenth(move["wait"]),
    }


def _tenth(value: float) -> float:
    return float(text.tenth(value))
