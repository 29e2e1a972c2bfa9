"""What jobs are asked with: the bodies and query parameters of the job endpoints."""

from typing import Any

import marshmallow
import orjson
from marshmallow import fields, validate

from queueapp.api.paging import PageQuery
from queueapp.api.schemas import QuerySchema, RequestSchema
from queueapp.api.schemas.enums import (
    OnDependencyFailure,
    OutputType,
    Priority,
    ResourceType,
    ResultFormat,
    Status,
)
from queueapp.api.schemas.fields import Choice, Flag, Moment, Number, Opaque, Text, Whole
from queueapp.domain.scope import ID_RULE, MAX_ID, valid_id

MAX_PARAMETERS_BYTES = 256 * 1024
MAX_DEPENDENCIES = 1_000
MAX_RECIPIENTS = 50
DAY_S = 86_400


def _check_id(text: str) -> None:
    if not valid_id(text):
        raise marshmallow.ValidationError(ID_RULE)


def _check_parameters(value: dict[str, Any]) -> None:
    if len(orjson.dumps(value)) > MAX_PARAMETERS_BYTES:
        raise marshmallow.ValidationError(f"It must not exceed {MAX_PARAMETERS_BYTES} bytes.")


def _about(text: str) -> dict[str, str]:
    return {"description": text}


class ResourceReference(RequestSchema):
    """What the job works on."""

    resource_type = Choice(ResourceType, required=True)
    resource_id = fields.String(
        required=True, validate=[validate.Length(1, MAX_ID), _check_id], metadata=_about("Its id.")
    )


class Scheduling(RequestSchema):
    """When the job may start and how long it may run."""

    execute_immediately = Flag(
        load_default=True, metadata=_about("False needs scheduledTime; true forbids it.")
    )
    scheduled_time = Moment(
        load_default=None, metadata=_about("Not before this; a past time means now.")
    )
    timeout_minutes = Whole(
        low=1,
        high=1440,
        load_default=None,
        metadata=_about("Running time after which it fails; else the pipeline's, else 120."),
    )
    queue_ttl_seconds = Whole(
        low=1,
        high=30 * DAY_S,
        load_default=None,
        metadata=_about(
            "Still queued so long after its submission, or its scheduledTime, it fails instead of "
            "starting too late; else it waits for as long as it takes."
        ),
    )

    @marshmallow.validates_schema
    def _agree(self, data: dict[str, Any], **_: Any) -> None:
        if data["execute_immediately"] and data["scheduled_time"] is not None:
            problem = "It needs executeImmediately false."
        elif not data["execute_immediately"] and data["scheduled_time"] is None:
            problem = "It is needed when executeImmediately is false."
        else:
            return
        raise marshmallow.ValidationError(problem, "scheduledTime")


class NotificationWishes(RequestSchema):
    """Whom to tell when the job ends."""

    on_completion = Flag(load_default=False, metadata=_about("When it has completed."))
    on_failure = Flag(load_default=False, metadata=_about("When it has failed."))
    email_recipients = fields.List(
        fields.Email(),
        load_default=list,
        validate=validate.Length(max=MAX_RECIPIENTS),
        metadata=_about("Kept with the job; mail is not sent yet."),
    )


class RequestedResources(RequestSchema):
    """What to reserve on a node; what is left out comes from the pipeline or the job type."""

    cpu_units = Whole(
        low=1, high=4096, load_default=None, metadata=_about("CPU units; one is a core.")
    )
    memory_gb = Number(
        high=65_536,
        above=True,
        load_default=None,
        data_key="memoryGB",
        metadata=_about("Memory in GB, which is also the job's limit."),
    )


class RetryWishes(RequestSchema):
    """How often a retryable failure is attempted again by itself."""

    max_attempts = Whole(
        low=1, high=20, load_default=None, metadata=_about("Attempts in all, the first included.")
    )
    delay_seconds = Number(
        low=0,
        high=DAY_S,
        load_default=None,
        metadata=_about("Wait before the second attempt; it doubles with each further one."),
    )
    max_delay_seconds = Number(
        low=0, high=DAY_S, load_default=None, metadata=_about("The longest such wait.")
    )


