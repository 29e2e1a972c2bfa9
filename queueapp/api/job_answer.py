"""Builds what the job endpoints show of a job, by hand, key by key.

Pure: the engine's records in, plain values out; the clock is an argument.
"""

from collections.abc import Mapping

from queueapp.api.shown import Row, basis, percentage, shown_wait, size, stamp
from queueapp.domain import text
from queueapp.domain.job import Attempt, CancelRequest, Job, JobSpec
from queueapp.domain.states import Status
from queueapp.domain.waited import longest_first
from queueapp.domain.waiting import Wait
from queueapp.engine.answers import Estimate


def _stage(job: Job) -> str:
    if job.status is Status.RUNNING:
        return job.progress.stage or "Starting"
    return str(job.status)


def elapsed_ms(job: Job, now_ms: int) -> int:
    """Return how long the newest attempt has run, 0 if it has not started."""
    if job.started_ms is None:
        return 0
    return max(0, (job.ended_ms or now_ms) - job.started_ms)


def _progress(job: Job, estimate: Estimate, now_ms: int) -> Row:
    run_ms = elapsed_ms(job, now_ms)
    return {
        "percentage": percentage(job),
        "currentStage": _stage(job),
        "estimatedCompletion": None if job.ended else stamp(estimate.completion_ms),
        "elapsedTime": text.elapsed(run_ms),
        "elapsedSeconds": text.seconds(run_ms),
    }


def _execution(job: Job) -> Row:
    usage = job.usage
    memory = usage.rss_bytes if usage.rss_bytes is not None else usage.peak_rss_bytes
    cpu, disk = usage.cpu_percent, usage.written_bytes
    if job.started_ms is None:
        memory = cpu = disk = None
    return {
        "startTime": stamp(job.started_ms),
        "endTime": stamp(job.ended_ms),
        "submittedBy": job.spec.submitted_by,
        "executionNode": job.node if job.started_ms is not None else None,
        "memoryUsage": size(memory),
        "cpuUsage": None if cpu is None else text.percent(cpu),
        "diskUsage": size(disk),
        "memoryBytes": memory,
        "cpuPercent": cpu,
        "diskBytes": disk,
    }


def _metrics(job: Job, now_ms: int) -> Row:
    progress, run_ms = job.progress, elapsed_ms(job, now_ms)
    errors = sum(found.count for found in job.errors) or progress.error_count
    warnings = sum(found.count for found in job.warnings) or progress.warning_count
    speed = progress.records_done / run_ms * 1000 if run_ms else None
    return {
        "recordsProcessed": progress.records_done,
        "totalRecords": progress.records_total,
        "errorCount": errors,
        "warningCount": warnings,
        "averageProcessingRate": None if speed is None else text.rate(speed),
        "recordsPerSecond": speed,
    }


def _resource(spec: JobSpec) -> Row | None:
    if spec.resource is None:
        return None
    return {
        "resourceType": spec.resource.type,
        "resourceId": spec.resource.id,
        "resourceName": spec.resource.name,
    }


def _attempt(number: int, attempt: Attempt) -> Row:
    return {
        "number": number,
        "startTime": stamp(attempt.started_ms),
        "endTime": stamp(attempt.ended_ms),
        "worker": attempt.worker,
        "executionNode": attempt.node,
        "end": attempt.end,
        "errorCode": attempt.error_code,
    }


def _asked(spec: JobSpec) -> Row:
    wishes, retry = spec.notifications, spec.retry
    return {
        "parameters": spec.parameters,
        "scheduling": {
            "scheduledTime": stamp(spec.scheduled_ms),
            "timeoutMinutes": spec.timeout_minutes,
            "queueTtlSeconds": None if spec.queue_ttl_ms is None else spec.queue_ttl_ms // 1000,
        },
        "notifications": {
            "onCompletion": wishes.on_completion,
            "onFailure": wishes.on_failure,
            "emailRecipients": list(wishes.email_recipients),
        },
        "host": spec.host,
        "dependencies": list(spec.dependencies),
        "onDependencyFailure": spec.on_dependency_failure,
        "resourceRequirements": {
            "cpuUnits": spec.requirements.cpu_units,
            "memoryGB": spec.requirements.memory_gb,
        },
        "retries": {
            "maxAttempts": retry.max_attempts,
            "delaySeconds": retry.delay_ms / 1000,
            "maxDelaySeconds": retry.max_delay_ms / 1000,
        },
    }


