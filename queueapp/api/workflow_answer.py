"""Builds what the workflow endpoints show, by hand, key by key.

Pure: the engine's records in, plain values out; the clock is an argument.
"""

from collections import Counter

from queueapp.api.shown import Row, basis_row, percentage, shown_wait, stamp
from queueapp.domain import text
from queueapp.domain.states import Status
from queueapp.domain.workflow import CriticalPath, Workflow
from queueapp.engine.workflow_view import StepView, WorkflowView
from queueapp.engine.workflows import SubmittedWorkflow


def submitted_row(submitted: SubmittedWorkflow) -> Row:
    """Return what a submission says of an accepted workflow."""
    workflow = submitted.workflow
    return {
        "workflowId": workflow.id,
        "workflowName": workflow.name,
        "status": workflow.status,
        "dateSubmitted": stamp(workflow.created_ms),
        "submittedBy": workflow.submitted_by,
        "retryOf": workflow.retry_of,
        "jobs": [{"name": step.name, "jobId": step.job_id} for step in workflow.steps],
    }


def _facts(workflow: Workflow) -> Row:
    return {
        "workflowId": workflow.id,
        "workflowName": workflow.name,
        "status": workflow.status,
        "submittedBy": workflow.submitted_by,
        "dateCreated": stamp(workflow.created_ms),
        "startTime": stamp(workflow.started_ms),
        "endTime": stamp(workflow.ended_ms),
        "retryOf": workflow.retry_of,
        "retriedAs": workflow.retried_as,
        "scheduleId": workflow.schedule_id,
        "scheduledFor": stamp(workflow.scheduled_for_ms),
    }


def workflow_row(workflow: Workflow) -> Row:
    """Return a workflow as a row of a list."""
    return {
        **_facts(workflow),
        "totalJobs": workflow.total,
        **_ended(workflow),
    }


def _ended(workflow: Workflow) -> Row:
    ended = workflow.ended or {}
    statuses = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
    return {f"{status.lower()}Jobs": ended.get(status, 0) for status in statuses}


def workflow_view(view: WorkflowView, *, now_ms: int) -> Row:
    """Return a workflow with its jobs and the chain that decides when it ends."""
    workflow = view.workflow
    now = Counter(step.job.status for step in view.steps if step.job is not None)
    return {
        **_facts(workflow),
        "description": workflow.description,
        "summary": {
            "totalJobs": len(workflow.steps),
            "runningJobs": now[Status.RUNNING],
            "queuedJobs": now[Status.QUEUED],
            **_ended(workflow),
        },
        "criticalPath": _path(workflow, view.path, now_ms),
        "jobs": [_step(step) for step in view.steps],
    }


def _path(workflow: Workflow, path: CriticalPath, now_ms: int) -> Row:
    end_ms = workflow.ended_ms or path.completion_ms
    return {
        "jobs": list(path.steps),
        "estimatedCompletion": None if end_ms is None else stamp(int(end_ms)),
        "remainingSeconds": None if end_ms is None else text.seconds(max(0.0, end_ms - now_ms)),
        "measured": path.measured,
    }


def _step(view: StepView) -> Row:
    job, duration = view.job, view.duration
    ended = job is None or job.ended
    shown = None if ended or duration is None else duration
    return {
        "name": view.step.name,
        "dependsOn": list(view.step.depends_on),
        "jobId": view.step.job_id,
        "jobName": job and job.spec.name,
        "jobType": job and job.spec.type,
        "status": job and job.status,
        "priority": job and job.spec.priority,
        "progress": None if job is None else percentage(job),
        "queuePosition": view.position,
        "waitReason": shown_wait(view.wait),
        "startTime": stamp(job.started_ms) if job else None,
        "endTime": stamp(job.ended_ms) if job else None,
        "estimatedDuration": text.minute_range(*shown.minutes) if shown else None,
        "estimateBasis": basis_row(shown) if shown else None,
        "error": job.failure.message if job and job.failure else None,
    }
