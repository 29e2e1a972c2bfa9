"""What the job endpoints answer, for the API document; the rows themselves are built by hand."""

from marshmallow import fields

from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.enums import OnDependencyFailure, Priority, Status
from queueapp.api.schemas.fields import Choice, Count, Guid, Note, Real, Stamp
from queueapp.api.schemas.job_parts import (
    EstimateBasis,
    JobAttempt,
    JobCancellation,
    JobError,
    JobExecution,
    JobMetrics,
    JobProgress,
    JobResource,
    JobWait,
    JobWaited,
    NotificationSettings,
    ReservedResources,
    RetrySettings,
    SchedulingSettings,
)

OPTIONAL = {"optional": True}


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
            "ConcurrencyLimit, DependencyFailed, QueueTTL; it may grow."
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
