"""Cases and how long they take: the case table, quantiles, a histogram and the weekly trend."""

from bisect import bisect_right
from datetime import UTC, datetime
from typing import Any

import polars as pl

from actors.mining.events import MICROSECOND, Events
from actors.mining.variants import Variants

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_LADDER = (
    *(1.0, 2.0, 5.0, 10.0, 20.0, 30.0),
    *(_MINUTE * n for n in (1, 2, 5, 10, 20, 30)),
    *(_HOUR * n for n in (1, 2, 4, 8, 16)),
    *(_DAY * n for n in (1, 2, 4, 7, 14, 28, 56, 112, 224, 365, 730, 1825)),
)
_STEPS = (
    *(1.0, 2.0, 5.0, 10.0, 30.0),
    *(_MINUTE * n for n in (1, 2, 5, 10, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 3, 5, 7, 14, 28, 91, 182, 365, 1825)),
)
_MOST_BINS = 18
_NARROW = 12.0  # p95 to p5: below this ratio equal bins tell more than growing ones


def case_table(events: Events, variants: Variants) -> pl.DataFrame:
    """Give every case its start and end (microseconds), duration (seconds), events, variant."""
    begin = pl.min_horizontal("start", "time") if events.has_start else pl.col("time")
    return (
        events.frame.group_by("case", maintain_order=True)
        .agg(begin=begin.min(), end=pl.col("time").max(), events=pl.len())
        .with_columns(
            duration=(pl.col("end") - pl.col("begin")) / MICROSECOND,
            variant=variants.of_case,
        )
    )


def cycle_section(cases: pl.DataFrame) -> dict[str, Any]:
    """Describe case durations: mean, quantiles with linear interpolation, and a histogram."""
    durations = cases["duration"]
    quantiles = {
        f"p{round(q * 100)}Seconds": _rounded(durations.quantile(q, "linear"))
        for q in (0.05, 0.25, 0.75, 0.9, 0.95, 0.99)
    }
    return {
        "meanSeconds": _rounded(durations.mean()),
        "medianSeconds": _rounded(durations.median()),
        "minSeconds": _rounded(durations.min()),
        "maxSeconds": _rounded(durations.max()),
        **quantiles,
        "totalSeconds": _rounded(durations.sum()),
        "slowestTenthShare": slowest_share(durations),
        "histogram": histogram(durations),
    }


def slowest_share(durations: pl.Series, tenth: float = 0.1) -> float | None:
    """Tell which share of all case time the slowest tenth of the cases takes."""
    total = float(durations.sum())
    n_slow = max(1, round(len(durations) * tenth))
    return float(durations.top_k(n_slow).sum()) / total if total else None


def histogram(durations: pl.Series) -> list[dict[str, Any]]:
    """Count durations in bins with readable bounds; the last bin may be open at the top."""
    bounds = _bounds(durations)
    places = pl.Series(bounds, dtype=pl.Float64).search_sorted(durations, side="right") - 1
    counts = dict(places.value_counts().iter_rows())
    uppers: list[float | None] = [*bounds[1:], None]
    bins = [
        {"fromSeconds": low, "toSeconds": high, "cases": counts.get(i, 0)}
        for i, (low, high) in enumerate(zip(bounds, uppers, strict=True))
    ]
    filled = [i for i, one in enumerate(bins) if one["cases"]]
    return bins[filled[0] : filled[-1] + 1]


def _bounds(durations: pl.Series) -> list[float]:
    """Choose equal bins where durations are of one magnitude, growing ones elsewhere."""
    low, high = _quantile(durations, 0.05), _quantile(durations, 0.95)
    if low > 0 and high / low < _NARROW:
        return _equal_bounds(durations)
    first = max(0, bisect_right(_LADDER, max(_quantile(durations, 0.01), 1.0)) - 1)
    last = bisect_right(_LADDER, _quantile(durations, 0.995))
    chosen = list(_LADDER[first : last + 1])
    while len(chosen) > _MOST_BINS:
        chosen = chosen[::2]
    return [0.0, *chosen]


def _equal_bounds(durations: pl.Series) -> list[float]:
    low, high = _quantile(durations, 0.005), _quantile(durations, 0.995)
    n_bins = min(_MOST_BINS, max(5, len(durations) // 5))
    step = next((s for s in _STEPS if (high - low) / s <= n_bins), _STEPS[-1])
    first = max(1, int(low // step))
    return [0.0, *(step * i for i in range(first, int(high // step) + 2))]


def _quantile(durations: pl.Series, q: float) -> float:
    return float(durations.quantile(q, "linear") or 0.0)


def throughput_section(cases: pl.DataFrame) -> dict[str, Any]:
    """Count cases begun and ended per period, with the median duration of those begun.

    The period is the shortest of day, week, month, quarter and year that gives 60 or fewer.
    """
    first, last = int(cases["begin"].min()), int(cases["end"].max())  # type: ignore[arg-type]
    days = (last - first) / MICROSECOND / _DAY
    unit, every = next(
        (unit, every)
        for limit, unit, every in (
            (45, "day", "1d"),
            (420, "week", "1w"),
            (1800, "month", "1mo"),
            (5400, "quarter", "1q"),
            (float("inf"), "year", "1y"),
        )
        if days <= limit
    )
    begun = _per_period(cases, "begin", every).agg(
        begun=pl.len(), median=pl.col("duration").median()
    )
    ended = _per_period(cases, "end", every).agg(ended=pl.len())
    return {"period": unit, "items": _filled(begun, ended, every)}


def _per_period(cases: pl.DataFrame, column: str, every: str) -> Any:
    period = pl.from_epoch(pl.col(column), time_unit="us").dt.truncate(every)
    return cases.select(period=period, duration="duration").group_by("period")


def _filled(begun: pl.DataFrame, ended: pl.DataFrame, every: str) -> list[dict[str, Any]]:
    both = pl.concat([begun["period"], ended["period"]])
    periods = pl.datetime_range(both.min(), both.max(), every, eager=True).alias("period")  # type: ignore[arg-type]
    joined = (
        pl.DataFrame([periods.cast(both.dtype)])
        .join(begun, on="period", how="left", maintain_order="left")
        .join(ended, on="period", how="left", maintain_order="left")
    )
    return [
        {
            "start": row["period"].strftime("%Y-%m-%d"),
            "begun": row["begun"] or 0,
            "ended": row["ended"] or 0,
            "medianSeconds": _rounded(row["median"]),
        }
        for row in joined.iter_rows(named=True)
    ]


def period_of(cases: pl.DataFrame) -> dict[str, str]:
    """Give the first and the last moment of the log as RFC 3339 text."""
    first, last = cases["begin"].min(), cases["end"].max()
    return {"start": moment(int(first)), "end": moment(int(last))}  # type: ignore[arg-type]


def moment(microseconds: int) -> str:
    """Write a time as RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(microseconds // MICROSECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 3)
