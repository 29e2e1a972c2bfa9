"""What the history of a queue is asked with and what it answers."""

from typing import Any

import marshmallow
from marshmallow import fields

from queueapp.api.schemas import QuerySchema, ResponseSchema
from queueapp.api.schemas.enums import Aggregation, HistoryMetric, WaitReason
from queueapp.api.schemas.fields import Choice, Count, Moment, Note, Real, Stamp

OPTIONAL = {"optional": True}


def _about(text: str) -> dict[str, Any]:
    return {"description": text}


def metrics_of(text: str) -> frozenset[HistoryMetric]:
    """Return the metrics that a list names, in any case, separated by commas."""
    return frozenset(HistoryMetric(name.strip().lower()) for name in text.split(","))


def _must_name_metrics(text: str) -> None:
    try:
        metrics_of(text)
    except ValueError as error:
        allowed = ", ".join(HistoryMetric)
        raise marshmallow.ValidationError(f"It must be a list of: {allowed}.") from error


class HistoryQuery(QuerySchema):
    """Which time to look at, and how finely."""

    date_from = Moment(
        load_default=None,
        metadata=_about("From when on; else 24 hours, 30 days or 12 weeks before dateTo."),
    )
    date_to = Moment(
        upper=True, load_default=None, metadata=_about("Until when; else and at most now.")
    )
    aggregation = Choice(
        Aggregation, load_default=Aggregation.HOUR, metadata=_about("The length of a bucket.")
    )
    metrics = fields.String(
        load_default=",".join(HistoryMetric),
        validate=_must_name_metrics,
        metadata={
            "description": "What buckets show, separated by commas: queue_size, wait_time, "
            "throughput, efficiency; else all.",
            "example": "queue_size,wait_time",
        },
    )


class HistoryPeriod(ResponseSchema):
    """The time that was used: widened to whole hours, cut at now and at what is kept."""

    start_date = Stamp()
    end_date = Stamp()
    aggregation = Choice(Aggregation)


class HistorySummary(ResponseSchema):
    """The period as a whole."""

    total_jobs_processed = Count(metadata=_about("Jobs that completed or failed."))
    average_queue_size = Real(metadata=_about("The mean over time."))
    peak_queue_size = Count()
    average_wait_time = Note(metadata=_about("Of the jobs that were started in it."))
    average_wait_time_seconds = Real(allow_none=True)
    peak_wait_time = Note()
    peak_wait_time_seconds = Real(allow_none=True)
    throughput_per_hour = Real()
    efficiency = Real(
        allow_none=True,
        metadata=_about(
            "100 x busy / (busy + idle while a job could have been claimed), in slots over time; "
            "null where nothing ran and nothing waited."
        ),
    )


class BucketSize(ResponseSchema):
    """How long the queue was."""

    average = Real()
    peak = Count()
    minimum = Count()


class BucketWait(ResponseSchema):
    """How long the jobs had waited that were started; null where none was."""

    average = Note(allow_none=True)
    average_seconds = Real(allow_none=True)
    maximum = Note(allow_none=True)
    maximum_seconds = Real(allow_none=True)
    minimum = Note(allow_none=True)
    minimum_seconds = Real(allow_none=True)


class BucketThroughput(ResponseSchema):
    """What came and went; the efficiency alone where only that was asked for."""

    jobs_completed = Count(metadata=OPTIONAL)
    jobs_submitted = Count(metadata=OPTIONAL)
    jobs_started = Count(metadata=OPTIONAL)
    jobs_failed = Count(metadata=OPTIONAL)
    jobs_cancelled = Count(metadata=OPTIONAL)
    efficiency = Real(allow_none=True, metadata=OPTIONAL)


class PriorityDistribution(ResponseSchema):
    """The queue at its longest, by priority."""

    critical = Count()
    high = Count()
    normal = Count()
    low = Count()


class WaitShare(ResponseSchema):
    """How long jobs waited for one thing, all together."""

    code = Choice(WaitReason)
    job_seconds = Real()


class HistoryBucket(ResponseSchema):
    """One hour, day or week; what was not asked for is left out."""

    timestamp = Stamp(metadata=_about("When it begins, UTC; weeks on Monday."))
    is_partial = fields.Boolean(
        data_key="partial",
        metadata={**OPTIONAL, **_about("true where the period covers only a part of it.")},
    )
    queue_size = fields.Nested(BucketSize, metadata=OPTIONAL)
    wait_time = fields.Nested(BucketWait, metadata=OPTIONAL)
    throughput = fields.Nested(BucketThroughput, metadata=OPTIONAL)
    priority_distribution = fields.Nested(PriorityDistribution, metadata=OPTIONAL)
    wait_reasons = fields.List(
        fields.Nested(WaitShare),
        metadata={**OPTIONAL, **_about("Why jobs were queued, the longest first.")},
    )


class HistoryTrends(ResponseSchema):
    """Changes against the period of equal length before; null where it cannot be compared."""

    queue_size_growth = Real(allow_none=True, metadata=_about("Percent."))
    wait_time_improvement = Real(
        allow_none=True, metadata=_about("Percent; positive where waits became shorter.")
    )
    throughput_increase = Real(allow_none=True, metadata=_about("Percent."))
    efficiency_change = Real(allow_none=True, metadata=_about("Percentage points."))


class HistoryBottleneck(ResponseSchema):
    """A time in which jobs waited longer than usual because of one thing."""

    timeframe = Note(metadata=_about("Its start and its end, or now while it lasts."))
    issue = Note(metadata=_about("What held the queue up most of the time."))
    impact = Note(metadata=_about("The further waiting of each job that was affected."))
    impact_seconds = Real()
    affected_jobs = Count()
    resolution = Note(metadata=_about("What ended it, or Unresolved."))


class QueueHistory(ResponseSchema):
    """The history of a queue."""

    period = fields.Nested(HistoryPeriod)
    summary = fields.Nested(HistorySummary)
    hourly_data = fields.List(
        fields.Nested(HistoryBucket), metadata=_about("The buckets, whatever their length.")
    )
    trends = fields.Nested(HistoryTrends)
    bottlenecks = fields.List(fields.Nested(HistoryBottleneck))
