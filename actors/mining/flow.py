"""The directly-follows graph: which activity comes next, how often and after how long."""

from typing import Any

import polars as pl

from actors.mining.events import MICROSECOND, Events

LISTED = 5000  # rows of a list in the document; a log with more has a wrong column as activity


def follows(events: Events) -> pl.DataFrame:
    """Count and time every pair of activities that follow each other within a case.

    Shape: one row per pair, most frequent first: `source`, `target` (codes), `count`, `cases`
    (distinct), and `mean`, `median`, `p95`, `total` in seconds from event to event. Where the
    log has start times, `wait_mean` … tell the time from the end of one to the start of the next.
    """
    pairs = events.frame.select(
        "case",
        source=pl.col("activity").shift(),
        target="activity",
        gap=pl.col("gap") / MICROSECOND,
        **({"wait": _wait()} if events.has_start else {}),
    ).filter(pl.col("gap").is_not_null())
    times = _times("gap") + (_times("wait", "wait_") if events.has_start else [])
    return (
        pairs.group_by("source", "target")
        .agg(pl.len().alias("count"), _distinct("case").alias("cases"), *times)
        .sort(["count", "source", "target"], descending=[True, False, False])
    )


def _times(column: str, prefix: str = "") -> list[pl.Expr]:
    seconds = pl.col(column)
    return [
        seconds.mean().alias(f"{prefix}mean"),
        seconds.median().alias(f"{prefix}median"),
        seconds.quantile(0.95, "linear").alias(f"{prefix}p95"),
        seconds.sum().alias(f"{prefix}total"),
    ]


def _wait() -> pl.Expr:
    """Count from the end of one event to the start of the next; overlapping work waits nothing."""
    began = pl.col("start").fill_null(pl.col("time"))
    return ((began - pl.col("time").shift()) / MICROSECOND).clip(lower_bound=0.0)


def _distinct(column: str) -> pl.Expr:
    # Rows of a group keep the order of the cases, so changes count cases without a hash set.
    return (pl.col(column) != pl.col(column).shift()).fill_null(value=True).sum()


def activities_section(events: Events) -> list[dict[str, Any]]:
    """List the activities, most frequent first, with events, cases and share."""
    counted = (
        events.frame.group_by("activity", maintain_order=True)
        .agg(events=pl.len(), cases=_distinct("case"))
        .sort(["events", "activity"], descending=[True, False])
    )
    return [
        {
            "activity": events.activities[row["activity"]],
            "events": row["events"],
            "cases": row["cases"],
            "share": row["events"] / events.frame.height,
            "caseShare": row["cases"] / events.n_cases,
        }
        for row in counted.head(LISTED).iter_rows(named=True)
    ]


def ends_section(events: Events, *, first: bool) -> list[dict[str, Any]]:
    """List the activities that open (first) or close cases, most frequent first."""
    edge = pl.col("index") == 0 if first else (pl.col("index").shift(-1, fill_value=0) == 0)
    counted = (
        events.frame.filter(edge)
        .group_by("activity")
        .agg(cases=pl.len())
        .sort(["cases", "activity"], descending=[True, False])
    )
    return [
        {
            "activity": events.activities[row["activity"]],
            "cases": row["cases"],
            "share": row["cases"] / events.n_cases,
        }
        for row in counted.head(LISTED).iter_rows(named=True)
    ]


def edges_section(events: Events, pairs: pl.DataFrame) -> list[dict[str, Any]]:
    """List the edges of the directly-follows graph, most frequent first."""
    return [
        {
            "from": events.activities[row["source"]],
            "to": events.activities[row["target"]],
            "count": row["count"],
            "cases": row["cases"],
            "meanSeconds": round(row["mean"], 3),
            "medianSeconds": round(row["median"], 3),
            "p95Seconds": round(row["p95"], 3),
        }
        for row in pairs.head(LISTED).iter_rows(named=True)
    ]


def bottlenecks_section(events: Events, pairs: pl.DataFrame, *, top: int = 20) -> dict[str, Any]:
    """Rank transitions by total waiting: cases times the median.

    The median is waiting only where start times are known; otherwise it is the time between
    two events, work included, and is called so.
    """
    if events.has_start:
        plain = ("mean", "median", "p95", "total")
        pairs = pairs.with_columns(pl.col(f"wait_{name}").alias(name) for name in plain)
    all_seconds = float(pairs["total"].sum()) or 1.0
    ranked = (
        pairs.with_columns(cost=pl.col("cases") * pl.col("median"))
        .filter(pl.col("cost") > 0)
        .sort(["cost", "source", "target"], descending=[True, False, False])
    )
    longest = ranked.sort(["total", "source", "target"], descending=[True, False, False]).head(1)
    return {
        "measure": "waiting time" if events.has_start else "time between events",
        "transitions": ranked.height,
        "items": _transitions(events, ranked.head(top), all_seconds),
        "mostElapsed": next(iter(_transitions(events, longest, all_seconds)), None),
    }


def _transitions(events: Events, rows: pl.DataFrame, all_seconds: float) -> list[dict[str, Any]]:
    return [
        {
            "from": events.activities[row["source"]],
            "to": events.activities[row["target"]],
            "cases": row["cases"],
            "medianSeconds": round(row["median"], 3),
            "meanSeconds": round(row["mean"], 3),
            "p95Seconds": round(row["p95"], 3),
            "totalSeconds": round(row["cost"], 3),
            "shareOfElapsed": row["total"] / all_seconds,
        }
        for row in rows.iter_rows(named=True)
    ]
