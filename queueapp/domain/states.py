"""The statuses of a job and the only table of the moves between them.

The store renders this table into its scripts, so Python and Lua cannot disagree.
"""

from enum import StrEnum


class Status(StrEnum):
    """What the API calls the state of a job."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

MOVES: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED, Status.FAILED}),
    Status.RUNNING: frozenset(
        {Status.QUEUED, Status.COMPLETED, Status.FAILED, Status.CANCELLED},
    ),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class WaitReason(StrEnum):
    """Why a queued job does not run yet."""

    POSITION = "Position"
    DEPENDENCY = "Dependency"
    SCHEDULED = "Scheduled"
    QUEUE_PAUSED = "QueuePaused"
    TYPE_PAUSED = "TypePaused"
    RESOURCES = "Resources"
    HOST_BUSY = "HostBusy"
    CONCURRENCY_LIMIT = "ConcurrencyLimit"
    NO_WORKERS = "NoWorkers"
    RETRY_BACKOFF = "RetryBackoff"


class AttemptEnd(StrEnum):
    """How one attempt of a job ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    GIVEN_BACK = "given_back"
    RETRIED = "retried"
