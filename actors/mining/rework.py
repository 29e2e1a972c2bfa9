"""Rework: activities that a case does more than once, and what that costs in time."""

from typing import Any

import polars as pl

from actors.mining.events import MICROSECOND, Events


def rework_section(events: Events, cases: pl.DataFrame, *, top: int = 20) -> dict[str, Any]:
    """Count repeated activities, immediate repeats and ping-pong (A-B-A).

    A case has rework when any activity occurs in it twice or more.
    """
    repeated = _repeated(events)
    touched = repeated["case"].unique()
    durations = cases.with_columns(rework=pl.col("case").is_in(touched.implode()))
    return {
        "cases": len(touched),
        "share": len(touched) / events.n_cases,
        "medianSecondsWith": _median(durations.filter("rework")),
        "medianSecondsWithout": _median(durations.filter(~pl.col("rework"))),
        "activities": _by_activity(events, repeated, top),
        "selfLoops": _self_loops(events, top),
        "pingPong": _ping_pong(events, top),
    }


def _repeated(events: Events) -> pl.DataFrame:
    key = (pl.col("case").cast(pl.UInt64) * 2**32 + pl.col("activity")).alias("key")
    counts = (
        events.frame.select(key).group_by("key").agg(times=pl.len()).filter(pl.col("times") > 1)
    )
    return counts.select(
        case=(pl.col("key") // 2**32).cast(pl.UInt32),
        activity=(pl.col("key") % 2**32).cast(pl.UInt32),
        times="times",
    )


def _by_activity(events: Events, repeated: pl.DataFrame, top: int) -> list[dict[str, Any]]:
    ranked = (
        repeated.group_by("activity")
        .agg(cases=pl.len(), extra=(pl.col("times") - 1).sum(), most=pl.col("times").max())
        .sort(["extra", "activity"], descending=[True, False])
    )
    return [
        {
            "activity": events.activities[row["activity"]],
            "cases": row["cases"],
            "repeats": row["extra"],
            "mostInOneCase": row["most"],
        }
        for row in ranked.head(top).iter_rows(named=True)
    ]


def _self_loops(events: Events, top: int) -> list[dict[str, Any]]:
    same = (pl.col("activity") == pl.col("activity").shift()) & pl.col("gap").is_not_null()
    ranked = (
        events.frame.filter(same)
        .group_by("activity")
        .agg(count=pl.len(), cases=pl.col("case").n_unique(), median=pl.col("gap").median())
        .sort(["count", "activity"], descending=[True, False])
    )
    return [
        {
            "activity": events.activities[row["activity"]],
            "count": row["count"],
            "cases": row["cases"],
            "medianSeconds": round(row["median"] / MICROSECOND, 3),
        }
        for row in ranked.head(top).iter_rows(named=True)
    ]


def _ping_pong(events: Events, top: int) -> list[dict[str, Any]]:
    before, middle = pl.col("activity").shift(2), pl.col("activity").shift(1)
    back = (pl.col("index") >= 2) & (before == pl.col("activity")) & (middle != pl.col("activity"))
    spent = pl.col("gap") + pl.col("gap").shift()
    ranked = (
        events.frame.with_columns(middle=middle, spent=spent)
        .filter(back)
        .group_by("activity", "middle")
        .agg(count=pl.len(), cases=pl.col("case").n_unique(), spent=pl.col("spent").median())
        .sort(["count", "activity", "middle"], descending=[True, False, False])
    )
    return [
        {
            "activity": events.activities[row["activity"]],
            "via": events.activities[row["middle"]],
            "count": row["count"],
            "cases": row["cases"],
            "medianSeconds": round(row["spent"] / MICROSECOND, 3),
        }
        for row in ranked.head(top).iter_rows(named=True)
    ]


def _median(cases: pl.DataFrame) -> float | None:
    value: Any = cases["duration"].median()
    return None if value is None else round(value, 3)
