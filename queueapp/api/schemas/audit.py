"""What the audit trail is asked with and what it answers."""

from marshmallow import fields, validate

from queueapp.api.schemas import QuerySchema, ResponseSchema
from queueapp.api.schemas.fields import Count, Guid, Moment, Note, Stamp, Text, Whole

MAX_ENTRIES = 1_000


class AuditQuery(QuerySchema):
    """Which entries to show."""

    action = Text(
        longest=64,
        load_default=None,
        metadata={"description": "Only this action, such as move or pause."},
    )
    user = Text(
        longest=128, load_default=None, metadata={"description": "Only what this user did."}
    )
    job_id = Text(
        longest=128,
        load_default=None,
        metadata={"description": "Only what was done to this job, alone or among others."},
    )
    date_from = Moment(load_default=None, metadata={"description": "At or after this."})
    date_to = Moment(upper=True, load_default=None, metadata={"description": "At or before this."})
    limit = Whole(
        low=1,
        high=MAX_ENTRIES,
        load_default=100,
        metadata={"description": "Entries in a page; a page may be shorter, see hasMore."},
    )
    after = fields.String(
        load_default=None,
        validate=validate.Regexp(
            r"^[0-9]{1,15}-[0-9]{1,15}$", error="It must be the next of another page."
        ),
        metadata={
            "description": "The `next` of the page before.",
            "example": "1769942701250-0",
        },
    )


class DeletionQuery(QuerySchema):
    """Why something is deleted."""

    reason = Text(longest=500, load_default=None, metadata={"description": "For the audit trail."})


class AuditedAction(ResponseSchema):
    """One action: who did what, when and why, and what it changed."""

    id = Note()
    timestamp = Stamp()
    timestamp_ms = Count(metadata={"description": "The same, in ms since the epoch."})
    user = Note(metadata={"description": "system is queueapp itself."})
    action = Note(
        metadata={
            "description": "move, priority, pause, resume, cancel, retry, bulk, cancel_workflow, "
            "retry_workflow, limit, weigh; create_, replace_ and delete_ of schedule, dataset and "
            "pipeline; pause_, resume_ and run_schedule. Of the fleet: drain, undrain, restart, "
            "delete_worker, create_key, limit_key, revoke_key, limit_type. It may grow."
        }
    )
    reason = Note(allow_none=True)
    request_id = Note(allow_none=True)
    job_id = Guid(allow_none=True)
    job_owner = Note(allow_none=True, metadata={"description": "Who had submitted the job."})
    before = fields.Dict(allow_none=True, metadata={"description": "What it changed, before."})
    after = fields.Dict(allow_none=True, metadata={"description": "The same, after."})
    facts = fields.Dict(metadata={"description": "Further facts, by the kind of action."})


class AuditTrail(ResponseSchema):
    """One page of what was done, newest first."""

    entries = fields.List(fields.Nested(AuditedAction))
    limit = Count()
    has_more = fields.Boolean(
        metadata={"description": "Whether older entries are still to be looked at."}
    )
    next = Note(
        allow_none=True, metadata={"description": "`after` goes on from it; null at the end."}
    )
