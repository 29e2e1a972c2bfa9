"""Measure the quality of a raw log: five shares between 0 and 1, and one score from 0 to 100.

score = 100 x (0.30 completeness + 0.25 validity + 0.15 uniqueness + 0.15 consistency
+ 0.15 precision), measured before any repair, so it does not depend on which are asked for.

- completeness: the share of non-blank cells; case, activity and time weigh 3, resource 1 (left
  out where none is mapped).
- validity: 1 - the share of records that cannot be used.
- uniqueness: 1 - the share of exact duplicates.
- consistency: (1 - the share of events before, or tied with another activity at the time of,
  the event ahead of them in their case) x (labels after a clean-up / labels).
- precision: 1 - 0.6 x the share of times at midnight - 0.1 x the share at whole minutes above
  the one in sixty that chance gives; on the clock that the text shows, over the whole file.
"""

from dataclasses import dataclass

import polars as pl

from queueapp.eventlog.judging import Verdicts
from queueapp.eventlog.labels import Labels
from queueapp.eventlog.log import RawLog

WEIGHTS = {
    "completeness": 0.30,
    "validity": 0.25,
    "uniqueness": 0.15,
    "consistency": 0.15,
    "precision": 0.15,
}
_CELL_WEIGHTS = {"case": 3, "activity": 3, "time_text": 3, "resource": 1}


@dataclass(frozen=True)
class Quality:
    """The five parts (0 to 1, None where there was nothing to measure) and the score (0 to 100)."""

    completeness: float | None
    validity: float | None
    uniqueness: float | None
    consistency: float | None
    precision: float | None
    score: float | None
    events_out_of_order: int


def measure(raw: RawLog, verdicts: Verdicts, labels: Labels) -> Quality:
    """Measure the records of a log that lie inside the window asked for."""
    inside = ~verdicts.outside
    total = int(inside.sum())
    disordered, ordered_of = _disorder(raw, verdicts)
    parts = {
        "completeness": _completeness(raw, inside, total),
        "validity": _rest(int((~verdicts.usable & inside).sum()), total),
        "uniqueness": _rest(int((verdicts.duplicate & inside).sum()), total),
        "consistency": _product(_rest(disordered, ordered_of), _ratio(labels.after, labels.before)),
        "precision": _precision(raw),
    }
    measured = [parts[name] for name in WEIGHTS]
    return Quality(**parts, score=_score(measured), events_out_of_order=disordered)


def _score(measured: list[float | None]) -> float | None:
    """Weigh what was measured; an unmeasurable part leaves its weight to the others.

    Without a record there is no completeness, and then no score.
    """
    if measured[0] is None:
        return None
    known = [
        (weight, part)
        for weight, part in zip(WEIGHTS.values(), measured, strict=True)
        if part is not None
    ]
    total = sum(weight for weight, _ in known)
    return round(100 * sum(weight * part for weight, part in known) / total, 1)


def _completeness(raw: RawLog, inside: pl.Series, total: int) -> float | None:
    weights = dict(_CELL_WEIGHTS)
    if raw.source.columns.resource is None:
        del weights["resource"]
    if not total:
        return None
    filled = sum(
        weight * int((raw.frame[name].is_not_null() & inside).sum())
        for name, weight in weights.items()
    )
    return filled / (total * sum(weights.values()))


def _disorder(raw: RawLog, verdicts: Verdicts) -> tuple[int, int]:
    """Count events out of order or tied with another activity, and the events looked at."""
    looked_at = verdicts.reason.is_null() & ~verdicts.duplicate & ~verdicts.outside
    events = raw.frame.select("case", "activity", "time")
    if not looked_at.all():
        events = events.filter(looked_at)
    if not _cases_stand_together(events["case"]):
        events = events.sort("case", maintain_order=True)
    time, ahead = pl.col("time"), pl.col("time").shift(1)
    other = pl.col("activity") != pl.col("activity").shift(1)
    wrong = (pl.col("case") == pl.col("case").shift(1)) & (
        (time < ahead) | ((time == ahead) & other)
    )
    return int(events.select(wrong.sum()).item() or 0), events.height


def _cases_stand_together(case: pl.Series) -> bool:
    runs = int((case != case.shift(1)).sum() or 0) + 1
    return case.is_empty() or runs == case.n_unique()


def _precision(raw: RawLog) -> float | None:
    times = raw.times
    if not times.readable:
        return None
    at_minute = times.at_whole_minute / times.readable
    return 1 - 0.6 * times.at_midnight / times.readable - 0.1 * max(0.0, at_minute - 1 / 60)


def _rest(part: int, total: int) -> float | None:
    return 1 - part / total if total else None


def _ratio(part: int, total: int) -> float | None:
    return part / total if total else None


def _product(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other
