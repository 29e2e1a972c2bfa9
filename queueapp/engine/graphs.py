"""Graphs of jobs decided: from a request, or from what is left of a workflow that ended.

Workflows and schedules submit what comes of it; nothing is stored here.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from queueapp.domain.again import again
from queueapp.domain.audit import Act
from queueapp.domain.errors import QueueappError, ValidationFailed
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.workflow import Step, StepRequest, Workflow, WorkflowRequest, check_graph
from queueapp.engine.deciding import Decider

MAX_ERRORS = 50


def decided(
    decider: Decider, request: WorkflowRequest, *, by: str, workflow_id: str
) -> tuple[Workflow, list[JobSpec]]:
    """Return the workflow and the jobs that a request comes to.

    The jobs' ids follow from the workflow's, so that deciding again makes the same ones.
    Raises: ValidationFailed, NotFound, JobTypeUnavailable, Conflict, each naming the job by its
    place.
    """
    check_graph(request.steps)
    ids = {step.name: _step_id(workflow_id, step.name) for step in request.steps}
    specs = _decided_steps(decider, request.steps, by, ids)
    steps = tuple(Step(one.name, ids[one.name], one.depends_on) for one in request.steps)
    workflow = Workflow(workflow_id, request.name, by, steps, description=request.description)
    return workflow, [replace(spec, workflow_id=workflow_id) for spec in specs]


def _decided_steps(
    decider: Decider, steps: Sequence[StepRequest], by: str, ids: Mapping[str, str]
) -> list[JobSpec]:
    found: list[JobSpec] = []
    errors: list[tuple[str, str]] = []
    for at, step in enumerate(steps):
        try:
            spec = decider.decide(step.request, by=by, job_id=ids[step.name])
        except QueueappError as error:
            errors += located(error, f"/jobs/{at}")
            if len(errors) >= MAX_ERRORS:
                break
            continue
        inside = tuple(ids[name] for name in dict.fromkeys(step.depends_on))
        found.append(replace(spec, step=step.name, dependencies=(*inside, *spec.dependencies)))
    if errors:
        raise ValidationFailed("Some jobs of the workflow are not valid.", errors=errors)
    return found


def once_more(
    decider: Decider, old: Workflow, left: Mapping[str, Job], workflow_id: str, act: Act
) -> tuple[Workflow, list[JobSpec]]:
    """Return a new workflow of the steps in ``left``, which wait for each other as before.

    Raises: NotFound, Conflict for a dataset that cannot be used any more.
    """
    ids = {name: _step_id(workflow_id, name) for name in left}
    steps = tuple(
        Step(one.name, ids[one.name], tuple(name for name in one.depends_on if name in left))
        for one in old.steps
        if one.name in left
    )
    workflow = Workflow(
        workflow_id,
        old.name,
        act.by,
        steps,
        description=old.description,
        retry_of=old.id,
        request_id=act.request_id,
    )
    return workflow, [_step_once_more(decider, workflow, one, left[one.name], act) for one in steps]


def _step_once_more(
    decider: Decider, workflow: Workflow, step: Step, old: Job, act: Act
) -> JobSpec:
    for name, dataset_id in old.spec.inputs.items():
        decider.check_dataset(f"{step.name}/{name}", dataset_id)
    return replace(
        again(old.spec, job_id=step.job_id, act=act),
        workflow_id=workflow.id,
        step=step.name,
        dependencies=tuple(_step_id(workflow.id, name) for name in step.depends_on),
    )


def _step_id(workflow_id: str, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(workflow_id), name))


def located(error: QueueappError, at: str) -> list[tuple[str, str]]:
    """Return what is wrong with the job at a place, field by field.

    Raises: the error itself where it says nothing about the job, such as a store that is away.
    """
    if isinstance(error, ValidationFailed):
        found = error.errors or [("", error.message)]
        return [(f"{at}{_pointer(field)}", message) for field, message in found]
    field = error.details.get("field") or _FIELDS.get(error.code)
    if field is None:
        raise error
    return [(f"{at}{_pointer(str(field))}", error.message)]


_FIELDS = {"job_type_unavailable": "jobType", "conflict": "resource/resourceId"}


def _pointer(field: str) -> str:
    return field if not field or field.startswith("/") else f"/{field}"
