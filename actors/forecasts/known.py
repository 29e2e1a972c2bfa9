"""Turns what the store keeps of a queue into the plain columns that forecasts are made of.

The ForecastRefresh job calls it. Rows are as the read_past script answers them; pure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forecasting.machines import Samples
from forecasting.published import Known
from queueapp.domain.scope import encode_part
from queueapp.domain.states import Status

NEVER_S = 7 * 86_400.0
"""How far ahead a moment lies that nobody knows."""
_DECODER = json.JSONDecoder()
Row = Sequence[Any]
Column = Sequence[float | None]


@dataclass(frozen=True)
class Columns:
    """Jobs as columns that forecasts are made of, and what their numbers mean.

    `done` tells which jobs completed; `users` are encoded as in keys.
    """

    jobs: Mapping[str, Column]
    kinds: Sequence[str]
    users: Sequence[str]
    done: Sequence[bool]


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
    """Return the jobs that are told as columns, in seconds."""
    now = told["now_ms"] / 1000
    rows: list[tuple[str, Row]] = list(told["jobs"].items())
    kinds, users = _Numbers(), _Numbers()
    pauses = {kind: _moment(until, now) for kind, until in told["pauses"].items()}
    types = [row[6].rpartition(".")[0] for _, row in rows]
    names = [_kind(kind, row[10]) for kind, (_, row) in zip(types, rows, strict=True)]
    jobs: dict[str, Column] = {
        "submitted": [_came(row) for _, row in rows],
        "started": [_began(row) for _, row in rows],
        "finished": [_seconds(row[3]) for _, row in rows],
        "priority": [float(row[4]) for _, row in rows],
        "user": [users.of(row[5]) for _, row in rows],
        "kind": [kinds.of(name) for name in names],
        "order": [told["queued"].get(job_id) for job_id, _ in rows],
        "not_before": [
            _not_before(row, pauses.get(kind), now)
            for kind, (_, row) in zip(types, rows, strict=True)
        ],
    }
    done = [row[9] == Status.COMPLETED for _, row in rows]
    return Columns(jobs, kinds.names, users.names, done)


class _Numbers:
    """Numbers names in the order in which they come."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, name: str) -> float:
        return float(self._known.setdefault(name, len(self._known)))

    @property
    def names(self) -> list[str]:
        return list(self._known)


def _kind(job_type: str, head: str) -> str:
    """Return what alike jobs share, as the basis of their run times is called."""
    resource = _resource(head)
    if resource is None:
        return f"t/{job_type}"
    return f"r/{job_type}/{resource['type']}/{encode_part(resource['id'])}"


def _resource(head: str) -> dict[str, Any] | None:
    """Return the resource of a spec that may be cut off: it stands first, or behind the name."""
    at = 1
    if head.startswith('"name":', at):
        _, at = _DECODER.raw_decode(head, at + len('"name":'))
        at += 1
    begins = '"resource":'
    if not head.startswith(begins, at):
        return None
    found: dict[str, Any] = _DECODER.raw_decode(head, at + len(begins))[0]
    return found


def _came(row: Row) -> float | None:
    """Return when a job came: of one that has begun, when it could have begun."""
    return _seconds(row[1] if row[2] is not None and row[1] is not None else row[0])


def _began(row: Row) -> float | None:
    return _seconds(row[2])


def _not_before(row: Row, paused_until: float | None, now: float) -> float | None:
    """Return before when a job cannot start; one that waits for others: nobody knows."""
    if row[2] is not None:
        return None
    blocked = now + NEVER_S if int(row[8] or 0) > 0 else None
    return max((at for at in (_seconds(row[7]), paused_until, blocked) if at), default=None)


def _moment(until_ms: int | None, now: float) -> float:
    return now + NEVER_S if until_ms is None else until_ms / 1000


def _seconds(text: str | None) -> float | None:
    return float(text) / 1000 if text else None


def _samples(loads: Sequence[Any]) -> Samples:
    """Return the fleet's load minute by minute: each machine counts by its cores."""
    minutes: dict[int, list[float]] = {}
    for cores, rows in loads:
        for at_ms, cpu, memory, active, slots in rows:
            if cpu is not None and memory is not None:
                sums = minutes.setdefault(at_ms // 60_000, [0.0] * 5)
                for place, n in enumerate((cores, cores * cpu, cores * memory, active, slots)):
                    sums[place] += n
    return [
        (minute * 60.0, active / slots if slots else None, cpu / cores, memory / cores)
        for minute, (cores, cpu, memory, active, slots) in sorted(minutes.items())
    ]
