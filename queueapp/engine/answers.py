"""What the engine answers: plain records of jobs accepted, looked at and cancelled.

The engine makes them, the API shows them; they decide nothing.
"""

from dataclasses import dataclass

from queueapp.domain.estimates import Duration
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.states import Status
from queueapp.domain.waiting import Wait


@dataclass(frozen=True)
class Estimate:
    """What can be said of a job's time now; None is not known."""

    duration: Duration
    start_ms: int | None
    completion_ms: int | None


@dataclass(frozen=True)
class Submitted:
    """An accepted job: its spec, its overall position, when it was accepted, its estimate."""

    spec: JobSpec
    status: Status
    position: int | None
    tier_position: int | None
    created_ms: int
    estimate: Estimate
    repeated: bool = False


@dataclass(frozen=True)
class Looked:
    """A job as it is now: while it is queued, its overall position and why it waits."""

    job: Job
    position: int | None
    estimate: Estimate
    wait: Wait | None


@dataclass(frozen=True)
class Cancelled:
    """What a cancel came to: ``job`` as it is now, the status it had before."""

    job: Job
    previous: Status

    @property
    def done(self) -> bool:
        """Whether the job has ended (a running one may still be stopping)."""
        return self.job.ended
