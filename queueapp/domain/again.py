"""A job that does once more what an ended one did: what stays, and what a retry may change.

The engine retries single jobs with it, and the steps of workflows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from queueapp.domain.audit import Act
from queueapp.domain.job import DEFAULT_TIMEOUT_MINUTES, JobSpec
from queueapp.domain.queue import Priority


@dataclass(frozen=True)
class RetryChanges:
    """What is to be other than before; parameters that are not named stay."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeout_minutes: int | None = None
    double_memory: bool = False
    priority: Priority | None = None


AS_BEFORE = RetryChanges()


def again(old: JobSpec, changes: RetryChanges = AS_BEFORE, *, job_id: str, act: Act) -> JobSpec:
    """Return the new job of who acts: it may start at once, and belongs to no workflow yet."""
    parameters = {**old.parameters, **changes.parameters}
    needs = old.requirements
    return replace(
        old,
        id=job_id,
        submitted_by=act.by,
        parameters=parameters,
        inputs={name: parameters.get(name, known) for name, known in old.inputs.items()},
        priority=changes.priority or old.priority,
        scheduled_ms=None,
        timeout_minutes=changes.timeout_minutes or old.timeout_minutes or DEFAULT_TIMEOUT_MINUTES,
        requirements=replace(needs, memory_mb=needs.memory_mb * (1 + changes.double_memory)),
        retry_of=old.id,
        retry_number=old.retry_number + 1,
        retry_reason=act.reason,
        request_id=act.request_id,
        dependencies=(),
        workflow_id=None,
        step=None,
    )
