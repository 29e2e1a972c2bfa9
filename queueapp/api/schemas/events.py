"""What the events endpoint is asked with, and what it answers and streams.

``Event`` is what all events have; each kind has a schema of its own, by which its stream's data
and its row in a page are made.
"""

from typing import Any

import marshmallow
from marshmallow import fields

from queueapp.api.schemas import OpenSchema, QuerySchema, ResponseSchema
from queueapp.api.schemas.enums import Priority, Status
from queueapp.api.schemas.fields import Choice, Count, Guid, Note, Stamp, Text, Whole
from queueapp.domain.events import EventKind, place_of

MOST_EVENTS = 1_000
LONGEST_WAIT_S = 25
PLACE_PATTERN = "^(0|[1-9][0-9]{0,19})(-(0|[1-9][0-9]{0,19}))?$"
KINDS = tuple(str(kind) for kind in EventKind)


def _check_place(text: str) -> None:
    try:
        place_of(text)
    except ValueError as error:
        raise marshmallow.ValidationError("It must be the id of an event.") from error


def _check_kinds(text: str) -> None:
    for kind in text.split(","):
        if kind not in KINDS:
            raise marshmallow.ValidationError(f"{kind!r} is none of: {', '.join(KINDS)}.")


class EventQuery(QuerySchema):
    """Which events to tell, from where on, and how long to wait for the first."""

    after = Text(
        longest=41,
        load_default=None,
        rule=_check_place,
        metadata={
            "description": "The id of the newest event that is known: those after it are told. 0 "
            "begins with the oldest kept; without it only news is told.",
            "pattern": PLACE_PATTERN,
            "example": "1769941800000-0",
        },
    )
    wait = Whole(
        low=0,
        high=LONGEST_WAIT_S,
        load_default=0,
        metadata={"description": "Seconds to wait for an event when there is none; no stream."},
    )
    limit = Whole(
        low=1,
        high=MOST_EVENTS,
        load_default=100,
        metadata={"description": "Events in a page; there may be fewer, see hasMore; no stream."},
    )
    job_id = Text(
        longest=128,
        load_default=None,
        metadata={"description": "Only the events of this job.", "format": "uuid"},
    )
    kinds = Text(
        longest=500,
        load_default=None,
        rule=_check_kinds,
        metadata={
            "description": f"Only events of these kinds, separated by commas: {', '.join(KINDS)}.",
            "example": "completed,failed,cancelled",
        },
    )


class Event(OpenSchema):
    """A fact in the life of a job or of the queue; each kind says more, see its own schema."""

    id = Note(
        allow_none=True,
        metadata={"description": "Its place; null for progress, which is told only while new."},
    )
    kind = Note(metadata={"description": f"One of: {', '.join(KINDS)}; more may come."})
    at = Stamp()
    at_ms = Count(metadata={"description": "The same, in ms since the epoch."})
    job_id = Guid(allow_none=True, metadata={"description": "null: it is about the queue."})


class EventPage(ResponseSchema):
    """The events after a place, oldest first."""

    events = fields.List(fields.Nested(Event))
    next = Note(metadata={"description": "The place to go on from: give it as `after`."})
    has_more = fields.Boolean(metadata={"description": "Whether more events are there now."})
    reset = fields.Boolean(
        metadata={
            "description": "true: events after `after` are forgotten or it is no place of this "
            "queue. Read the state anew; `next` goes on from now."
        }
    )


class Reset(ResponseSchema):
    """Streamed as `event: reset`: events were missed. Read the state anew; news follow."""

    reason = Note()
    next = Note(metadata={"description": "The place from which the stream goes on."})


class JobEvent(Event):
    """What the events of a job have."""

    job_id = Guid()
    status = Choice(Status, metadata={"description": "The job's status after it."})


class JobSubmittedEvent(JobEvent):
    """submitted: a job was accepted."""

    job_type = Note(allow_none=True)
    priority = Choice(Priority, allow_none=True)
    submitted_by = Note(allow_none=True)


class JobStartedEvent(JobEvent):
    """started: a worker took the job."""

    attempt = Count()
    worker = Note(allow_none=True)


