"""Builds what the queue endpoints show, by hand, row by row: a page may have ten thousand.

Pure: the engine's view in, plain values out.
"""

from queueapp.api.schemas.enums import QueueState
from queueapp.api.shown import Row, basis_row, shown_wait, stamp
from queueapp.domain import text
from queueapp.domain.estimates import Duration
from queueapp.domain.job import JobSpec
from queueapp.domain.queue import Priority
from queueapp.foresight.queue_view import QueuedJob, QueueView
from queueapp.store.pauses import Pause


def _resources(spec: JobSpec, lasts: Duration | None) -> Row:
    """Return what a job reserves, and the disk that nine of ten such jobs wrote at most."""
    needs = spec.requirements
    written = lasts.written_bytes if lasts else None
    disk = needs.disk_bytes if written is None else int(written)
    return {
        "cpuUnits": needs.cpu_units,
        "memoryGB": needs.memory_gb,
        "estimatedDiskUsage": None if disk is None else text.size(disk),
    }


def _foreseen(queued: QueuedJob) -> Row:
    found = queued.foreseen
    if found is None:
        return dict.fromkeys(
            ("estimatedStartTime", "estimatedCompletion", "estimatedDuration", "estimateBasis")
        )
    lasts = found.duration
    return {
        "estimatedStartTime": stamp(found.start_ms),
        "estimatedCompletion": stamp(found.completion_ms),
        "estimatedDuration": text.minute_range(*lasts.minutes),
        "estimateBasis": basis_row(lasts),
    }


def _shared(queued: QueuedJob) -> Row:
    job, found = queued.job, queued.foreseen
    spec = job.spec
    return {
        "jobId": spec.id,
        "jobName": spec.name,
        "jobType": spec.type,
        "priority": spec.priority,
        **_foreseen(queued),
        "submittedBy": spec.submitted_by,
        "dateSubmitted": text.timestamp(job.created_ms),
        "resourceRequirements": _resources(spec, found.duration if found else None),
        "waitReason": shown_wait(queued.wait),
    }


def queue_row(queued: QueuedJob) -> Row:
    """Return a job of the whole queue; its position is the overall one."""
    return {
        **_shared(queued),
        "queuePosition": queued.row.overall,
        "tierPosition": queued.row.position,
    }


def tier_row(queued: QueuedJob, now_ms: int) -> Row:
    """Return a job of one tier; its position is the one in the tier."""
    waited = max(0, now_ms - queued.job.created_ms)
    return {
        **_shared(queued),
        "queuePosition": queued.row.position,
        "overallQueuePosition": queued.row.overall,
        "waitTime": text.minutes(waited),
        "waitTimeSeconds": text.seconds(waited),
        "dependencies": list(queued.dependencies),
    }


def _drain(view: QueueView) -> Row:
    drain = view.drain_ms
    return {
        "estimatedProcessingTime": None if drain is None else text.whole_minutes(drain),
        "estimatedProcessingTimeSeconds": text.seconds(drain),
    }


def _waited(view: QueueView, priority: Priority | None = None) -> Row:
    waited = view.average_wait_ms(priority)
    return {"averageWaitTime": text.minutes(waited), "averageWaitTimeSeconds": text.seconds(waited)}


def _summary(view: QueueView) -> Row:
    queued = view.page.queued
    return {
        "totalQueuedJobs": sum(queued.values()),
        **{f"{priority.lower()}PriorityJobs": queued[priority] for priority in Priority},
        **_waited(view),
        **_drain(view),
    }


def _capacity(view: QueueView) -> Row:
    total, active = len(view.fleet.workers), view.fleet.active_workers
    return {
        "totalWorkers": total,
        "activeWorkers": active,
        "currentLoad": text.whole(100 * active / total) if total else 0,
        "maxConcurrentJobs": sum(view.fleet.workers.values()),
        "currentlyRunning": view.survey.running,
    }


def _performance(view: QueueView) -> Row:
    trends = view.trends
    run, size, hour = trends.average_run_ms, trends.average_queue_size, trends.peak_hour
    return {
        "averageJobDuration": None if run is None else text.minutes(run),
        "averageJobDurationSeconds": text.seconds(run),
        "throughputLastHour": trends.completed_last_hour,
        "queueTrends": {
            "currentHourSubmissions": trends.submitted_this_hour,
            "peakHourToday": None if hour is None else text.hours(hour),
            "averageQueueSize": float(text.tenth(size)),
        },
    }


def _pause(pause: Pause) -> Row:
    return {
        "jobType": pause.kind,
        "pausedAt": stamp(pause.at_ms),
        "pausedBy": pause.by,
        "reason": pause.reason,
        "scheduledResume": stamp(pause.until_ms),
    }


def queue_answer(view: QueueView) -> Row:
    """Return a page of the queue with the numbers around it."""
    pause = view.pause
    return {
        "queueStatus": QueueState.PAUSED if pause else QueueState.ACTIVE,
        "pausedAt": stamp(pause.at_ms) if pause else None,
        "pausedBy": pause.by if pause else None,
        "pauseReason": pause.reason if pause else None,
        "scheduledResume": stamp(pause.until_ms) if pause else None,
        "pausedJobTypes": [_pause(one) for one in view.type_pauses],
        "timestamp": text.timestamp(view.now_ms),
        "estimatedAt": text.timestamp(view.survey.now_ms),
        "summary": _summary(view),
        "processingCapacity": _capacity(view),
        "queuedJobs": [queue_row(queued) for queued in view.jobs],
        "performanceMetrics": _performance(view),
        "versions": {tier.lower(): version for tier, version in view.page.versions.items()},
    }


def tier_answer(view: QueueView, priority: Priority) -> Row:
    """Return a page of one tier with its numbers."""
    return {
        "priority": priority,
        "jobCount": view.page.queued[priority],
        **_waited(view, priority),
        **_drain(view),
        "timestamp": text.timestamp(view.now_ms),
        "estimatedAt": text.timestamp(view.survey.now_ms),
        "jobs": [tier_row(queued, view.now_ms) for queued in view.jobs],
        "version": view.page.versions[priority],
    }
