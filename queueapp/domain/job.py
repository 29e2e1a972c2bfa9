"""A job: what was asked for, and what is known of it now."""

from dataclasses import dataclass, field
from typing import Any

from queueapp.domain.fleet import Requirements
from queueapp.domain.outcome import Failure, Finding, Progress, Quality, Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import TERMINAL, Status

DEFAULT_TIMEOUT_MINUTES = 120


@dataclass(frozen=True)
class Resource:
    """What a job works on."""

    type: str
    id: str
    name: str | None = None


@dataclass(frozen=True)
class Notifications:
    """Whom to tell when the job ends."""

    on_completion: bool = False
    on_failure: bool = False
    email_recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class RetryPolicy:
    """How often a retryable failure is attempted again by itself, and after what delay."""

    max_attempts: int = 1
    delay_ms: int = 30_000
    max_delay_ms: int = 3_600_000


@dataclass(frozen=True)
class JobRequest:
    """What a caller asks for, checked for form but not yet against the catalogue.

    ``None`` means that the caller left the choice to the pipeline or the job type.
    """

    name: str
    type: str
    resource: Resource | None = None
    description: str | None = None
    priority: Priority = Priority.NORMAL
    parameters: dict[str, Any] = field(default_factory=dict)
    scheduled_ms: int | None = None
    timeout_minutes: int | None = None
    queue_ttl_ms: int | None = None
    notifications: Notifications = Notifications()
    cpu_units: int | None = None
    memory_gb: float | None = None
    max_attempts: int | None = None
    retry_delay_s: float | None = None
    retry_max_delay_s: float | None = None
    dependencies: tuple[str, ...] = ()
    on_dependency_failure: str = "cancel"
    host: str | None = None


@dataclass(frozen=True)
class JobSpec:
    """A job as it is accepted: everything decided, nothing that changes later."""

    id: str
    scope: Scope
    name: str
    type: str
    priority: Priority
    submitted_by: str
    resource: Resource | None = None
    description: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    scheduled_ms: int | None = None
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES
    notifications: Notifications = Notifications()
    requirements: Requirements = Requirements()
    retry: RetryPolicy = RetryPolicy()
    dependencies: tuple[str, ...] = ()
    on_dependency_failure: str = "cancel"
    host: str | None = None
    device: str | None = None  # the host it works on, pinned to it or not
    queue_ttl_ms: int | None = None  # still queued after this, it fails; goes with keep_ms
    keep_ms: int | None = None  # how long it is kept after its end; None: as all jobs
    run_limit_ms: int | None = None  # where minutes are too coarse
    once: bool = False  # an attempt that was lost is not followed by another
    sealed: str | None = field(default=None, repr=False)  # secrets that only a worker opens
    inputs: dict[str, str] = field(default_factory=dict)  # dataset parameter -> dataset id
    pipeline: dict[str, Any] | None = None
    retry_of: str | None = None
    retry_number: int = 1
    retry_reason: str | None = None
    request_id: str | None = None
    workflow_id: str | None = None
    step: str | None = None  # its name in its workflow
    schedule_id: str | None = None
    scheduled_for_ms: int | None = None  # the moment that its schedule named
    trace: str | None = None  # the traceparent of its submission


@dataclass(frozen=True)
class LogFile:
    """What an attempt logged or printed, kept in the object store."""

    name: str
    object_key: str
    size_bytes: int


@dataclass(frozen=True)
class Attempt:
    """One run of a job, over or under way."""

    epoch: int
    worker: str
    node: str
    started_ms: int
    ended_ms: int | None = None
    eligible_ms: int | None = None
    end: str | None = None
    error_code: str | None = None
    logs: tuple[LogFile, ...] = ()


@dataclass(frozen=True)
class Artifact:
    """A file that a job made, published in the object store."""

    id: str
    job_id: str
    type: str
    title: str
    name: str
    format: str
    media_type: str
    size_bytes: int
    sha256: str
    object_key: str
    primary: bool = False
    record_count: int | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class CancelRequest:
    """Somebody asked a running job to stop."""

    by: str
    at_ms: int
    reason: str | None = None
    force: bool = False
    preserve_partial: bool = True


@dataclass(frozen=True)
class Job:
    """A job as the store knows it."""

    spec: JobSpec
    status: Status
    created_ms: int
    updated_ms: int
    eligible_ms: int | None = None
    epoch: int = 0
    attempts_used: int = 0
    lost_attempts: int = 0
    started_ms: int | None = None
    ended_ms: int | None = None
    due_ms: int | None = None
    worker: str | None = None
    node: str | None = None
    progress: Progress = Progress()
    usage: Usage = Usage()
    failure: Failure | None = None
    cancel: CancelRequest | None = None
    artifacts: tuple[Artifact, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    quality: Quality | None = None
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    partial_results: bool = False
    retried_as: str | None = None
    unmet_dependencies: int = 0
    retrying: bool = False
    waits_for_host: bool = False
    hold: str | None = None  # what keeps it from being claimed, and since when
    held_since_ms: int | None = None
    waited_ms: dict[str, int] = field(default_factory=dict)  # by what has held it so far

    @property
    def id(self) -> str:
        """The job's id."""
        return self.spec.id

    @property
    def ended(self) -> bool:
        """Whether the job is in a terminal status."""
        return self.status in TERMINAL


@dataclass(frozen=True)
class Claim:
    """The right to run one attempt of a job: the spec, the fencing epoch, the lease."""

    job: JobSpec
    epoch: int
    attempt: int
    lease_until_ms: int
    started_ms: int