def _error(job: Job) -> Row:
    if job.status is not Status.FAILED:
        return {}
    failure = job.failure
    if failure is None:
        return {
            "error": "The job failed.",
            "errorDetails": {"code": "unknown", "stage": job.progress.stage},
        }
    return {
        "error": failure.message,
        "errorDetails": {"code": failure.code, "stage": failure.stage or job.progress.stage},
    }


def _cancellation(asked: CancelRequest | None) -> Row | None:
    if asked is None:
        return None
    return {"requestedBy": asked.by, "requestedAt": stamp(asked.at_ms), "reason": asked.reason}


def _waited(waited: Mapping[str, int]) -> list[Row]:
    return [{"code": code, "seconds": text.seconds(ms)} for code, ms in longest_first(waited)]


def job_answer(
    job: Job,
    estimate: Estimate,
    position: int | None,
    *,
    now_ms: int,
    wait: Wait | None = None,
    waited: Mapping[str, int] | None = None,
) -> Row:
    """Return a job with every documented key."""
    spec = job.spec
    waiting = job.status is Status.QUEUED
    return {
        "jobId": job.id,
        "projectId": spec.scope.project,
        "jobType": spec.type,
        "jobName": spec.name,
        "jobDescription": spec.description,
        "status": job.status,
        "priority": spec.priority,
        "progress": _progress(job, estimate, now_ms),
        "resource": _resource(spec),
        "execution": _execution(job),
        "metrics": _metrics(job, now_ms),
        "dateCreated": stamp(job.created_ms),
        "lastUpdated": stamp(job.updated_ms),
        "queuePosition": position if waiting else None,
        "waitReason": shown_wait(wait),
        "waited": _waited(waited or {}),
        "estimatedStartTime": stamp(estimate.start_ms) if waiting else None,
        "estimatedDuration": None if job.ended else text.minute_range(*estimate.duration.minutes),
        "estimateBasis": basis(estimate),
        "estimatedAt": stamp(now_ms),
        **_error(job),
        "cancellationRequested": job.cancel is not None,
        "cancellation": _cancellation(job.cancel),
        **_asked(spec),
        "attempts": [_attempt(n, attempt) for n, attempt in enumerate(job.attempts, start=1)],
        "originalJobId": spec.retry_of,
        "retriedAs": job.retried_as,
        "workflowId": spec.workflow_id,
        "workflowStep": spec.step,
        "scheduleId": spec.schedule_id,
        "scheduledFor": stamp(spec.scheduled_for_ms),
    }


def job_row(job: Job, completion_ms: int | None) -> Row:
    """Return a job as a row of a list; keys that do not apply are left out."""
    spec = job.spec
    row: Row = {
        "jobId": job.id,
        "jobType": spec.type,
        "jobName": spec.name,
        "status": job.status,
        "priority": spec.priority,
        "progress": percentage(job),
        "submittedBy": spec.submitted_by,
        "dateCreated": stamp(job.created_ms),
    }
    if job.started_ms is not None:
        row["startTime"] = stamp(job.started_ms)
    if spec.resource and spec.resource.name is not None:
        row["resourceName"] = spec.resource.name
    if job.status is Status.RUNNING and completion_ms is not None:
        row["estimatedCompletion"] = stamp(completion_ms)
    if job.ended_ms is not None:
        row["endTime"] = stamp(job.ended_ms)
        if job.started_ms is not None:
            row["duration"] = text.minutes(job.ended_ms - job.started_ms)
            row["durationSeconds"] = text.seconds(job.ended_ms - job.started_ms)
    return row
