"""Builds what the job endpoints say of what was done: submitted, tried or cancelled.

Pure: the engine's records in, plain values out.
"""

from queueapp.api.shown import Row, basis, basis_row, shown_wait, stamp
from queueapp.domain import text
from queueapp.engine.answers import Cancelled, Submitted
from queueapp.engine.trials import Trial


def submitted_answer(submitted: Submitted) -> Row:
    """Return what submit says of an accepted job."""
    spec, estimate = submitted.spec, submitted.estimate
    return {
        "jobId": spec.id,
        "status": submitted.status,
        "queuePosition": submitted.position,
        "estimatedStartTime": stamp(estimate.start_ms),
        "estimatedDuration": text.minute_range(*estimate.duration.minutes),
        "estimateBasis": basis(estimate),
        "jobName": spec.name,
        "jobType": spec.type,
        "priority": spec.priority,
        "dateSubmitted": stamp(submitted.created_ms),
        "submittedBy": spec.submitted_by,
    }


def trial_answer(trial: Trial) -> Row:
    """Return what would become of a job that was not submitted."""
    spec, found = trial.spec, trial.foreseen
    return {
        "dryRun": True,
        "accepted": trial.accepted,
        "queuePosition": found.position,
        "tierPosition": trial.tier_position,
        "estimatedStartTime": stamp(found.start_ms),
        "estimatedCompletion": stamp(found.completion_ms),
        "estimatedDuration": text.minute_range(*found.duration.minutes),
        "estimateBasis": basis_row(found.duration),
        "jobName": spec.name,
        "jobType": spec.type,
        "priority": spec.priority,
        "submittedBy": spec.submitted_by,
        "resourceRequirements": {
            "cpuUnits": spec.requirements.cpu_units,
            "memoryGB": spec.requirements.memory_gb,
        },
        "timeoutMinutes": spec.timeout_minutes,
        "waitReason": shown_wait(trial.wait),
        "limits": [
            {"code": limit.code, "text": limit.text, "refuses": limit.refuses}
            for limit in trial.limits
        ],
    }


def cancelled_answer(cancelled: Cancelled, *, by: str, reason: str | None) -> Row:
    """Return what became of the wish to cancel a job."""
    job = cancelled.job
    wish = job.cancel
    return {
        "jobId": job.id,
        "previousStatus": cancelled.previous,
        "status": job.status,
        "cancellationRequested": True,
        "cancelledAt": stamp(job.ended_ms),
        "cancelledBy": wish.by if wish else by,
        "reason": wish.reason if wish else reason,
        "partialResultsPreserved": job.partial_results,
    }
