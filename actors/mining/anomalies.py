"""Anomalies: cases and events that stand out, each with its rule, its reason and its case.

A rule that cannot be applied to a log says why instead of finding nothing.
"""

from typing import Any

import polars as pl

from actors.mining import wording
from actors.mining.cycle import moment
from actors.mining.events import Events

LIMIT = 3.5  # robust z-score; Iglewicz and Hoaglin's recommendation for the modified z-score
_HOUR_US = 3_600_000_000
_WEEK_HOURS = 168
_RARE_HOUR = 0.05  # of the average hour of the week
_RARE_VARIANT = 0.002  # of the cases
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def anomalies_section(
    log: pl.DataFrame, events: Events, cases: pl.DataFrame, ranked: pl.DataFrame, *, top: int = 50
) -> dict[str, Any]:
    """Look for unusual durations, rare variants, broken order and unusual hours."""
    kinds = [
        _durations(events, cases, top),
        _rare_variants(events, cases, ranked, top),
        _broken_order(log, events, top),
        _unusual_hours(events, top),
    ]
    return {"total": sum(kind["found"] for kind in kinds), "kinds": kinds}


def _kind(
    name: str, title: str, rule: str, *, found: int = 0, items: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    return {"kind": name, "title": title, "rule": rule, "found": found, "items": items or []}


def _durations(events: Events, cases: pl.DataFrame, top: int) -> dict[str, Any]:
    rule = f"Robust z-score of the logarithm of the case duration beyond ±{LIMIT} (median, MAD)."
    logs = cases.filter(pl.col("duration") > 0).with_columns(log=pl.col("duration").log())
    middle: Any = logs["log"].median()
    spread: Any = None if middle is None else (logs["log"] - middle).abs().median()
    if not spread:
        return _kind("duration", "Unusual durations", rule + " Not applicable: no spread.")
    odd = (
        logs.with_columns(z=0.6745 * (pl.col("log") - middle) / spread)
        .filter(pl.col("z").abs() > LIMIT)
        .sort([pl.col("z").abs(), "case"], descending=[True, False])
    )
    items = [
        _item(
            events,
            row["case"],
            f"unusually {'long' if row['z'] > 0 else 'short'}: "
            f"{wording.duration(row['duration'])} (z {row['z']:+.1f})",
        )
        for row in odd.head(top).iter_rows(named=True)
    ]
    return _kind("duration", "Unusual durations", rule, found=odd.height, items=items)


def _rare_variants(
    events: Events, cases: pl.DataFrame, ranked: pl.DataFrame, top: int
) -> dict[str, Any]:
    most = int(events.n_cases * _RARE_VARIANT)
    rule = f"Variants followed by at most {wording.share(_RARE_VARIANT)} of the cases"
    if most < 1:
        return _kind("variant", "Rare variants", f"{rule}. Not applicable: fewer than 500 cases.")
    rare = ranked.filter(pl.col("cases") <= most).select("variant", n="cases")
    odd = cases.join(rare, on="variant", maintain_order="left").sort(
        ["n", "events", "case"], descending=[False, True, False]
    )
    items = [
        _item(
            events,
            row["case"],
            f"variant {row['variant']} with {row['events']} events, "
            f"{'the only such case' if row['n'] == 1 else str(row['n']) + ' such cases'}",
        )
        for row in odd.head(top).iter_rows(named=True)
    ]
    return _kind("variant", "Rare variants", f"{rule} (≤ {most}).", found=odd.height, items=items)


def _broken_order(log: pl.DataFrame, events: Events, top: int) -> dict[str, Any]:
    rule = "Events that stand in the file before an event of their case with an earlier time."
    places = events.frame.select("case", "activity", "time", "index", row=log["row"])
    earlier = (pl.col("index") > 0) & (pl.col("row") < pl.col("row").shift())
    odd = places.with_columns(before=pl.col("activity").shift()).filter(earlier)
    if odd.height > events.frame.height * 0.2:
        rule += " Not applicable: the file as a whole is not in the order of time."
        return _kind("order", "Broken order", rule)
    items = [
        _item(
            events,
            row["case"],
            f"{wording.clip(events.activities[row['activity']])} stands in the file before "
            f"{wording.clip(events.activities[row['before']])}, which happened earlier",
        )
        for row in odd.head(top).iter_rows(named=True)
    ]
    return _kind("order", "Broken order", rule, found=odd.height, items=items)


def _unusual_hours(events: Events, top: int) -> dict[str, Any]:
    limit = wording.share(_RARE_HOUR)
    rule = f"Events in hours of the week (UTC) with under {limit} of an average hour."
    if events.frame.height < 10 * _WEEK_HOURS:
        return _kind("hour", "Unusual hours", rule + " Not applicable: too few events.")
    # 1970-01-01 was a Thursday, so three days bring the weeks to begin on Mondays.
    hour = (pl.col("time") // _HOUR_US + 72) % _WEEK_HOURS
    timed = events.frame.select("case", "activity", "time", hour=hour)
    usual = events.frame.height / _WEEK_HOURS
    counts = timed.group_by("hour").agg(n=pl.len())
    rare = counts.filter(pl.col("n") < usual * _RARE_HOUR)
    odd = timed.join(rare, on="hour", maintain_order="left").sort(["n", "time", "case"])
    items = [
        _item(
            events,
            row["case"],
            f"{wording.clip(events.activities[row['activity']])} at {moment(row['time'])}, "
            f"{_DAYS[row['hour'] // 24]}, an hour with {wording.plural(row['n'], 'event')}",
        )
        for row in odd.head(top).iter_rows(named=True)
    ]
    return _kind("hour", "Unusual hours", rule, found=odd.height, items=items)


def _item(events: Events, case: int, reason: str) -> dict[str, str]:
    return {"case": events.case_ids[case], "reason": reason}
