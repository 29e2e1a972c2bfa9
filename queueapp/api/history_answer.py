"""Builds the history of a queue as the API shows it. Pure, like job_answer."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from queueapp.api.schemas import camel
from queueapp.api.schemas.enums import HistoryMetric
from queueapp.api.shown import Row
from queueapp.domain import text
from queueapp.domain.bottlenecks import Bottleneck
from queueapp.domain.periods import Bucket, Changes, Period
from queueapp.domain.queue import Priority
from queueapp.domain.rollup import HOUR_MS, Rollup


@dataclass(frozen=True)
class Looked:
    """What was found in a period: as a whole, by bucket, beside the one before, what was wrong."""

    period: Period
    whole: Rollup
    buckets: Iterable[Bucket]
    changes: Changes
    bottlenecks: Iterable[Bottleneck]


def history_answer(looked: Looked, metrics: Collection[HistoryMetric]) -> Row:
    """Return a queue's history with every documented key; buckets with what was asked for."""
    period = looked.period
    return {
        "period": {
            "startDate": text.timestamp(period.start_ms),
            "endDate": text.timestamp(period.end_ms),
            "aggregation": period.aggregation,
        },
        "summary": _summary(looked.whole),
        "hourlyData": [_bucket(bucket, metrics) for bucket in looked.buckets],
        "trends": {camel(name): _tenth(value) for name, value in asdict(looked.changes).items()},
        "bottlenecks": [_bottleneck(one, period.end_ms) for one in looked.bottlenecks],
    }


def _tenth(value: float | None) -> float | None:
    return None if value is None else float(text.tenth(value))


def _minutes(ms: float | None) -> str | None:
    return None if ms is None else text.minutes(ms)


def _summary(whole: Rollup) -> Row:
    average, peak = whole.average_wait_ms, whole.most_wait_ms
    hours = whole.length_ms / HOUR_MS
    return {
        "totalJobsProcessed": whole.processed,
        "averageQueueSize": _tenth(whole.average_size),
        "peakQueueSize": whole.peak_size,
        "averageWaitTime": text.minutes(average or 0),
        "averageWaitTimeSeconds": text.seconds(average),
        "peakWaitTime": text.minutes(peak or 0),
        "peakWaitTimeSeconds": text.seconds(peak),
        "throughputPerHour": _tenth(whole.processed / hours) if hours else 0.0,
        "efficiency": _tenth(whole.efficiency),
    }


def _bucket(bucket: Bucket, metrics: Collection[HistoryMetric]) -> Row:
    rollup = bucket.rollup
    row: Row = {"timestamp": text.timestamp(bucket.start_ms)}
    if bucket.partial:
        row["partial"] = True
    if HistoryMetric.QUEUE_SIZE in metrics:
        row["queueSize"] = {
            "average": _tenth(rollup.average_size),
            "peak": rollup.peak_size,
            "minimum": rollup.least,
        }
        levels = zip(Priority, rollup.peak, strict=True)
        row["priorityDistribution"] = {str(level).lower(): count for level, count in levels}
    if HistoryMetric.WAIT_TIME in metrics:
        row["waitTime"] = _wait(rollup)
        row["waitReasons"] = _reasons(rollup)
    if throughput := _throughput(rollup, metrics):
        row["throughput"] = throughput
    return row


def _wait(rollup: Rollup) -> Row:
    known = {
        "average": rollup.average_wait_ms,
        "maximum": rollup.most_wait_ms,
        "minimum": rollup.least_wait_ms,
    }
    texts = {name: _minutes(ms) for name, ms in known.items()}
    return {**texts, **{f"{name}Seconds": text.seconds(ms) for name, ms in known.items()}}


def _reasons(rollup: Rollup) -> list[Row]:
    longest_first = sorted(rollup.reasons.items(), key=lambda one: (-one[1], one[0]))
    return [{"code": code, "jobSeconds": text.seconds(ms)} for code, ms in longest_first]


def _throughput(rollup: Rollup, metrics: Collection[HistoryMetric]) -> Row:
    efficiency = {"efficiency": _tenth(rollup.efficiency)}
    if HistoryMetric.THROUGHPUT in metrics:
        names = ("completed", "submitted", "started", "failed", "cancelled")
        counts = {f"jobs{name.capitalize()}": rollup.total(name) for name in names}
        return {**counts, **efficiency}
    return efficiency if HistoryMetric.EFFICIENCY in metrics else {}


def _bottleneck(found: Bottleneck, until_ms: int) -> Row:
    end = max(found.end_ms or until_ms, found.start_ms + 1)
    return {
        "timeframe": text.window(found.start_ms, end),
        "issue": found.issue,
        "impact": text.delay(text.whole(found.delay_ms / 60_000)),
        "impactSeconds": text.seconds(found.delay_ms),
        "affectedJobs": found.affected_jobs,
        "resolution": found.resolution,
    }
