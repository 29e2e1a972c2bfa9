"""What operations on many jobs are asked with and what they answer."""

from typing import Any

import marshmallow
from marshmallow import fields, validate

from queueapp.api.schemas import QuerySchema, RequestSchema, ResponseSchema
from queueapp.api.schemas.enums import BulkAction, BulkState, Priority, Status
from queueapp.api.schemas.fields import Choice, Count, Flag, Guid, Moment, Note, Stamp, Text

MAX_JOB_IDS = 9_000
MAX_TYPES = 100


def _about(text: str) -> dict[str, str]:
    return {"description": text}


def _id() -> Text:
    return Text(shortest=1, longest=128)


class BulkFilter(RequestSchema):
    """Which jobs are meant: those that fit all that is given, and something must be given."""

    status = Choice(
        Status,
        load_default=None,
        metadata=_about(
            "Queued unless given, for retry Failed; cancel takes Running, retry Cancelled too."
        ),
    )
    priority = Choice(Priority, load_default=None, metadata=_about("Only jobs of this tier."))
    job_type = Text(
        shortest=1, longest=64, load_default=None, metadata=_about("Only jobs of this type.")
    )
    submitted_by = Text(
        shortest=1, longest=128, load_default=None, metadata=_about("Only this user's jobs.")
    )
    job_ids = fields.List(
        _id(),
        load_default=None,
        validate=validate.Length(1, MAX_JOB_IDS),
        metadata=_about("Only these jobs; unknown ones are ignored."),
    )
    date_from = Moment(load_default=None, metadata=_about("Submitted at or after this."))
    date_to = Moment(upper=True, load_default=None, metadata=_about("Submitted at or before this."))

    @marshmallow.validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if all(value is None for value in data.values()):
            raise marshmallow.ValidationError("It must not be empty: that would mean every job.")


class BulkRequest(RequestSchema):
    """What to do to which jobs."""

    action = Choice(BulkAction, required=True, metadata=_about("What to do to each."))
    filter = fields.Nested(
        BulkFilter, load_default=None, metadata=_about("Which jobs; or give a selection.")
    )
    selection = Text(
        shortest=1,
        longest=128,
        load_default=None,
        metadata=_about("What a dry run answered: exactly the jobs that it counted."),
    )
    dry_run = Flag(load_default=False, metadata=_about("True only counts, and makes a selection."))
    new_priority = Choice(
        Priority, load_default=None, metadata=_about("Needed by the action priority, and only it.")
    )
    reason = Text(longest=500, load_default=None, metadata=_about("Kept with each job."))

    @marshmallow.validates_schema
    def _agree(self, data: dict[str, Any], **_: Any) -> None:
        needs_priority = data["action"] is BulkAction.PRIORITY
        if needs_priority != (data["new_priority"] is not None):
            problem = "The action priority needs it." if needs_priority else "It has no effect."
            raise marshmallow.ValidationError(problem, "newPriority")
        if (data["filter"] is None) == (data["selection"] is None):
            problem = "Exactly one of filter and selection is needed."
            raise marshmallow.ValidationError(problem, "filter")
        if data["dry_run"] and data["selection"] is not None:
            raise marshmallow.ValidationError("A selection was counted already.", "dryRun")


class MeantJob(ResponseSchema):
    """A job of the set, as it was when the set was fixed."""

    job_id = Guid()
    job_name = Note(allow_none=True)
    priority = Choice(Priority)
    queue_position = Count(allow_none=True, metadata=_about("Over all tiers; null if not queued."))


class PreservedJob(ResponseSchema):
    """A job that was left alone."""

    job_id = Guid()
    job_name = Note(allow_none=True)
    reason = Note(metadata=_about("Why, in plain words."))


class BulkOperation(ResponseSchema):
    """An operation on many jobs, and how far it has come."""

    operation_id = Guid()
    action = Choice(BulkAction)
    status = Choice(BulkState)
    dry_run = fields.Boolean()
    new_priority = Choice(Priority, allow_none=True)
    matched_count = Count(allow_none=True, metadata=_about("null until the set is fixed."))
    changed_count = Count(metadata=_about("Jobs that it was done to so far."))
    preserved_count = Count()
    jobs = fields.List(
        fields.Nested(MeantJob), metadata=_about("The first 1,000 of the set, in order.")
    )
    preserved_jobs = fields.List(
        fields.Nested(PreservedJob), metadata=_about("The first 1,000; the count is whole.")
    )
    selection = Note(
        allow_none=True, metadata=_about("Of a dry run: names this very set in a real request.")
    )
    selection_expires = Stamp(allow_none=True)
    requested_by = Note()
    requested_at = Stamp()
    completed_at = Stamp(allow_none=True)
    reason = Note(allow_none=True)


class UserCancellation(RequestSchema):
    """Which of a user's queued jobs to cancel; all of it is optional."""

    reason = Text(longest=500, metadata=_about("Kept with each job."))
    notify_user = Flag(metadata=_about("Taken, but mail is not sent yet."))
    cancel_job_types = fields.List(
        Text(shortest=1, longest=64),
        validate=validate.Length(max=MAX_TYPES),
        metadata=_about("Only these job types; none means all."),
    )
    exclude_job_ids = fields.List(
        _id(),
        validate=validate.Length(max=MAX_JOB_IDS),
        metadata=_about("Jobs to leave alone; unknown ones are ignored."),
    )


class UserCancellationQuery(QuerySchema):
    """The same as query parameters, for clients that cannot send a body with DELETE."""

    reason = Text(longest=500, metadata=_about("As in the body, which wins."))
    notify_user = Flag(metadata=_about("As in the body, which wins."))
    cancel_job_types = Text(
        longest=2_000, metadata=_about("As in the body, which wins; separated by commas.")
    )
    exclude_job_ids = Text(
        longest=6_000, metadata=_about("As in the body, which wins; separated by commas.")
    )


class UserCancelled(ResponseSchema):
    """What became of a user's queued jobs."""

    user_id = Note()
    operation_id = Guid()
    status = Choice(BulkState)
    cancelled_jobs_count = Count()
    preserved_jobs_count = Count()
    cancelled_jobs = fields.List(
        fields.Nested(MeantJob), metadata=_about("The first 1,000; positions are those before.")
    )
    preserved_jobs = fields.List(
        fields.Nested(PreservedJob), metadata=_about("The first 1,000; the count is whole.")
    )
    cancelled_at = Stamp(allow_none=True)
    cancelled_by = Note()
    reason = Note(allow_none=True)
