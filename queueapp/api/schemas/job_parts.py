"""What the answer about a job is made of; its schema and those of other nouns nest these."""

from marshmallow import fields

from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.enums import WaitReason
from queueapp.api.schemas.fields import Choice, Count, Note, Real, Stamp


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
    queue_ttl_seconds = Count(
        allow_none=True, metadata={"description": "How long it may stand in the queue, if limited."}
    )


class NotificationSettings(ResponseSchema):
    """Who is told when the job ends."""

    on_completion = fields.Boolean()
    on_failure = fields.Boolean()
    email_recipients = fields.List(Note())


class EstimateBasis(ResponseSchema):
    """What a duration estimate rests on.

    What training learnt is of the submitter's own runs; its range, 10 to 90 %, is told in seconds.
    """

    scope = Note(metadata={"description": "resource, type, project or none."})
    samples = Count()
    learnt = fields.Boolean(
        metadata={"description": "Whether training learnt it; else the newest runs were summed up."}
    )
    p10 = Real(allow_none=True, metadata={"description": "Null unless learnt."})
    p50 = Real(allow_none=True)
    p90 = Real(allow_none=True)


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
