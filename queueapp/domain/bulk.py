"""Operations on many jobs at once: which jobs, what is done to them, how far it has come."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from queueapp.domain.audit import Act
from queueapp.domain.queue import Priority
from queueapp.domain.states import Status


class BulkAction(StrEnum):
    """What can be done to many jobs."""

    CANCEL = "cancel"
    PRIORITY = "priority"
    RETRY = "retry"
    MOVE_TO_HEAD = "moveToHead"
    MOVE_TO_TAIL = "moveToTail"


class BulkState(StrEnum):
    """How far an operation has come."""

    COUNTING = "Counting"
    COUNTED = "Counted"
    ACTING = "Acting"
    DONE = "Done"


class Kept(StrEnum):
    """Why a job was left alone, in plain words."""

    EXCLUDED = "Explicitly excluded"
    OTHER_TYPE = "Job type not selected"
    RUNNING = "Job is already running"
    ENDED = "Job has already ended"
    RETRIED = "Job was retried before"
    REFUSED = "Job cannot be retried"


#: Those that change places, in their tiers and among themselves as they stood.
MOVES = (BulkAction.MOVE_TO_HEAD, BulkAction.MOVE_TO_TAIL)

#: The statuses that a job may have for each action; the first is meant where none is named.
STATUSES: dict[BulkAction, tuple[Status, ...]] = {
    BulkAction.CANCEL: (Status.QUEUED, Status.RUNNING),
    BulkAction.PRIORITY: (Status.QUEUED,),
    BulkAction.MOVE_TO_HEAD: (Status.QUEUED,),
    BulkAction.MOVE_TO_TAIL: (Status.QUEUED,),
    BulkAction.RETRY: (Status.FAILED, Status.CANCELLED),
}


@dataclass(frozen=True)
class BulkFilter:
    """Which jobs are meant; None does not filter. Both time bounds are inclusive.

    ``types`` and ``excluded`` name what is left alone among a user's queued jobs, and is told.
    """

    status: Status = Status.QUEUED
    priority: Priority | None = None
    type: str | None = None
    user: str | None = None
    job_ids: tuple[str, ...] | None = None
    created_from_ms: int | None = None
    created_to_ms: int | None = None
    types: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    tell: bool = False


@dataclass(frozen=True)
class Meant:
    """One of the first jobs of the set, as it was when the set was fixed."""

    job_id: str
    priority: Priority
    position: int | None


@dataclass(frozen=True)
class Bulk:
    """An operation on many jobs.

    ``matched`` is None until the set is fixed. ``kept`` counts what was left alone, by reason;
    ``left`` names the first of those, ``meant`` the first of the set.
    """

    id: str
    state: BulkState
    step: int
    action: BulkAction
    dry: bool
    act: Act
    begun_ms: int
    ended_ms: int | None
    expires_ms: int | None
    matched: int | None
    changed: int
    kept: dict[Kept, int]
    priority: Priority | None = None
    meant: list[Meant] = field(default_factory=list)
    left: list[tuple[str, Kept]] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in (BulkState.COUNTED, BulkState.DONE)

    def at(self, state: BulkState, step: int) -> "Bulk":
        """Return the operation at another step; its numbers are not read again."""
        return replace(self, state=state, step=step)
