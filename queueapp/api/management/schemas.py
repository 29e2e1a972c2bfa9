"""What the Job Management API takes and answers, for parsing and for its document."""

from marshmallow import fields

from queueapp.api.schemas import QuerySchema, ResponseSchema
from queueapp.api.schemas.enums import ManagedStatus, WorkerState
from queueapp.api.schemas.fields import Choice, Count, Note, Real, Text, Whole

LONGEST = 300
MOST = 1_000
FARTHEST = 1_000_000


def _selector(what: str) -> Text:
    return Text(longest=LONGEST, load_default=None, metadata={"description": what})


class JobQuery(QuerySchema):
    """Which jobs: `id` wins over all, else one of `queue`, `node` and `host`, in this order."""

    id = _selector("A job's id.")
    queue = _selector("`FifoQ`, or `pinned_` and a host.")
    status = Choice(
        ManagedStatus, load_default=None, metadata={"description": "Beside any other filter."}
    )
    node = _selector(
        "A node's id, or a host name, of all nodes that have it: the jobs that it ran or runs, and "
        "those that are queued for hosts whose sessions it holds."
    )
    host = _selector("The device that the jobs are for.")
    limit = Whole(
        low=1, high=MOST, load_default=MOST, metadata={"description": "How many rows at the most."}
    )
    offset = Whole(
        low=0, high=FARTHEST, load_default=0, metadata={"description": "How many rows to skip."}
    )


class JobSelector(QuerySchema):
    """Which queued jobs to cancel: `id` wins over `queue`, `queue` over `host`."""

    id = _selector("A job's id.")
    queue = _selector("`FifoQ`, or `pinned_` and a host.")
    host = _selector("The device that the jobs are for.")


class WorkerQuery(QuerySchema):
    """Which workers: `queue` wins over `node`, `node` over `host`."""

    queue = _selector("`FifoQ`, or `pinned_` and a host that the worker holds.")
    node = _selector("A node's id or its host name.")
    host = _selector("A device that the worker holds.")


class WorkerSelector(WorkerQuery):
    """Which workers to delete: `name` wins over all."""

    name = _selector("A worker's name.")


class Envelope(ResponseSchema):
    """What every answer has beside its data."""

    code = Count(metadata={"description": "200."})
    message = Note()


class ManagedError(ResponseSchema):
    """Why a job failed."""

    type = Note(metadata={"description": "The class of the exception, or what ended the job."})
    message = Note()


class ManagedResult(ResponseSchema):
    """How a job ended."""

    type = Note(metadata={"description": "success or failure."})
    type_code = Count(data_key="type_code")
    retval = fields.Dict(allow_none=True, metadata={"description": "The job's own summary."})
    error = fields.Nested(ManagedError, allow_none=True)


def _moment(*, allow_none: bool = False) -> fields.String:
    return fields.String(
        allow_none=allow_none,
        metadata={"format": "date-time", "example": "2024-01-01T12:00:00+08:00"},
    )


class _Snake(ResponseSchema):
    """Fields are spelled here as in Python."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[object]) -> None:
        """Keep the field's name."""
        field_obj.data_key = field_name
        super().on_bind_field(field_name, field_obj)


class ManagedJob(_Snake):
    """A job and how it ended."""

    id = Note()
    status = Note(metadata={"description": "queued, started, finished, failed or cancelled."})
    queue = Note()
    created_at = _moment()
    enqueued_at = _moment(allow_none=True)
    started_at = _moment(allow_none=True)
    ended_at = _moment(allow_none=True)
    worker = Note(allow_none=True)
    result = fields.Nested(ManagedResult, allow_none=True)
    duration = Real(allow_none=True, metadata={"description": "Seconds from start to end."})
    queue_time = Real(allow_none=True, metadata={"description": "Seconds from queue to start."})
    device_name = Note(allow_none=True)
    command = fields.List(Note(), metadata={"description": "What a device job sends."})
    job_type = Note()
    tenant = Note()
    project = Note()


class JobList(Envelope):
    """Jobs, newest first."""

    data = fields.List(fields.Nested(ManagedJob))


class Cancelled(_Snake):
    """What was cancelled."""

    cancelled_count = Count()
    cancelled_jobs = fields.List(Note())


class CancelledJobs(Envelope):
    """The jobs that were cancelled."""

    data = fields.Nested(Cancelled)


class ManagedWorker(_Snake):
    """A worker process."""

    name = Note()
    status = Choice(WorkerState)
    pid = Count()
    hostname = Note()
    queues = fields.List(Note())
    last_heartbeat = _moment()
    birth_at = _moment()
    successful_job_count = Count()
    failed_job_count = Count()
    node = Note()


class WorkerRows(Envelope):
    """Workers by birth."""

    data = fields.List(fields.Nested(ManagedWorker))


class DeletedWorker(_Snake):
    """A worker that was deleted."""

    worker = Note()
    status = Note(metadata={"description": "stopped."})
    interrupted_jobs = Count(metadata={"description": "How many jobs it ran; they have failed."})


class DeletedWorkers(Envelope):
    """The names of the workers that were deleted."""

    data = fields.List(Note())
    details = fields.List(fields.Nested(DeletedWorker))


class ApiCheck(_Snake):
    """The web process that answers."""

    status = Note()
    response_time_ms = Real(metadata={"description": "Of these checks."})


class StoreCheck(_Snake):
    """The store as this process reaches it."""

    status = Note()
    response_time_ms = Real(allow_none=True)
    used_memory_bytes = Count(allow_none=True)
    max_memory_bytes = Count(allow_none=True, metadata={"description": "null: no limit."})
    connections_in_use = Count(allow_none=True)
    connections_max = Count(allow_none=True)


class WorkersCheck(_Snake):
    """The workers as the store knows them."""

    live = Count(allow_none=True)
    busy = Count(allow_none=True)
    dead = Count(allow_none=True)
    oldest_heartbeat_s = Real(allow_none=True)


class HealthChecks(_Snake):
    """What was looked at; null is what could not be."""

    api = fields.Nested(ApiCheck)
    store = fields.Nested(StoreCheck)
    workers = fields.Nested(WorkersCheck)
    queue_depth = Count(allow_none=True, metadata={"description": "Of what the key covers."})
    error_rate_5m = Real(
        allow_none=True,
        metadata={"description": "Share of this process's answers of five minutes that were 5xx."},
    )
    warnings = fields.List(Note())


class Health(Envelope):
    """ok while the store answers and a worker lives."""

    data = Note(metadata={"description": "ok or degraded."})
    checks = fields.Nested(HealthChecks)
