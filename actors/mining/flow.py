"""The directly-follows graph: which activity comes next, how often and after how long."""

from typing import Any

import polars as pl

from actors.mining.events import MICROSECOND, Events


def follows(events: Events) -> pl.DataFrame:
    """Count and time every pair of activities that follow each other within a case.

    Shape: one row per pair, most frequent first: `source`, `target` (codes), `count`, `cases`
    (distinct), and `mean`, `median`, `p95`, `total` in seconds from event to event. `wait` is
    the median from the end of one to the start of the next where the log has start times.
    """
    pairs = events.frame.select(
        "case",
        source=pl.col("activity").shift(),
        target="activity",
        gap=pl.col("gap") / MICROSECOND,
        wait=_wait(events),
    ).filter(pl.col("gap").is_not_null())
    return (
        pairs.group_by("source", "target")
        .agg(
            count=pl.len(),
            cases=_distinct("case"),
            mean=pl.col("gap").mean(),
            median=pl.col("gap").median(),
            p95=pl.col("gap").quantile(0.95, "linear"),
            total=pl.col("gap").sum(),
            wait=pl.col("wait").median(),
        )
        .sort(["count", "source", "target"], descending=[True, False, False])
    )


def _wait(events: Events) -> pl.Expr:
    if not events.has_start:
        return pl.lit(None, dtype=pl.Float64)
    idle = (pl.col("start") - pl.col("time").shift()) / MICROSECOND
    return pl.max_horizontal(idle, 0.0)


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
        for row in counted.iter_rows(named=True)
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
        for row in counted.iter_rows(named=True)
    ]


def edges_section(events: Events, pairs: pl.DataFrame) -> list[dict[str, Any]]:
    """List every edge of the directly-follows graph, most frequent first."""
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
        for row in pairs.iter_rows(named=True)
    ]


def bottlenecks_section(events: Events, pairs: pl.DataFrame, *, top: int = 20) -> dict[str, Any]:
    """Rank transitions by total waiting: cases times the median.

    The median is waiting only where start times are known; otherwise it is the time between
    two events, work included, and is called so.
    """
    typical = "wait" if events.has_start else "median"
    all_seconds = float(pairs["total"].sum()) or 1.0
    ranked = (
        pairs.with_columns(typical=pl.col(typical).fill_null(pl.col("median")))
        .with_columns(cost=pl.col("cases") * pl.col("typical"))
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
            "medianSeconds": round(row["typical"], 3),
            "meanSeconds": round(row["mean"], 3),
            "p95Seconds": round(row["p95"], 3),
            "totalSeconds": round(row["cost"], 3),
            "shareOfElapsed": row["total"] / all_seconds,
        }
        for row in rows.iter_rows(named=True)
    ]
