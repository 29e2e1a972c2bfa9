"""Builds the rows of jobs and workers. Pure: records in, plain values out."""

from datetime import tzinfo

from queueapp.api.schemas.enums import ManagedStatus
from queueapp.api.shown import Row
from queueapp.domain.api_key import ApiKey
from queueapp.domain.fleet import WorkerStatus
from queueapp.domain.job import Job
from queueapp.domain.states import Status
from queueapp.domain.text import zoned

FIFO = "FifoQ"
PINNED = "pinned_"
# How other programs spell the queue of a host; understood, never said.
_ALIASES = (PINNED, "HostQ_", "pinned-")
WORDS = {
    Status.QUEUED: ManagedStatus.QUEUED,
    Status.RUNNING: ManagedStatus.STARTED,
    Status.COMPLETED: ManagedStatus.FINISHED,
    Status.FAILED: ManagedStatus.FAILED,
    Status.CANCELLED: ManagedStatus.CANCELLED,
}
STATUSES = {word: status for status, word in WORDS.items()}
STATUSES[ManagedStatus.CANCELED] = Status.CANCELLED
SUCCESS, FAILURE = ("success", 1), ("failure", 2)
# What an error is called where no exception of the job's own says it.
_ERRORS = {
    "timeout": "JobTimeout",
    "out_of_memory": "OutOfMemory",
    "worker_lost": "WorkerLost",
    "worker_terminated": "WorkerTerminated",
    "killed": "JobKilled",
    "bad_input": "BadInput",
    "interrupted": "JobInterrupted",
    "credentials_unreadable": "CredentialsUnreadable",
    "queue_ttl_expired": "QueueTTLExpired",
}


def queue_of(host: str | None) -> str:
    """Return the name of the queue in which a job with this host stands."""
    return FIFO if host is None else f"{PINNED}{host}"


def host_of(queue: str) -> str | None:
    """Return the host whose queue a name is, or None."""
    for prefix in _ALIASES:
        if queue.startswith(prefix) and len(queue) > len(prefix):
            return queue.removeprefix(prefix)
    return None


def job_row(job: Job, zone: tzinfo) -> Row:
    """Return a job; times are null while they have not come."""
    enqueued_ms = _enqueued_ms(job)
    started, ended = job.started_ms, job.ended_ms
    return {
        "id": job.id,
        "status": str(WORDS[job.status]),
        "queue": queue_of(job.spec.host),
        "created_at": zoned(job.created_ms, zone),
        "enqueued_at": None if enqueued_ms is None else zoned(enqueued_ms, zone),
        "started_at": None if started is None else zoned(started, zone),
        "ended_at": None if ended is None else zoned(ended, zone),
        "worker": job.worker,
        "result": _result(job),
        "duration": seconds(started, ended),
        "queue_time": seconds(enqueued_ms, started),
        "device_name": job.spec.host or job.spec.device,
        "command": job.spec.parameters.get("lines", []) if job.spec.device else [],
        "job_type": job.spec.type,
        "tenant": job.spec.scope.tenant,
        "project": job.spec.scope.project,
    }


def _enqueued_ms(job: Job) -> int | None:
    """Return when a job came into its queue; None while it waits for a time or for other jobs.

    One that is pinned is in the queue of its host also behind others, before it could be claimed.
    """
    waits = job.due_ms is not None or job.unmet_dependencies > 0
    if waits and (job.status is Status.QUEUED or job.eligible_ms is None):
        return None
    terms = (job.spec.scheduled_ms, *job.spec.dependencies)
    if job.spec.host and job.epoch <= 1 and not any(terms):
        return job.created_ms
    return job.eligible_ms or job.created_ms


def seconds(start_ms: int | None, end_ms: int | None) -> float | None:
    """Return the time between two moments; None while one has not come."""
    if start_ms is None or end_ms is None:
        return None
    return max(0, end_ms - start_ms) / 1000


def _result(job: Job) -> Row | None:
    if job.status is Status.COMPLETED:
        kind, code = SUCCESS
        return {"type": kind, "type_code": code, "retval": job.summary, "error": None}
    if job.status is Status.FAILED:
        kind, code = FAILURE
        return {"type": kind, "type_code": code, "retval": None, "error": error_of(job)}
    return None


def error_of(job: Job) -> Row:
    """Return why a job failed."""
    failure = job.failure
    if failure is None:
        return {"type": "JobError", "message": "The job failed."}
    known = _ERRORS.get(failure.code, "JobError")
    return {"type": failure.exception or known, "message": failure.message}


def worker_row(status: WorkerStatus, viewer: ApiKey, now_ms: int, zone: tzinfo) -> Row:
    """Return a worker; the hosts it holds are those of jobs that ``viewer`` may see."""
    worker = status.worker
    return {
        "name": worker.name,
        "status": str(status.state(now_ms)),
        "pid": worker.pid,
        "hostname": worker.node.hostname,
        "queues": queues_of(status, viewer),
        "last_heartbeat": zoned(status.heartbeat_ms, zone),
        "birth_at": zoned(worker.born_ms, zone),
        "successful_job_count": status.succeeded,
        "failed_job_count": status.failed,
        "node": worker.node.id,
    }


def queues_of(status: WorkerStatus, viewer: ApiKey) -> list[str]:
    """Return the queues of a worker: the common one, and those of the hosts that its node holds."""
    held = {one.host for one in status.held if viewer.covers(one.scope)}
    return sorted({*served_by(status, viewer), *(queue_of(host) for host in held)})


def served_by(status: WorkerStatus, viewer: ApiKey) -> list[str]:
    """Return the queues that a worker serves now: the common one, and those of its jobs' hosts."""
    seen = {job.host for job in status.jobs if job.host and viewer.covers(job.scope)}
    return [FIFO, *(queue_of(host) for host in sorted(seen))]
