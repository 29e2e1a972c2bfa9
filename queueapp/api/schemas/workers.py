"""What the worker endpoints take and answer, for parsing and for the API document."""

from marshmallow import fields

from queueapp.api.schemas import QuerySchema, RequestSchema, ResponseSchema
from queueapp.api.schemas.enums import WorkerState
from queueapp.api.schemas.fields import Choice, Count, Note, Stamp, Text, Whole

MOST_MINUTES = 10_080
LONGEST_WAIT_S = 60


class WorkerJob(ResponseSchema):
    """A job that a worker runs now; only jobs that the key covers are named."""

    job_id = Note()
    tenant_id = Note()
    project_id = Note()
    host = Note(allow_none=True)
    start_time = Stamp()


class WorkerDrain(ResponseSchema):
    """Who let a worker take no further job, and until when what it runs may go on."""

    requested_by = Note()
    requested_at = Stamp()
    reason = Note(allow_none=True)
    deadline = Stamp(allow_none=True, metadata={"description": "null: no deadline."})
    restart = fields.Boolean(metadata={"description": "Whether it restarts once it is empty."})


class WorkerView(ResponseSchema):
    """A worker process as it reports itself, with the free room of its node."""

    name = Note(metadata={"description": "New at every start of the process."})
    status = Choice(WorkerState)
    node_id = Note()
    hostname = Note()
    pid = Count()
    version = Note()
    slots = Count(metadata={"description": "How many jobs it runs at once."})
    running_jobs = Count(metadata={"description": "Of all tenants."})
    jobs = fields.List(fields.Nested(WorkerJob))
    hosts = fields.List(
        Note(), metadata={"description": "Pinned hosts whose sessions its node has."}
    )
    job_types = fields.List(Note())
    free_cpu_units = Count(metadata={"description": "Of its node, shared with its neighbours."})
    free_memory = Note(metadata={"description": "Of its node."})
    free_memory_mb = Count()
    born_at = Stamp()
    last_heartbeat = Stamp()
    last_poll = Stamp(metadata={"description": "When it last asked for a job, or for room to."})
    successful_jobs = Count()
    failed_jobs = Count()
    drain = fields.Nested(WorkerDrain, allow_none=True)


class WorkerPage(ResponseSchema):
    """Workers by birth, the dead of the last ten minutes too."""

    workers = fields.List(fields.Nested(WorkerView))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()


class DrainRequest(RequestSchema):
    """How to drain: without a deadline, running jobs may take as long as they need."""

    reason = Text(longest=500, load_default=None, metadata={"description": "Why; it is kept."})
    deadline_minutes = Whole(
        low=0,
        high=MOST_MINUTES,
        load_default=None,
        metadata={"description": "After these minutes running jobs are given back, uncounted."},
    )


class UndrainRequest(RequestSchema):
    """Why a worker may take jobs again."""

    reason = Text(longest=500, load_default=None, metadata={"description": "Why; it is kept."})


class WaitQuery(QuerySchema):
    """Whether to wait for the worker to be empty."""

    wait = Whole(
        low=0,
        high=LONGEST_WAIT_S,
        load_default=0,
        metadata={"description": "Seconds to wait for its jobs to end before answering."},
    )
