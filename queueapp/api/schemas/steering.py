"""What steering a queue is asked with and answers: priority, position, control."""

from typing import Any

import marshmallow
from marshmallow import fields

from queueapp.api.schemas import RequestSchema, ResponseSchema
from queueapp.api.schemas.enums import ControlAction, Priority, QueueState
from queueapp.api.schemas.fields import Choice, Count, Flag, Guid, Moment, Note, Stamp, Text, Whole

MAX_PAUSE_MINUTES = 10_080


def _about(text: str) -> dict[str, str]:
    return {"description": text}


class PriorityChange(RequestSchema):
    """The tier to put a job into."""

    new_priority = Choice(Priority, required=True, metadata=_about("The new tier."))
    reason = Text(longest=500, load_default=None, metadata=_about("Kept in the audit trail."))
    notify_user = Flag(load_default=True, metadata=_about("Taken, but mail is not sent yet."))


class PriorityChanged(ResponseSchema):
    """A job in its new tier; its positions are over all tiers."""

    job_id = Guid()
    previous_priority = Choice(Priority)
    new_priority = Choice(Priority)
    previous_queue_position = Count()
    new_queue_position = Count()
    previous_position = Count(metadata=_about("The same as previousQueuePosition."))
    tier_position = Count(metadata=_about("In the new tier."))
    previous_estimated_start = Stamp(allow_none=True)
    new_estimated_start = Stamp(allow_none=True)
    time_saved = Note(metadata=_about("Such as 15 minutes; negative is later."))
    updated_by = Note()
    update_time = Stamp()
    reason = Note(allow_none=True)
    version = Count(metadata=_about("The new tier's version, as in the ETag."))


class PositionChange(RequestSchema):
    """Where in its tier to put a job: one of newPosition and beforeJobId."""

    new_position = Whole(low=1, load_default=None, metadata=_about("From 1, within the tier."))
    before_job_id = Text(
        shortest=1,
        longest=128,
        load_default=None,
        metadata=_about("A queued job of the same tier: the place right before it."),
    )
    reason = Text(longest=500, load_default=None, metadata=_about("Kept in the audit trail."))
    respect_priority_boundaries = Flag(
        load_default=True,
        metadata=_about("True refuses a position past the tier's end, false takes its end."),
    )

    @marshmallow.validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if (data["new_position"] is None) == (data["before_job_id"] is None):
            problem = "Exactly one of newPosition and beforeJobId is needed."
            raise marshmallow.ValidationError(problem, "newPosition")


class AffectedJob(ResponseSchema):
    """Another job whose position in the tier changed."""

    job_id = Guid()
    new_position = Count()
    new_estimated_start = Stamp(allow_none=True)


class PositionChanged(ResponseSchema):
    """A job at its new position, and the others that it passed."""

    job_id = Guid()
    priority = Choice(Priority)
    previous_position = Count(metadata=_about("In the tier."))
    new_position = Count(metadata=_about("In the tier."))
    previous_overall_position = Count()
    new_overall_position = Count()
    previous_estimated_start = Stamp(allow_none=True)
    new_estimated_start = Stamp(allow_none=True)
    time_saved = Note()
    affected_jobs = fields.List(
        fields.Nested(AffectedJob), metadata=_about("The first 1,000; the count is whole.")
    )
    affected_jobs_count = Count()
    updated_by = Note()
    update_time = Stamp()
    reason = Note(allow_none=True)
    version = Count(metadata=_about("The tier's version, as in the ETag."))


class QueueControl(RequestSchema):
    """Pause or resume a project's queue, or one job type of it."""

    action = Choice(ControlAction, required=True, metadata=_about("What to do."))
    reason = Text(longest=500, load_default=None, metadata=_about("Kept and shown."))
    job_type = Text(
        shortest=1,
        longest=64,
        load_default=None,
        metadata=_about("Only this job type; else the whole project."),
    )
    duration = Whole(
        low=1,
        high=MAX_PAUSE_MINUTES,
        load_default=None,
        metadata=_about("Minutes from now after which it resumes by itself."),
    )
    scheduled_resume = Moment(
        load_default=None,
        metadata=_about("When it resumes by itself; wins over duration, must lie ahead."),
    )
    allow_running_jobs_to_complete = Flag(
        load_default=True,
        metadata=_about("False asks running jobs to stop and go back to their old place."),
    )
    notify_users = Flag(load_default=False, metadata=_about("Taken, but mail is not sent yet."))


class QueueControlled(ResponseSchema):
    """The queue's new state."""

    action = Choice(ControlAction)
    status = Choice(QueueState)
    job_type = Note(allow_none=True, metadata=_about("null is the whole project."))
    paused_at = Stamp(
        allow_none=True, metadata=_about("When the pause began; also of an ended one.")
    )
    paused_by = Note(allow_none=True)
    resumed_at = Stamp(allow_none=True)
    resumed_by = Note(allow_none=True)
    scheduled_resume = Stamp(
        allow_none=True, metadata=_about("When it resumes by itself; null is when somebody does.")
    )
    affected_jobs = Count(metadata=_about("Queued jobs at that moment."))
    running_jobs_count = Count(metadata=_about("Running jobs at that moment."))
    estimated_delay_minutes = Count(allow_none=True)
    reason = Note(allow_none=True)
