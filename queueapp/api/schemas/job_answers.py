"""What the job endpoints answer, for the API document; the rows themselves are built by hand."""

from marshmallow import fields

from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.enums import OnDependencyFailure, Priority, Status, WaitReason
from queueapp.api.schemas.fields import Choice, Count, Guid, Note, Real, Stamp

OPTIONAL = {"optional": True}


class JobProgress(ResponseSchema):
    """How far the job is, in every status."""

    percentage = fields.Integer(metadata={"minimum": 0, "maximum": 100, "format": "int32"})
    current_stage = Note()
    estimated_completion = Stamp(allow_none=True)
    elapsed_time = Note(metadata={"description": "Such as 8 minutes 32 seconds."})
    elapsed_seconds = Real()


class JobResource(ResponseSchema):
    """What the job works on."""

    resource_type = Note()
    resource_id = Note()
    resource_name = Note(allow_none=True)


class JobExecution(ResponseSchema):
    """Where and how the newest attempt runs; null until it starts."""

    start_time = Stamp(allow_none=True)
    end_time = Stamp(allow_none=True)
    submitted_by = Note()
    execution_node = Note(allow_none=True)
    memory_usage = Note(allow_none=True, metadata={"description": "Such as 2.1 GB."})
    cpu_usage = Note(allow_none=True, metadata={"description": "Share of the node, such as 45%."})
    disk_usage = Note(allow_none=True)
    memory_bytes = Count(allow_none=True)
    cpu_percent = Real(allow_none=True)
    disk_bytes = Count(allow_none=True)


class JobMetrics(ResponseSchema):
    """What the job has processed."""

    records_processed = Count()
    total_records = Count(allow_none=True)
    error_count = Count()
    warning_count = Count()
    average_processing_rate = Note(
        allow_none=True, metadata={"description": "Such as 1250 records/second."}
    )
    records_per_second = Real(allow_none=True)


class JobAttempt(ResponseSchema):
    """One run of the job, over or under way."""

    number = Count()
    start_time = Stamp()
    end_time = Stamp(allow_none=True)
    worker = Note()
    execution_node = Note()
    end = Note(
        allow_none=True,
        metadata={"description": "completed, failed, cancelled, lost, given_back, retried."},
    )
    error_code = Note(allow_none=True)


class ReservedResources(ResponseSchema):
    """What the job reserves on a node."""

    cpu_units = Count()
    memory_gb = Real(data_key="memoryGB")


class RetrySettings(ResponseSchema):
    """How often a retryable failure is attempted again by itself."""

    max_attempts = Count()
    delay_seconds = Real()
    max_delay_seconds = Real()


class SchedulingSettings(ResponseSchema):
    """When the job may start and how long it may run."""

    scheduled_time = Stamp(allow_none=True)
    timeout_minutes = Count()


class NotificationSettings(ResponseSchema):
    """Who is told when the job ends."""

    on_completion = fields.Boolean()
    on_failure = fields.Boolean()
    email_recipients = fields.List(Note())


class EstimateBasis(ResponseSchema):
    """What a duration estimate rests on."""

    scope = Note(metadata={"description": "resource, type, project or none."})
    samples = Count()


class JobError(ResponseSchema):
    """Why the job failed, for programs."""

    code = Note()
    stage = Note(allow_none=True)


class JobWaited(ResponseSchema):
    """How long a job has waited for one thing, in all its attempts."""

    code = Choice(WaitReason)
    seconds = Real()


class JobWait(ResponseSchema):
    """Why a queued job does not run yet."""

    code = Note(
        metadata={
            "description": "One of Position, Dependency, Scheduled, QueuePaused, TypePaused, "
            "Resources, HostBusy, ConcurrencyLimit, NoWorkers, RetryBackoff; it may grow."
        }
    )
    text = Note(metadata={"description": "The same in plain words."})
    needs = Note(allow_none=True, metadata={"description": "What has to happen next, if known."})


class JobCancellation(ResponseSchema):
    """Who asked for a job to end, and why."""

    requested_by = Note()
    requested_at = Stamp()
    reason = Note(allow_none=True)


