"""Schedules as they are sent and shown."""

from typing import Any

import marshmallow
from marshmallow import fields

from queueapp.api.schemas import RequestSchema, ResponseSchema
from queueapp.api.schemas.enums import (
    CatchUpPolicy,
    OverlapPolicy,
    ScheduleOutcome,
    ScheduleState,
    Status,
)
from queueapp.api.schemas.fields import Choice, Count, Flag, Guid, Moment, Note, Stamp, Text, Whole
from queueapp.api.schemas.jobs import JobSubmission
from queueapp.api.schemas.workflows import WorkflowSubmission
from queueapp.domain.schedule import MAX_CATCH_UP, MAX_CATCH_UP_MINUTES

NO_TIME = "A scheduled job starts when its schedule says; leave this out."


def _about(text: str) -> dict[str, str]:
    return {"description": text}


class ScheduleRequest(RequestSchema):
    """What to submit when."""

    cron = Text(
        longest=200,
        shortest=1,
        required=True,
        metadata=_about(
            "Five fields: minute, hour, day of month, month, day of week; or @hourly, @daily, "
            "@weekly, @monthly, @yearly."
        ),
    )
    time_zone = Text(
        longest=100,
        shortest=1,
        load_default="UTC",
        metadata=_about("IANA name of the zone whose clocks it goes by."),
    )
    job = fields.Nested(JobSubmission, load_default=None, metadata=_about("What to submit: a job."))
    workflow = fields.Nested(
        WorkflowSubmission, load_default=None, metadata=_about("Or a workflow; one of the two.")
    )
    description = Text(longest=2000, load_default=None, metadata=_about("For people."))
    overlap_policy = Choice(
        OverlapPolicy,
        load_default=OverlapPolicy.SKIP,
        metadata=_about("What becomes of a fire while the run before it has not ended."),
    )
    catch_up_policy = Choice(
        CatchUpPolicy,
        load_default=CatchUpPolicy.NONE,
        metadata=_about("Which fires are made up for that nobody could fire within a minute."),
    )
    catch_up_limit = Whole(
        low=1,
        high=MAX_CATCH_UP,
        load_default=10,
        metadata=_about("How many are made up for with all: the newest."),
    )
    catch_up_window_minutes = Whole(
        low=1,
        high=MAX_CATCH_UP_MINUTES,
        load_default=1_440,
        metadata=_about("How old they may be."),
    )
    start_at = Moment(load_default=None, metadata=_about("It does not fire before this."))
    end_at = Moment(upper=True, load_default=None, metadata=_about("It does not fire after this."))
    paused = Flag(
        load_default=None, metadata=_about("Whether it is paused; left out, that stays as it is.")
    )

    @marshmallow.validates_schema
    def _agree(self, data: dict[str, Any], **_: Any) -> None:
        if (data["job"] is None) == (data["workflow"] is None):
            raise marshmallow.ValidationError("Give either a job or a workflow.", "job")
        if data["job"] and (data["job"]["scheduling"] or {}).get("scheduled_time") is not None:
            raise marshmallow.ValidationError({"job": {"scheduling": {"scheduledTime": [NO_TIME]}}})
        start, end = data["start_at"], data["end_at"]
        if start is not None and end is not None and end <= start:
            raise marshmallow.ValidationError("It must be after startAt.", "endAt")


class ScheduleAction(RequestSchema):
    """Why a schedule is paused, resumed or run."""

    reason = Text(longest=500, load_default=None, metadata=_about("Kept in the audit trail."))


class ScheduleRun(ResponseSchema):
    """A fire of a schedule and what became of it."""

    scheduled_for = Stamp(metadata=_about("The moment that the schedule named."))
    until = Stamp(
        allow_none=True, metadata=_about("The last moment, where several were missed at once.")
    )
    count = Count(allow_none=True, metadata=_about("How many were missed, if they were counted."))
    fired_at = Stamp(metadata=_about("When it was handled."))
    outcome = Choice(ScheduleOutcome)
    manual = fields.Boolean(metadata=_about("Whether somebody ran it by hand."))
    reason = Note(allow_none=True, metadata=_about("Why nothing was submitted."))
    job_id = Guid(allow_none=True)
    workflow_id = Guid(allow_none=True)
    status = Choice(
        Status,
        allow_none=True,
        metadata=_about("The job's or workflow's status now; null once it was forgotten."),
    )


class _ScheduleFacts(ResponseSchema):
    schedule_id = Note()
    description = Note(allow_none=True)
    cron = Note()
    time_zone = Note()
    state = Choice(ScheduleState)
    owner = Note(metadata=_about("Whose jobs it makes: who created it."))
    version = Count(metadata=_about("Rises with each change; as in the ETag."))
    date_created = Stamp()
    last_updated = Stamp()


class ScheduleRow(_ScheduleFacts):
    """A schedule in a list."""

    name = Note(metadata=_about("The name of the job or workflow that it submits."))
    next_fire_time = Stamp(allow_none=True)


class ScheduleView(_ScheduleFacts):
    """A schedule with its next fire times and its newest runs."""

    job = fields.Dict(allow_none=True, metadata=_about("What it submits, as it was sent."))
    workflow = fields.Dict(allow_none=True, metadata=_about("What it submits, as it was sent."))
    overlap_policy = Choice(OverlapPolicy)
    catch_up_policy = Choice(CatchUpPolicy)
    catch_up_limit = Count()
    catch_up_window_minutes = Count()
    start_at = Stamp(allow_none=True)
    end_at = Stamp(allow_none=True)
    paused_by = Note(allow_none=True)
    paused_reason = Note(allow_none=True)
    next_fire_times = fields.List(Stamp(), metadata=_about("Up to five."))
    waiting_since = Stamp(
        allow_none=True, metadata=_about("The fire that waits for the run before it to end.")
    )
    runs = fields.List(
        fields.Nested(ScheduleRun), metadata=_about("The newest 20, the newest first.")
    )


class SchedulePage(ResponseSchema):
    """One page of a project's schedules, newest first."""

    schedules = fields.List(fields.Nested(ScheduleRow))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()
