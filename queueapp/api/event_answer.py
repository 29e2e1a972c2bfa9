"""How an event looks outside: what all have, and what its kind tells, null where not known."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.api.shown import Row, share_done, stamp
from queueapp.domain.events import Event, EventKind
from queueapp.domain.outcome import Progress
from queueapp.domain.queue import TIERS
from queueapp.domain.states import Status
from queueapp.store.codec import build

Told = Callable[[str], Any]


def _tier(text: str) -> str:
    return str(TIERS[int(text)])


def _moment(text: str) -> str | None:
    return stamp(int(text))


def _type(text: str) -> str | None:
    return None if text == "*" else text


_MOVER = ("by", "changedBy", unquote)
# Of each kind: the fact as the store has it, its name outside, how it is told.
FACTS: dict[str, tuple[tuple[str, str, Told], ...]] = {
    EventKind.SUBMITTED: (
        ("type", "jobType", str),
        ("tier", "priority", _tier),
        ("user", "submittedBy", unquote),
    ),
    EventKind.STARTED: (("epoch", "attempt", int), ("worker", "worker", str)),
    EventKind.RETRYING: (("code", "errorCode", str), ("due", "retryAt", _moment)),
    EventKind.LOST: (("code", "errorCode", str),),
    EventKind.FAILED: (("code", "errorCode", str),),
    EventKind.CANCEL_REQUESTED: (("by", "requestedBy", unquote),),
    EventKind.MOVED: (("from", "fromPosition", int), ("to", "toPosition", int), _MOVER),
    EventKind.REPRIORITISED: (("from", "fromPriority", _tier), ("to", "toPriority", _tier), _MOVER),
    EventKind.PAUSED: (
        ("type", "jobType", _type),
        ("by", "pausedBy", unquote),
        ("reason", "reason", str),
        ("until", "until", _moment),
    ),
    EventKind.RESUMED: (("type", "jobType", _type), ("by", "resumedBy", unquote)),
    EventKind.WORKFLOW_SUBMITTED: (("workflow", "workflowId", str),),
    EventKind.WORKFLOW_ENDED: (("workflow", "workflowId", str), ("status", "outcome", str)),
}
STATUS_AFTER: dict[str, Status] = {
    EventKind.SUBMITTED: Status.QUEUED,
    EventKind.RETRYING: Status.QUEUED,
    EventKind.LOST: Status.QUEUED,
    EventKind.GIVEN_BACK: Status.QUEUED,
    EventKind.MOVED: Status.QUEUED,
    EventKind.REPRIORITISED: Status.QUEUED,
    EventKind.STARTED: Status.RUNNING,
    EventKind.PROGRESS: Status.RUNNING,
    EventKind.CANCEL_REQUESTED: Status.RUNNING,
    EventKind.COMPLETED: Status.COMPLETED,
    EventKind.FAILED: Status.FAILED,
    EventKind.CANCELLED: Status.CANCELLED,
}


def event_row(event: Event) -> Row:
    """Return an event as its schema says."""
    row: Row = {
        "id": event.id,
        "kind": event.kind,
        "at": stamp(event.at_ms),
        "atMs": event.at_ms,
        "jobId": event.job_id,
    }
    if event.kind in STATUS_AFTER:
        row["status"] = STATUS_AFTER[event.kind]
    if event.kind == EventKind.PROGRESS:
        return row | _progress(event.facts["progress"])
    for name, outer, told in FACTS.get(event.kind, ()):
        value = event.facts.get(name)
        row[outer] = told(value) if value else None
    return row


def _progress(text: str) -> Row:
    progress = build(Progress, orjson.loads(text))
    return {
        "percentage": share_done(progress),
        "currentStage": progress.stage,
        "recordsProcessed": progress.records_done,
        "totalRecords": progress.records_total,
    }
