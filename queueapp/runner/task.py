"""What the broker hands to the runner, and what of it travels into the job's process.

The broker builds a Task; the child sees an Assignment, which is plain JSON on the way.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from queueapp.domain.errors import QueueappError
from queueapp.domain.job import Claim, Resource
from queueapp.runner.dataset_input import DatasetInput

WORK = "work"
OUTPUTS = "outputs"
LOGS = "logs"


@dataclass(frozen=True)
class Keeping:
    """What a job is told of its node's keeper: where it listens, what the job's host is there."""

    address: str
    place: str


class RunnerLost(QueueappError):
    """The process that starts jobs died, so the attempt is lost."""

    code = "worker_lost"


class RunnerUnusable(QueueappError):
    """The process that starts jobs cannot be started."""

    code = "runner_unusable"


class StopKind(StrEnum):
    """Why a running attempt must stop, which also says how."""

    CANCEL = "cancel"  # asked to stop, killed after the grace; ends as cancelled
    FORCE = "force"  # killed at once; ends as cancelled
    LOST = "lost"  # killed at once; somebody else owns the job, so nothing is reported
    GIVE_BACK = "give_back"  # asked to stop, killed after the grace; ends as given back


@dataclass(frozen=True)
class Task:
    """One attempt to run: the claim, a private directory, the inputs and the limits."""

    claim: Claim
    directory: Path
    inputs: tuple[DatasetInput, ...]
    memory_limit_bytes: int
    timeout_ms: int
    now_ms: int
    trace: str | None = None
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)
    keeping: Keeping | None = None

    def absolute(self) -> "Task":
        """Return the same task with every path absolute."""
        if not self.inputs and self.directory.is_absolute():
            return self
        inputs = tuple(replace(one, path=one.path.absolute()) for one in self.inputs)
        return replace(self, directory=self.directory.absolute(), inputs=inputs)

    @property
    def work(self) -> Path:
        """The job's own working directory."""
        return self.directory / WORK

    @property
    def outputs(self) -> Path:
        """Where the job's artifacts are written."""
        return self.directory / OUTPUTS

    @property
    def logs(self) -> Path:
        """Where the worker keeps what the job printed and logged."""
        return self.directory / LOGS


@dataclass(frozen=True)
class Assignment:
    """What the job itself is told about its task."""

    id: str
    type: str
    attempt: int
    name: str
    parameters: dict[str, Any]
    directory: Path
    now_ms: int
    resource: Resource | None = None
    pipeline: dict[str, Any] | None = None
    inputs: tuple[DatasetInput, ...] = ()
    cpu_units: int = 1
    modules: tuple[str, ...] = ()
    trace: str | None = None
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)
    keeping: Keeping | None = None

    @classmethod
    def of(cls, task: Task, *, modules: tuple[str, ...] = ()) -> "Assignment":
        """Take from a task what its job needs to know."""
        job = task.claim.job
        return cls(
            id=job.id,
            type=job.type,
            attempt=task.claim.attempt,
            name=job.name,
            parameters=job.parameters,
            directory=task.directory,
            now_ms=task.now_ms,
            resource=job.resource,
            pipeline=job.pipeline,
            inputs=task.inputs,
            cpu_units=job.requirements.cpu_units,
            modules=modules,
            trace=task.trace,
            secrets=task.secrets,
            keeping=task.keeping,
        )

    def encode(self) -> bytes:
        """Write the assignment as JSON."""
        return json.dumps(asdict(self), default=str).encode()

    @classmethod
    def decode(cls, raw: bytes) -> "Assignment":
        """Read an assignment back from JSON."""
        facts = json.loads(raw)
        facts["directory"] = Path(facts["directory"])
        if facts["resource"] is not None:
            facts["resource"] = Resource(**facts["resource"])
        facts["inputs"] = tuple(_input(one) for one in facts["inputs"])
        facts["modules"] = tuple(facts["modules"])
        if facts["keeping"] is not None:
            facts["keeping"] = Keeping(**facts["keeping"])
        return cls(**facts)


def _input(facts: dict[str, Any]) -> DatasetInput:
    return DatasetInput(**{**facts, "path": Path(facts["path"])})