class Job(ResponseSchema):
    """A job as it is now."""

    job_id = Guid()
    project_id = Note()
    job_type = Note()
    job_name = Note()
    job_description = Note(allow_none=True)
    status = Choice(Status)
    priority = Choice(Priority)
    progress = fields.Nested(JobProgress)
    resource = fields.Nested(JobResource, allow_none=True)
    execution = fields.Nested(JobExecution)
    metrics = fields.Nested(JobMetrics)
    date_created = Stamp()
    last_updated = Stamp()
    queue_position = Count(allow_none=True, metadata={"description": "From 1, while Queued."})
    wait_reason = fields.Nested(
        JobWait, allow_none=True, metadata={"description": "Null unless Queued."}
    )
    waited = fields.List(
        fields.Nested(JobWaited),
        metadata={"description": "For what it was queued how long, until now or until its end."},
    )
    estimated_start_time = Stamp(allow_none=True)
    estimated_duration = Note(allow_none=True, metadata={"description": "Such as 12-15 minutes."})
    estimate_basis = fields.Nested(EstimateBasis)
    estimated_at = Stamp(metadata={"description": "The moment that the estimates are of."})
    error = Note(metadata={**OPTIONAL, "description": "Why it failed; only when Failed."})
    error_details = fields.Nested(JobError, metadata=OPTIONAL)
    cancellation_requested = fields.Boolean()
    cancellation = fields.Nested(
        JobCancellation,
        allow_none=True,
        metadata={"description": "Who asked for it to end, if anybody did."},
    )
    parameters = fields.Dict()
    scheduling = fields.Nested(SchedulingSettings)
    notifications = fields.Nested(NotificationSettings)
    host = Note(allow_none=True, metadata={"description": "The host it is pinned to."})
    dependencies = fields.List(Guid())
    on_dependency_failure = Choice(OnDependencyFailure)
    resource_requirements = fields.Nested(ReservedResources)
    retries = fields.Nested(RetrySettings)
    attempts = fields.List(fields.Nested(JobAttempt))
    original_job_id = Guid(allow_none=True)
    retried_as = Guid(allow_none=True)
    workflow_id = Guid(allow_none=True, metadata={"description": "The workflow it belongs to."})
    workflow_step = Note(allow_none=True, metadata={"description": "Its name in the workflow."})
    schedule_id = Note(allow_none=True, metadata={"description": "The schedule that made it."})
    scheduled_for = Stamp(
        allow_none=True, metadata={"description": "The moment that its schedule named."}
    )


class JobRow(ResponseSchema):
    """A job in a list; keys that do not apply are left out."""

    job_id = Guid()
    job_type = Note()
    job_name = Note()
    status = Choice(Status)
    priority = Choice(Priority)
    progress = fields.Integer(metadata={"minimum": 0, "maximum": 100, "format": "int32"})
    submitted_by = Note()
    date_created = Stamp()
    start_time = Stamp(metadata=OPTIONAL)
    resource_name = Note(metadata=OPTIONAL)
    estimated_completion = Stamp(metadata={**OPTIONAL, "description": "While Running."})
    end_time = Stamp(metadata=OPTIONAL)
    duration = Note(metadata={**OPTIONAL, "description": "Such as 23 minutes."})
    duration_seconds = Real(metadata=OPTIONAL)


class JobListSummary(ResponseSchema):
    """The jobs of the list by status, whatever the status filter and the page."""

    total_jobs = Count()
    running_jobs = Count()
    queued_jobs = Count()
    completed_jobs = Count()
    failed_jobs = Count()
    cancelled_jobs = Count()


class JobList(ResponseSchema):
    """One page of jobs, newest first."""

    jobs = fields.List(fields.Nested(JobRow))
    summary = fields.Nested(JobListSummary)
    summary_approximate = fields.Boolean()
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()


class SubmittedJob(ResponseSchema):
    """An accepted job and what can be said of its time."""

    job_id = Guid()
    status = Choice(Status)
    queue_position = Count(allow_none=True, metadata={"description": "From 1, over all tiers."})
    estimated_start_time = Stamp(allow_none=True)
    estimated_duration = Note(metadata={"description": "Such as 12-15 minutes."})
    estimate_basis = fields.Nested(EstimateBasis)
    job_name = Note()
    job_type = Note()
    priority = Choice(Priority)
    date_submitted = Stamp()
    submitted_by = Note()


class MetLimit(ResponseSchema):
    """A limit that the job would meet now."""

    code = Note(
        metadata={
            "description": "One of QueueFull, QueuePaused, TypePaused, NoWorkers, Resources, "
            "ConcurrencyLimit, DependencyFailed; it may grow."
        }
    )
    text = Note(metadata={"description": "The same in plain words."})
    refuses = fields.Boolean(metadata={"description": "Whether it would be refused for this."})


class TriedJob(ResponseSchema):
    """What would become of a job that was not submitted."""

    dry_run = fields.Boolean()
    accepted = fields.Boolean(metadata={"description": "Whether it would be accepted now."})
    queue_position = Count(metadata={"description": "From 1, over all tiers."})
    tier_position = Count()
    estimated_start_time = Stamp(allow_none=True)
    estimated_completion = Stamp(allow_none=True)
    estimated_duration = Note(metadata={"description": "Such as 12-15 minutes."})
    estimate_basis = fields.Nested(EstimateBasis)
    job_name = Note()
    job_type = Note()
    priority = Choice(Priority)
    submitted_by = Note()
    resource_requirements = fields.Nested(ReservedResources)
    timeout_minutes = Count()
    wait_reason = fields.Nested(JobWait, allow_none=True)
    limits = fields.List(fields.Nested(MetLimit))


class RetriedJob(SubmittedJob):
    """The new job that a retry made."""

    original_job_id = Guid()
    attempt = Count(metadata={"description": "2 for the first retry."})
    retry_reason = Note(allow_none=True)


class CancelledJob(ResponseSchema):
    """What became of the wish to cancel."""

    job_id = Guid()
    previous_status = Choice(Status)
    status = Choice(Status)
    cancellation_requested = fields.Boolean()
    cancelled_at = Stamp(allow_none=True)
    cancelled_by = Note()
    reason = Note(allow_none=True)
    partial_results_preserved = fields.Boolean(
        metadata={"description": "Whether results of the stopped attempt can be read."}
    )