class JobSubmission(RequestSchema):
    """A job to run."""

    job_name = Text(
        shortest=1,
        longest=200,
        blank=False,
        required=True,
        metadata=_about("What people call it."),
    )
    job_type = Text(
        shortest=1,
        longest=64,
        required=True,
        metadata=_about("A type that workers offer, in any case, such as ProcessMining."),
    )
    resource = fields.Nested(
        ResourceReference,
        load_default=None,
        metadata=_about("Needed by the job types that name resourceTypes, else optional."),
    )
    job_description = Text(longest=2000, load_default=None, metadata=_about("For people."))
    priority = Choice(
        Priority, load_default=Priority.NORMAL, metadata=_about("The tier that it waits in.")
    )
    parameters = Opaque(
        load_default=dict,
        validate=_check_parameters,
        metadata=_about("The job type's own parameters, kept as they come; up to 256 KiB."),
    )
    scheduling = fields.Nested(
        Scheduling, load_default=None, metadata=_about("At once unless given.")
    )
    notifications = fields.Nested(
        NotificationWishes, load_default=None, metadata=_about("Kept with the job.")
    )
    host = Text(
        shortest=1,
        longest=255,
        load_default=None,
        metadata=_about("Pins the job: of a project's jobs with the same host one runs at a time."),
    )
    dependencies = fields.List(
        Text(shortest=1, longest=MAX_ID),
        load_default=list,
        validate=validate.Length(max=MAX_DEPENDENCIES),
        metadata=_about("Jobs of the project that must end first."),
    )
    on_dependency_failure = Choice(
        OnDependencyFailure,
        load_default=OnDependencyFailure.CANCEL,
        metadata=_about("What becomes of the job if one of them does not complete."),
    )
    resource_requirements = fields.Nested(
        RequestedResources,
        load_default=None,
        metadata=_about("What to reserve; else what the pipeline or the job type says."),
    )
    retries = fields.Nested(
        RetryWishes, load_default=None, metadata=_about("Else what the job type says.")
    )


class SubmissionQuery(QuerySchema):
    """Whether to mean it."""

    dry_run = Flag(
        load_default=False,
        metadata=_about("True stores nothing and says what would become of the job."),
    )


class JobQuery(PageQuery):
    """Which jobs to list."""

    status = Choice(
        Status,
        load_default=None,
        metadata=_about("Only jobs of this status; the summary counts all."),
    )
    job_type = Text(longest=64, load_default=None, metadata=_about("Only jobs of this type."))
    priority = Choice(Priority, load_default=None, metadata=_about("Only jobs of this priority."))
    submitted_by = Text(longest=MAX_ID, load_default=None, metadata=_about("Only this user's."))
    date_from = Moment(load_default=None, metadata=_about("Submitted at or after this."))
    date_to = Moment(upper=True, load_default=None, metadata=_about("Submitted at or before this."))


class CancelRequestBody(RequestSchema):
    """How to cancel; all of it is optional."""

    reason = Text(longest=500, metadata=_about("Kept with the job."))
    force_termination = Flag(metadata=_about("Kill a running job instead of asking it to stop."))
    preserve_partial_results = Flag(metadata=_about("Keep what a running job has made so far."))


class CancelQuery(QuerySchema):
    """The same wishes as query parameters, for clients that cannot send a body with DELETE."""

    reason = Text(longest=500, metadata=_about("As in the body, which wins."))
    force_termination = Flag(metadata=_about("As in the body, which wins."))
    preserve_partial_results = Flag(metadata=_about("As in the body, which wins."))


class ResultsQuery(QuerySchema):
    """Which results to show."""

    format = Choice(
        ResultFormat,
        load_default=ResultFormat.SUMMARY,
        metadata=_about("download answers with the primary output's bytes."),
    )
    include_artifacts = Flag(
        load_default=True, metadata=_about("False leaves every downloadUrl null.")
    )
    output_type = Choice(OutputType, load_default=None, metadata=_about("Only such outputs."))


class RetryRequest(RequestSchema):
    """How to run a failed or cancelled job again; all of it is optional."""

    retry_reason = Text(longest=500, load_default=None, metadata=_about("Kept with the new job."))
    modify_parameters = Flag(load_default=False, metadata=_about("Needed by updatedParameters."))
    updated_parameters = Opaque(
        load_default=None,
        validate=_check_parameters,
        metadata=_about(
            "Laid over the job's parameters. timeoutMinutes, retryFailedRecords and "
            "increaseMemoryLimit are directives, not parameters."
        ),
    )
    priority = Choice(Priority, load_default=None, metadata=_about("Else the original's."))
    immediate_execution = Flag(load_default=False, metadata=_about("To the head of its tier."))

    @marshmallow.validates_schema
    def _agree(self, data: dict[str, Any], **_: Any) -> None:
        if data["updated_parameters"] is not None and not data["modify_parameters"]:
            problem = "It needs modifyParameters true."
            raise marshmallow.ValidationError(problem, "updatedParameters")


class RetryDirectives(RequestSchema):
    """The directives among a retry's updated parameters."""

    timeout_minutes = Whole(low=1, high=1440, load_default=None)
    retry_failed_records = Flag(load_default=False)
    increase_memory_limit = Flag(load_default=False)
