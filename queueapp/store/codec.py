"""Turns domain records into what the store keeps, and back.

Unknown keys of a stored record are ignored, so that an older release can read a newer one's jobs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote

import orjson

from queueapp.domain.fleet import Requirements
from queueapp.domain.job import (
    Artifact,
    Attempt,
    CancelRequest,
    Claim,
    Job,
    JobSpec,
    LogFile,
    Notifications,
    Resource,
    RetryPolicy,
)
from queueapp.domain.outcome import Failure, Finding, Progress, Quality, Usage
from queueapp.domain.queue import TIERS
from queueapp.domain.scope import Scope
from queueapp.domain.states import AttemptEnd, Status

Record = TypeVar("Record")


def dumps(value: object) -> str:
    """Return a record or plain value as JSON text."""
    return orjson.dumps(value).decode()


_USUAL: dict[type[Any], dict[str, Any]] = {}


def _usual(kind: type[Any]) -> dict[str, Any]:
    """Return the fields of a kind of record with their defaults, MISSING where there is none."""
    if kind not in _USUAL:
        _USUAL[kind] = {
            one.name: one.default if one.default_factory is MISSING else one.default_factory()
            for one in fields(kind)
        }
    return _USUAL[kind]


def build(kind: type[Record], data: dict[str, Any], **replaced: Any) -> Record:
    """Make a record of ``kind`` from the keys it knows; ``replaced`` wins over ``data``."""
    names = _usual(kind).keys()
    if not data.keys() <= names:
        data = {name: data[name] for name in data if name in names}
    return kind(**data | replaced)


def told(record: object) -> dict[str, Any]:
    """Return what of a record is not the default: ``build`` puts the rest back."""
    found = {}
    for name, usual in _usual(type(record)).items():
        value = getattr(record, name)
        if value is not usual and value != usual:
            found[name] = value
    return found


def encode(record: object) -> str:
    """Return what of a record is not the default, as JSON; nothing where that is nothing."""
    found = told(record)
    return dumps(found) if found else ""


# These stand in the job's hash, where scripts need them.
_IN_HASH = frozenset({"id", "scope", "type", "priority", "submitted_by"})
_NO_NAME = {"name": ""}
_NO_PROGRESS, _NO_USAGE = Progress(), Usage()
_STATUSES = {str(status): status for status in Status}


def encode_spec(spec: JobSpec) -> str:
    """Return what of a job never changes and is not the default, as JSON."""
    found = told(spec)
    return dumps({name: found[name] for name in found if name not in _IN_HASH})


def decode_spec(text: str, job_id: str, data: Mapping[str, str]) -> JobSpec:
    """Return the job of ``encode_spec``'s text and the fields of its hash."""
    known = _NO_NAME | orjson.loads(text)
    for name in _PARTS.keys() & known.keys():
        known[name] = _PARTS[name](known[name])
    return build(
        JobSpec,
        known,
        id=job_id,
        scope=Scope.from_key(data["scope"]),
        type=data["shape"].rpartition(".")[0],
        priority=TIERS[int(data["tier"])],
        submitted_by=unquote(data["user"]),
    )


def _notifications(data: dict[str, Any]) -> Notifications:
    recipients = tuple(data.get("email_recipients", ()))
    return build(Notifications, data, email_recipients=recipients)


_PARTS: dict[str, Callable[[Any], Any]] = {
    "resource": partial(build, Resource),
    "notifications": _notifications,
    "requirements": partial(build, Requirements),
    "retry": partial(build, RetryPolicy),
    "dependencies": tuple,
}


def decode_claim(answer: Sequence[Any]) -> Claim:
    """Return the claim that the claim script answered."""
    job_id, epoch, started_ms, lease_until_ms, scope, tier, shape, user, spec = answer
    data = {"scope": scope, "tier": tier, "shape": shape, "user": user}
    return Claim(
        job=decode_spec(spec, job_id, data),
        epoch=epoch,
        attempt=epoch,
        lease_until_ms=lease_until_ms,
        started_ms=started_ms,
    )


def _number(text: str | None) -> int | None:
    return int(float(text)) if text else None


def _record(kind: type[Record], text: str | None) -> Record | None:
    data = orjson.loads(text) if text else None
    return build(kind, data) if data else None


def _cancel(text: str | None) -> CancelRequest | None:
    data = orjson.loads(text) if text else None
    if not data:
        return None
    return CancelRequest(
        by=unquote(data["by"]),
        at_ms=int(data["at_ms"]),
        reason=data.get("reason"),
        force=bool(data.get("force")),
        preserve_partial=bool(data.get("preserve", True)),
    )


def _attempt(text: str) -> Attempt:
    data = orjson.loads(text)
    return build(Attempt, data, logs=tuple(build(LogFile, item) for item in data.get("logs", ())))


def _attempts(data: dict[str, str], texts: list[str]) -> tuple[Attempt, ...]:
    """Return a job's ended attempts; one that completed and left no log is not in the list."""
    found = tuple(_attempt(text) for text in texts)
    epoch = int(data.get("epoch", 0))
    if data["status"] != Status.COMPLETED or (found and found[-1].epoch == epoch):
        return found
    last = Attempt(
        epoch=epoch,
        worker=data["worker"],
        node=data["node"],
        eligible_ms=_number(data.get("eligible")),
        started_ms=int(data["started"]),
        ended_ms=_number(data.get("ended")),
        end=AttemptEnd.COMPLETED,
    )
    return (*found, last)


def decode_job(job_id: str, data: dict[str, str], spec: str, attempts: list[str] | None) -> Job:
    """Return the job of a stored hash, its spec and, where it was read, its list of attempts."""
    return Job(
        spec=decode_spec(spec, job_id, data),
        status=_STATUSES[data["status"]],
        created_ms=int(data["created"]),
        updated_ms=int(data.get("updated", data["created"])),
        eligible_ms=_number(data.get("eligible")),
        epoch=int(data.get("epoch", 0)),
        attempts_used=int(data.get("attempts", 0)),
        lost_attempts=int(data.get("lost", 0)),
        started_ms=_number(data.get("started")),
        ended_ms=_number(data.get("ended")),
        due_ms=_number(data.get("due")),
        worker=data.get("worker"),
        node=data.get("node"),
        progress=_record(Progress, data.get("progress")) or _NO_PROGRESS,
        usage=_record(Usage, data.get("usage")) or _NO_USAGE,
        failure=_record(Failure, data.get("failure")),
        cancel=_cancel(data.get("cancelled") or data.get("cancel")),
        attempts=() if attempts is None else _attempts(data, attempts),
        **_made(data.get("result")),
        retried_as=data.get("retried_as"),
        unmet_dependencies=int(data.get("unmet", 0)) - int("host_waits" in data),
        waits_for_host="host_waits" in data,
        retrying="backoff" in data,
        hold=data.get("hold"),
        held_since_ms=_number(data.get("held_at")),
        waited_ms={name[7:]: int(data[name]) for name in data if name[:7] == "waited:"},
    )


def _made(text: str | None) -> dict[str, Any]:
    """Return what a job has come to, by the names of its fields; most that are read have none."""
    if not text:
        return {}
    result = orjson.loads(text)
    return {
        "artifacts": tuple(build(Artifact, item) for item in result.get("artifacts", ())),
        "summary": result.get("summary") or {},
        "quality": build(Quality, result["quality"]) if result.get("quality") else None,
        "errors": tuple(build(Finding, item) for item in result.get("errors", ())),
        "warnings": tuple(build(Finding, item) for item in result.get("warnings", ())),
        "partial_results": bool(result.get("partial")),
    }
