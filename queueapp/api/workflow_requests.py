"""Turns what the workflow endpoints were sent into what the engine is asked."""

from typing import Any

from queueapp.api.job_requests import to_request
from queueapp.domain.workflow import StepRequest, WorkflowRequest


def to_workflow(body: dict[str, Any]) -> WorkflowRequest:
    """Return the graph of jobs that a submission describes."""
    return WorkflowRequest(
        name=body["workflow_name"],
        description=body.get("description"),
        steps=tuple(_step(job) for job in body["jobs"]),
    )


def _step(job: dict[str, Any]) -> StepRequest:
    request = to_request({**job, "job_name": job["job_name"] or job["name"]})
    return StepRequest(job["name"], request, tuple(job["depends_on"]))
