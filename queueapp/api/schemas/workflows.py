"""Workflows as they are sent and shown."""

from typing import Any

import marshmallow
from marshmallow import fields, validate

from queueapp.api.paging import PageQuery
from queueapp.api.schemas import RequestSchema, ResponseSchema
from queueapp.api.schemas.enums import Priority, Status
from queueapp.api.schemas.fields import Choice, Count, Guid, Note, Real, Stamp, Text
from queueapp.api.schemas.job_parts import EstimateBasis, JobWait
from queueapp.api.schemas.jobs import JobSubmission
from queueapp.domain.workflow import MAX_STEPS

NAME_RULE = "It must begin with a letter, digit or _, then also have . and -, up to 100 in all."
_NAME = validate.Regexp(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}\Z", error=NAME_RULE)


def _about(text: str) -> dict[str, str]:
    return {"description": text}


class WorkflowDefaults(JobSubmission):
    """What a workflow's jobs have unless they say otherwise, key by key; parameters are merged."""

    class Meta(RequestSchema.Meta):
        exclude = ("job_name", "dependencies")

    job_type = Text(
        shortest=1, longest=64, load_default=None, metadata=_about("As in a job's submission.")
    )


class WorkflowJob(JobSubmission):
    """A job of a workflow: what a single job's submission has, its name and what it waits for."""

    name = fields.String(
        required=True,
        validate=_NAME,
        metadata=_about("What the other jobs of the workflow call it; each name once."),
    )
    job_name = Text(
        shortest=1,
        longest=200,
        blank=False,
        load_default=None,
        metadata=_about("What people call it; the name unless given."),
    )
    job_type = Text(
        shortest=1,
        longest=64,
        load_default=None,
        metadata=_about("As in a job's submission; needed unless the defaults have one."),
    )
    depends_on = fields.List(
        fields.String(validate=_NAME),
        load_default=list,
        validate=validate.Length(max=MAX_STEPS),
        metadata=_about("Names of the jobs of the workflow that must end first."),
    )

    @marshmallow.validates_schema
    def _typed(self, data: dict[str, Any], **_: Any) -> None:
        if data["job_type"] is None:
            text = "It is missing here and in the defaults."
            raise marshmallow.ValidationError(text, "jobType")


class WorkflowSubmission(RequestSchema):
    """A graph of jobs to run."""

    workflow_name = Text(
        shortest=1,
        longest=200,
        blank=False,
        required=True,
        metadata=_about("What people call it."),
    )
    description = Text(longest=2000, metadata=_about("For people."))
    defaults = fields.Nested(WorkflowDefaults, metadata=_about("For all of its jobs."))
    jobs = fields.List(
        fields.Nested(WorkflowJob),
        required=True,
        validate=validate.Length(1, MAX_STEPS, error=f"There may be 1 to {MAX_STEPS} jobs."),
        metadata=_about("Its jobs; they stand in the queue in this order."),
    )

    @marshmallow.pre_load
    def _lay_over_defaults(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("defaults"), dict):
            return data
        defaults, jobs = data["defaults"], data.get("jobs")
        if WorkflowDefaults().validate(defaults) or not isinstance(jobs, list):
            return data  # what is wrong is told where it stands, not once for each job
        return {**data, "jobs": [_laid_over(defaults, job) for job in jobs[: MAX_STEPS + 1]]}


def _laid_over(defaults: dict[str, Any], job: Any) -> Any:
    if not isinstance(job, dict):
        return job
    given = {name: value for name, value in job.items() if value is not None}
    whole = {**{name: one for name, one in defaults.items() if one is not None}, **given}
    common, own = defaults.get("parameters") or {}, given.get("parameters") or {}
    if common and isinstance(own, dict):
        whole["parameters"] = {**common, **own}
    return whole


class WorkflowQuery(PageQuery):
    """Which workflows to list."""

    status = Choice(Status, load_default=None, metadata=_about("Only workflows of this status."))