class JobProgressEvent(JobEvent):
    """progress: how far a running job is; at most once a second, in streams only."""

    percentage = fields.Integer(metadata={"minimum": 0, "maximum": 100, "format": "int32"})
    current_stage = Note(allow_none=True)
    records_processed = Count()
    total_records = Count(allow_none=True)


class JobRetryingEvent(JobEvent):
    """retrying: an attempt failed and the job will be attempted again."""

    error_code = Note(allow_none=True)
    retry_at = Stamp(allow_none=True)


class JobLostEvent(JobEvent):
    """lost: an attempt's worker was lost; the job is back at its place."""

    error_code = Note(allow_none=True)


class JobGivenBackEvent(JobEvent):
    """given_back: a worker that stops, or a pause, put the job back at its place."""


class JobCompletedEvent(JobEvent):
    """completed: the job has its results."""


class JobFailedEvent(JobEvent):
    """failed: the job ended without success."""

    error_code = Note(allow_none=True)


class JobCancelledEvent(JobEvent):
    """cancelled: the job ended because somebody, or the failure of another job, wished so."""


class JobCancelRequestedEvent(JobEvent):
    """cancel_requested: a running job was asked to stop."""

    requested_by = Note(allow_none=True)


class JobMovedEvent(JobEvent):
    """moved: the job got another place among those of its priority."""

    from_position = Count(allow_none=True)
    to_position = Count(allow_none=True)
    changed_by = Note(allow_none=True)


class JobReprioritisedEvent(JobEvent):
    """reprioritised: the job got another priority."""

    from_priority = Choice(Priority, allow_none=True)
    to_priority = Choice(Priority, allow_none=True)
    changed_by = Note(allow_none=True)


class QueuePausedEvent(Event):
    """paused: no further job of the queue, or of one of its job types, starts."""

    job_type = Note(allow_none=True, metadata={"description": "null: the whole queue."})
    paused_by = Note(allow_none=True)
    reason = Note(allow_none=True)
    until = Stamp(allow_none=True, metadata={"description": "null: until somebody resumes it."})


class QueueResumedEvent(Event):
    """resumed: the jobs of the queue, or of one of its job types, start again."""

    job_type = Note(allow_none=True, metadata={"description": "null: the whole queue."})
    resumed_by = Note(allow_none=True)


class WorkflowSubmittedEvent(Event):
    """workflow_submitted: the jobs of a workflow were accepted together."""

    workflow_id = Note(allow_none=True)


class WorkflowEndedEvent(Event):
    """workflow_ended: the last job of a workflow has ended."""

    workflow_id = Note(allow_none=True)
    outcome = Choice(Status, allow_none=True, metadata={"description": "How the workflow ended."})


SCHEMAS: dict[str, type[Event]] = {
    EventKind.SUBMITTED: JobSubmittedEvent,
    EventKind.STARTED: JobStartedEvent,
    EventKind.PROGRESS: JobProgressEvent,
    EventKind.RETRYING: JobRetryingEvent,
    EventKind.LOST: JobLostEvent,
    EventKind.GIVEN_BACK: JobGivenBackEvent,
    EventKind.COMPLETED: JobCompletedEvent,
    EventKind.FAILED: JobFailedEvent,
    EventKind.CANCELLED: JobCancelledEvent,
    EventKind.CANCEL_REQUESTED: JobCancelRequestedEvent,
    EventKind.MOVED: JobMovedEvent,
    EventKind.REPRIORITISED: JobReprioritisedEvent,
    EventKind.PAUSED: QueuePausedEvent,
    EventKind.RESUMED: QueueResumedEvent,
    EventKind.WORKFLOW_SUBMITTED: WorkflowSubmittedEvent,
    EventKind.WORKFLOW_ENDED: WorkflowEndedEvent,
}


# What a stream's data are, by its event's name; the document registers these schemas.
STREAMED: dict[str, type[ResponseSchema]] = {**SCHEMAS, "reset": Reset}
STREAM: dict[str, Any] = {
    "type": "string",
    "description": "Server-Sent Events; the data of each is JSON by the schema of its name.",
    "x-event-schemas": {
        str(name): {"$ref": f"#/components/schemas/{schema.__name__}"}
        for name, schema in STREAMED.items()
    },
}
