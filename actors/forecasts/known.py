"""Turns what a worker gathered of a queue into the arrays that forecasts are made of.

The ForecastRefresh job calls it. What is told is as queueapp.gathering makes it; pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.published import Known
from forecasting.recursion import Floats

NEVER_S = 7 * 86_400.0
"""How far ahead a moment lies that nobody knows."""


@dataclass(frozen=True)
class Columns:
    """Jobs as columns that forecasts are made of, and what their numbers mean.

    `done` tells which jobs completed; `users` are encoded as in keys.
    """

    jobs: Mapping[str, Floats]
    kinds: Sequence[str]
    users: Sequence[str]
    done: NDArray[np.bool_]


def known_of(told: Mapping[str, Any], columns: Columns) -> Known:
    """Return what is known of a queue, in seconds."""
    now = told["now_ms"] / 1000
    pauses, whole = told["pauses"], told["whole_scope"]
    return Known(
        jobs=columns.jobs,
        kinds=columns.kinds,
        now=now,
        since=told["since_ms"] / 1000,
        slots=told["slots"],
        others=told["others"],
        step=told["step"],
        most_running=told["most_running"],
        paused_until=_moment(pauses[whole], now) if whole in pauses else None,
        samples=_samples(told["loads"]),
        learnt=told["learnt"],
        efficiency=told["efficiency"],
    )


def columns_of(told: Mapping[str, Any]) -> Columns:
    """Return the jobs that are told as columns, in seconds; NaN is a moment that nobody knows."""
    jobs, now = told["jobs"], told["now_ms"] / 1000
    created, eligible, began, ended, due = (
        _numbers(jobs[name]) / 1000 for name in ("created", "eligible", "started", "ended", "due")
    )
    waits = np.isnan(began)
    kind = _numbers(jobs["kind"])
    held = _held(told, now)[kind.astype(np.intp)]
    blocked = np.where(_numbers(jobs["unmet"]) > 0, now + NEVER_S, np.nan)
    return Columns(
        {
            # One that has begun came when it could have begun.
            "submitted": np.where(waits | np.isnan(eligible), created, eligible),
            "started": began,
            "finished": ended,
            "priority": _numbers(jobs["tier"]),
            "user": _numbers(jobs["user"]),
            "kind": kind,
            "order": _numbers(jobs["order"]),
            # One that waits for others: nobody knows.
            "not_before": np.where(waits, np.fmax(np.fmax(due, held), blocked), np.nan),
        },
        jobs["kinds"],
        jobs["users"],
        np.array(jobs["done"], dtype=bool),
    )


def _numbers(column: Sequence[Any]) -> Floats:
    """Return numbers that the store keeps as text; NaN where there is none."""
    return np.array([told if told != "" else None for told in column], dtype=np.float64)


def _held(told: Mapping[str, Any], now: float) -> Floats:
    """Return until when a pause holds jobs of each kind, NaN where none does."""
    pauses = {kind: _moment(until, now) for kind, until in told["pauses"].items()}
    types = (kind.split("/")[1] for kind in told["jobs"]["kinds"])
    return np.array([pauses.get(each, np.nan) for each in types], dtype=np.float64)


def _moment(until_ms: int | None, now: float) -> float:
    return now + NEVER_S if until_ms is None else until_ms / 1000


def _samples(loads: Sequence[Any]) -> Floats:
    """Return the fleet's load minute by minute: each machine counts by its cores."""
    rows = np.array(
        [(cores, *row) for cores, found in loads for row in found], dtype=np.float64
    ).reshape(-1, 6)
    rows = rows[np.isfinite(rows[:, 2:4]).all(axis=1)]
    cores, at_ms, cpu, memory, active, slots = rows.T
    minute, place = np.unique(at_ms // 60_000, return_inverse=True)

    def total(values: Floats) -> Floats:
        return np.bincount(place, values, len(minute)).astype(np.float64)

    fleet, there = total(cores), total(slots)
    share = np.where(there > 0, total(active) / np.where(there > 0, there, 1.0), np.nan)
    columns = (minute * 60, share, total(cores * cpu) / fleet, total(cores * memory) / fleet)
    return np.column_stack(columns)
