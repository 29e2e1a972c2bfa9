"""What the store answers about jobs, and what workers tell it of an attempt's end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queueapp.domain.job import Artifact, LogFile
from queueapp.domain.outcome import Failure, Outcome, Progress, Usage
from queueapp.domain.queue import Priority


@dataclass(frozen=True)
class JobReceipt:
    """What submit answers; not new is a job that was submitted before."""

    job_id: str
    new: bool
    position: int
    tier_position: int
    created_ms: int


@dataclass(frozen=True)
class Idempotency:
    """A caller's key for a request, and the digest of what was asked."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Moved:
    """A job's positions before and after a move, and its tier's version after it.

    ``affected``: other jobs whose position in the tier changed, and their new one; not all of
    them where ``affected_count`` is larger.
    """

    priority: Priority
    position_before: int
    position: int
    overall_before: int
    overall: int
    version: int
    at_ms: int
    affected: list[tuple[str, int]]
    affected_count: int
    repeated: bool = False


@dataclass(frozen=True)
class Reprioritised:
    """A job's tier and positions before and after, and its new tier's version."""

    priority_before: Priority
    overall_before: int
    overall: int
    position: int
    version: int
    at_ms: int
    repeated: bool = False


@dataclass(frozen=True)
class FinishReport:
    """What the worker says of an ended attempt, ready to be stored."""

    outcome: str
    result: dict[str, Any]
    artifacts: Sequence[Artifact]
    progress: Progress
    usage: Usage
    failure: Failure | None
    bases: Sequence[str]
    jitter: float = 1.0
    logs: Sequence[LogFile] = ()  # kept whatever becomes of the attempt; also among the artifacts
    kept_ms: int | None = None  # how long the node keeps the session of the job's host, if it does

    @classmethod
    def of(cls, outcome: Outcome) -> "FinishReport":
        """Return the report of an attempt that left nothing but its outcome."""
        return cls(
            outcome=outcome.end,
            result={},
            artifacts=(),
            progress=outcome.progress,
            usage=outcome.usage,
            failure=outcome.failure,
            bases=(),
        )


@dataclass(frozen=True)
class Next:
    """Who takes the next job after a finish, and for how long; nobody without a lease."""

    worker: str = ""
    lease_ms: int | None = None
    now_ms: int | None = None


@dataclass(frozen=True)
class ScopeFigures:
    """Figures of one scope: its queue now and what ended today (UTC)."""

    queued: dict[Priority, int]
    eligible: int
    eligible_since_ms: int
    completed_today: int
    failed_today: int
    completed_run_ms: int
    completed_last_24h: int
