"""Facts in the lives of jobs and queues, as a project's stream keeps them.

The store reads them, the feed hands them on, the API says how each kind looks outside.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

START = "0-0"
_ID = re.compile(r"(0|[1-9][0-9]{0,19})(?:-(0|[1-9][0-9]{0,19}))?")
_LARGEST = 2**64


class EventKind(StrEnum):
    """What happened."""

    SUBMITTED = "submitted"
    STARTED = "started"
    PROGRESS = "progress"
    RETRYING = "retrying"
    LOST = "lost"
    GIVEN_BACK = "given_back"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CANCEL_REQUESTED = "cancel_requested"
    MOVED = "moved"
    REPRIORITISED = "reprioritised"
    PAUSED = "paused"
    RESUMED = "resumed"
    WORKFLOW_SUBMITTED = "workflow_submitted"
    WORKFLOW_ENDED = "workflow_ended"


@dataclass(frozen=True)
class Event:
    """One fact: its place in the stream, what happened to which job (None: to the queue), when.

    ``facts``: what else the kind tells, as the store has it. Progress has no place: it is only
    told while it is news.
    """

    id: str | None
    kind: str
    job_id: str | None
    at_ms: int
    facts: Mapping[str, str]


@dataclass(frozen=True)
class EventFilter:
    """Which events to tell: of one job, of some kinds; None is all."""

    job_id: str | None = None
    kinds: frozenset[str] | None = None

    def takes(self, event: Event) -> bool:
        """Tell whether an event is one of those."""
        return self.job_id in (None, event.job_id) and (
            self.kinds is None or event.kind in self.kinds
        )


def place_of(event_id: str) -> tuple[int, int]:
    """Return an event's place in its stream, to compare it with others.

    Raises: ValueError for what cannot be one.
    """
    match = _ID.fullmatch(event_id)
    if match is None:
        raise ValueError(f"{event_id!r} is not an event's id")
    time_ms, sequence = int(match[1]), int(match[2] or 0)
    if max(time_ms, sequence) >= _LARGEST:
        raise ValueError(f"{event_id!r} is not an event's id")
    return time_ms, sequence
