"""Resources: who did how much, and who hands work to whom."""

from typing import Any

import polars as pl

from actors.mining.events import MICROSECOND, Events

_DAY_US = 86_400 * MICROSECOND


def resources_section(events: Events, *, top: int = 50, handovers: int = 20) -> dict[str, Any]:
    """Describe the resources by events, cases, active days, share and, where known, busy time.

    Busy time is the sum of the work times, so it exists only where the log has start times.
    """
    known = events.frame.filter(pl.col("resource").is_not_null())
    busy = ((pl.col("time") - pl.col("start")) / MICROSECOND).clip(lower_bound=0).sum()
    ranked = (
        known.group_by("resource")
        .agg(
            events=pl.len(),
            cases=pl.col("case").n_unique(),
            days=(pl.col("time") // _DAY_US).n_unique(),
            activities=pl.col("activity").n_unique(),
            busy=busy if events.has_start else pl.lit(None, dtype=pl.Float64).first(),
        )
        .sort(["events", "resource"], descending=[True, False])
    )
    items = [_row(events, row) for row in ranked.head(top).iter_rows(named=True)]
    return {
        "total": ranked.height,
        "eventsWithoutResource": events.frame.height - known.height,
        "halfOfEventsBy": _half(ranked["events"], known.height),
        "listed": len(items),
        "items": items,
        "handovers": _handovers(events, handovers),
    }


def _row(events: Events, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "resource": events.resources[row["resource"]],
        "events": row["events"],
        "cases": row["cases"],
        "share": row["events"] / events.frame.height,
        "activeDays": row["days"],
        "activities": row["activities"],
        "busySeconds": None if row["busy"] is None else round(row["busy"], 3),
    }


def _half(counts: pl.Series, total: int) -> int:
    """Count the busiest resources that together did half of the events."""
    return int((counts.cum_sum() < total / 2).sum()) + 1 if total else 0


def _handovers(events: Events, top: int) -> list[dict[str, Any]]:
    giver = pl.col("resource").shift()
    passed = events.frame.with_columns(giver=giver).filter(
        pl.col("gap").is_not_null() & (pl.col("giver") != pl.col("resource"))
    )
    ranked = (
        passed.group_by("giver", "resource")
        .agg(count=pl.len(), median=pl.col("gap").median())
        .sort(["count", "giver", "resource"], descending=[True, False, False])
    )
    return [
        {
            "from": events.resources[row["giver"]],
            "to": events.resources[row["resource"]],
            "count": row["count"],
            "medianSeconds": round(row["median"] / MICROSECOND, 3),
        }
        for row in ranked.head(top).iter_rows(named=True)
    ]
