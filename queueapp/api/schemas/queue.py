"""What the queue endpoints are asked with and answer; the rows themselves are built by hand."""

from marshmallow import fields

from queueapp.api.paging import MAX_PAGE
from queueapp.api.schemas import QuerySchema, ResponseSchema
from queueapp.api.schemas.enums import Priority, QueueState
from queueapp.api.schemas.fields import Choice, Count, Flag, Guid, Note, Real, Stamp, Text, Whole
from queueapp.api.schemas.job_parts import EstimateBasis, JobWait

USUAL_ROWS = 1_000
MOST_ROWS = 10_000


def _about(text: str) -> dict[str, str]:
    return {"description": text}


class QueuePageQuery(QuerySchema):
    """Which page of a queue; a larger page than allowed is clamped and echoed."""

    page = Whole(low=1, high=MAX_PAGE, load_default=1, metadata=_about("Page number from 1."))
    page_size = Whole(
        low=1,
        high=MOST_ROWS,
        clamp=True,
        load_default=USUAL_ROWS,
        metadata=_about(f"Jobs in a page; more than {MOST_ROWS} means {MOST_ROWS}."),
    )


class QueueQuery(QueuePageQuery):
    """Which jobs of the queue to show; the numbers stay those of the whole queue."""

    priority = Choice(Priority, load_default=None, metadata=_about("Only jobs of this tier."))
    job_type = Text(longest=64, load_default=None, metadata=_about("Only jobs of this type."))
    include_estimates = Flag(
        load_default=True, metadata=_about("False leaves every estimate null, and is cheaper.")
    )


class QueuedResources(ResponseSchema):
    """What a job reserves, and the disk that nine of ten runs like it used at most."""

    cpu_units = Count()
    memory_gb = Real(data_key="memoryGB")
    estimated_disk_usage = Note(
        allow_none=True,
        metadata=_about("Such as 500 MB; of past runs, else as declared, else null."),
    )


class _QueuedJob(ResponseSchema):
    """What both lists show of a queued job."""

    job_id = Guid()
    job_name = Note()
    job_type = Note()
    priority = Choice(Priority)
    estimated_start_time = Stamp(
        allow_none=True, metadata=_about("Null where nobody can say, or if not asked for.")
    )
    estimated_completion = Stamp(allow_none=True)
    estimated_duration = Note(allow_none=True, metadata=_about("Such as 12-15 minutes."))
    estimate_basis = fields.Nested(EstimateBasis, allow_none=True)
    submitted_by = Note()
    date_submitted = Stamp()
    resource_requirements = fields.Nested(QueuedResources)
    wait_reason = fields.Nested(JobWait, allow_none=True)


class QueueRow(_QueuedJob):
    """A job of the queue."""

    queue_position = Count(metadata=_about("From 1, over all tiers."))
    tier_position = Count(metadata=_about("From 1, in its tier."))


class TierRow(_QueuedJob):
    """A job of one tier."""

    queue_position = Count(metadata=_about("From 1, in the tier."))
    overall_queue_position = Count(metadata=_about("From 1, over all tiers."))
    wait_time = Note(metadata=_about("Since its submission, such as 15 minutes."))
    wait_time_seconds = Real()
    dependencies = fields.List(
        Guid(), metadata=_about("The jobs it depends on that have not ended.")
    )


class QueueSummary(ResponseSchema):
    """The whole queue in numbers."""

    total_queued_jobs = Count()
    critical_priority_jobs = Count()
    high_priority_jobs = Count()
    normal_priority_jobs = Count()
    low_priority_jobs = Count()
    average_wait_time = Note(metadata=_about("Of the jobs that could run, since they could."))
    average_wait_time_seconds = Real()
    estimated_processing_time = Note(
        allow_none=True,
        metadata=_about("Until the last job has ended, by mean run times; null without samples."),
    )
    estimated_processing_time_seconds = Real(allow_none=True)


class ProcessingCapacity(ResponseSchema):
    """The live workers, shared by all projects, and what this project runs."""

    total_workers = Count()
    active_workers = Count(metadata=_about("Those that run a job of any project."))
    current_load = Count(metadata=_about("Percent of the workers that are active."))
    max_concurrent_jobs = Count(metadata=_about("Slots of the live workers."))
    currently_running = Count(metadata=_about("Running jobs of this project."))


class QueueTrends(ResponseSchema):
    """How the queue was used lately."""

    current_hour_submissions = Count()
    peak_hour_today = Note(allow_none=True, metadata=_about("UTC, such as 09:00-10:00."))
    average_queue_size = Real(metadata=_about("Of the last 24 hours."))


class QueuePerformance(ResponseSchema):
    """How the project's jobs went lately."""

    average_job_duration = Note(
        allow_none=True, metadata=_about("Of the jobs completed in the last 24 hours.")
    )
    average_job_duration_seconds = Real(allow_none=True)
    throughput_last_hour = Count(metadata=_about("Jobs completed."))
    queue_trends = fields.Nested(QueueTrends)


class PausedJobType(ResponseSchema):
    """A job type none of whose jobs starts."""

    job_type = Note()
    paused_at = Stamp()
    paused_by = Note()
    reason = Note(allow_none=True)
    scheduled_resume = Stamp(allow_none=True)


class TierVersions(ResponseSchema):
    """The version of each tier: it rises whenever the tier's order changes."""

    critical = Count()
    high = Count()
    normal = Count()
    low = Count()


class QueueStatus(ResponseSchema):
    """One page of a project's queue, and the queue around it."""

    queue_status = Choice(QueueState)
    paused_at = Stamp(allow_none=True)
    paused_by = Note(allow_none=True)
    pause_reason = Note(allow_none=True)
    scheduled_resume = Stamp(allow_none=True)
    paused_job_types = fields.List(fields.Nested(PausedJobType))
    timestamp = Stamp()
    estimated_at = Stamp(metadata=_about("The moment that the estimates are of."))
    summary = fields.Nested(QueueSummary)
    processing_capacity = fields.Nested(ProcessingCapacity)
    queued_jobs = fields.List(fields.Nested(QueueRow))
    performance_metrics = fields.Nested(QueuePerformance)
    versions = fields.Nested(TierVersions)
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count(metadata=_about("Jobs that the filters leave."))


class TierQueue(ResponseSchema):
    """One page of a tier."""

    priority = Choice(Priority)
    job_count = Count()
    average_wait_time = Note(metadata=_about("Of the jobs that could run, since they could."))
    average_wait_time_seconds = Real()
    estimated_processing_time = Note(
        allow_none=True, metadata=_about("Until the tier's last job has ended.")
    )
    estimated_processing_time_seconds = Real(allow_none=True)
    timestamp = Stamp()
    estimated_at = Stamp(metadata=_about("The moment that the estimates are of."))
    jobs = fields.List(fields.Nested(TierRow))
    version = Count(metadata=_about("The tier's version, as in the ETag."))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()