class WorkflowRetry(RequestSchema):
    """How to run again what failed; all of it is optional."""

    retry_reason = Text(longest=500, load_default=None, metadata=_about("Kept with the new jobs."))


class AcceptedStep(ResponseSchema):
    """A job of an accepted workflow."""

    name = Note()
    job_id = Guid()


class SubmittedWorkflow(ResponseSchema):
    """An accepted workflow and the ids of its jobs."""

    workflow_id = Guid()
    workflow_name = Note()
    status = Choice(Status)
    date_submitted = Stamp()
    submitted_by = Note()
    retry_of = Guid(allow_none=True, metadata=_about("The workflow that it runs again in part."))
    jobs = fields.List(fields.Nested(AcceptedStep))


class WorkflowStep(ResponseSchema):
    """A job of a workflow now; all but its name and its needs is null once it was forgotten."""

    name = Note()
    depends_on = fields.List(Note())
    job_id = Guid()
    job_name = Note(allow_none=True)
    job_type = Note(allow_none=True)
    status = Choice(Status, allow_none=True)
    priority = Choice(Priority, allow_none=True)
    progress = fields.Integer(
        allow_none=True, metadata={"minimum": 0, "maximum": 100, "format": "int32"}
    )
    queue_position = Count(allow_none=True, metadata=_about("From 1, while Queued."))
    wait_reason = fields.Nested(
        JobWait,
        allow_none=True,
        metadata=_about("Null unless Queued; of very many ready jobs the first 100 have one."),
    )
    start_time = Stamp(allow_none=True)
    end_time = Stamp(allow_none=True)
    estimated_duration = Note(
        allow_none=True, metadata=_about("Such as 12-15 minutes; null once ended.")
    )
    estimate_basis = fields.Nested(EstimateBasis, allow_none=True)
    error = Note(allow_none=True, metadata=_about("Why it failed."))


class WorkflowSummary(ResponseSchema):
    """A workflow's jobs by status."""

    total_jobs = Count()
    running_jobs = Count()
    queued_jobs = Count()
    completed_jobs = Count()
    failed_jobs = Count()
    cancelled_jobs = Count()


class WorkflowPath(ResponseSchema):
    """The chain of jobs that decides when the workflow ends."""

    jobs = fields.List(Note(), metadata=_about("Their names, from the first to the last."))
    estimated_completion = Stamp(
        allow_none=True,
        metadata=_about("If each job starts as soon as it may; null where nobody can say."),
    )
    remaining_seconds = Real(allow_none=True)
    measured = fields.Boolean(
        metadata=_about("Whether past runs say how long each of them takes, not its time limit.")
    )


class _WorkflowFacts(ResponseSchema):
    workflow_id = Guid()
    workflow_name = Note()
    status = Choice(Status)
    submitted_by = Note()
    date_created = Stamp()
    start_time = Stamp(allow_none=True, metadata=_about("The first start of one of its jobs."))
    end_time = Stamp(allow_none=True, metadata=_about("The last end of one of its jobs."))
    retry_of = Guid(allow_none=True)
    retried_as = Guid(allow_none=True)
    schedule_id = Note(allow_none=True, metadata=_about("The schedule that made it."))
    scheduled_for = Stamp(allow_none=True, metadata=_about("The moment that it was due for."))


class WorkflowView(_WorkflowFacts):
    """A workflow as it is now."""

    description = Note(allow_none=True)
    summary = fields.Nested(WorkflowSummary)
    critical_path = fields.Nested(WorkflowPath)
    jobs = fields.List(fields.Nested(WorkflowStep))


class WorkflowRow(_WorkflowFacts):
    """A workflow in a list."""

    total_jobs = Count()
    completed_jobs = Count()
    failed_jobs = Count()
    cancelled_jobs = Count()


class WorkflowPage(ResponseSchema):
    """One page of a project's workflows, newest first."""

    workflows = fields.List(fields.Nested(WorkflowRow))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()
