"""Who did what to a queue, when and why: what every action carries, and what is kept of it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Act:
    """Somebody acts: who, why, and in which request."""

    by: str
    reason: str | None = None
    request_id: str | None = None


#: What queueapp does by itself, such as ending a pause at its time.
SYSTEM = Act("system")


@dataclass(frozen=True)
class AuditEntry:
    """One recorded action.

    ``owner`` is who had submitted the job that it was done to; ``facts`` are further ones, by
    name, such as the job type of a pause.
    """

    id: str
    at_ms: int
    by: str
    action: str
    reason: str | None = None
    request_id: str | None = None
    job_id: str | None = None
    owner: str | None = None
    before: Any = None
    after: Any = None
    facts: dict[str, Any] = field(default_factory=dict)
