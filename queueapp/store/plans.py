"""Schedules as the store keeps them, made records again: what is submitted, and when."""

from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.domain.job import JobRequest, Notifications, Resource
from queueapp.domain.queue import Priority
from queueapp.domain.schedule import Plan, Run, Schedule
from queueapp.domain.workflow import StepRequest, WorkflowRequest
from queueapp.store.codec import build


def decoded(schedule_id: str, data: dict[str, str], runs: list[str]) -> Schedule:
    """Return a schedule from its hash and its newest runs, as the server has them."""
    pause: dict[str, Any] = orjson.loads(data.get("paused", "{}"))
    active: Any = orjson.loads(data.get("active", "[]"))
    return Schedule(
        id=schedule_id,
        plan=_plan(orjson.loads(data["record"])),
        owner=unquote(data["owner"]),
        created_ms=int(data["created"]),
        updated_ms=int(data["updated"]),
        version=int(data["version"]),
        paused="paused" in data,
        paused_by=unquote(pause["by"]) if "by" in pause else None,
        paused_reason=pause.get("reason"),
        next_ms=int(data["next"]) if "next" in data else None,
        waiting_ms=int(data["waiting"]) if "waiting" in data else None,
        active=tuple(active),
        runs=tuple(build(Run, orjson.loads(text)) for text in runs),
    )


def _plan(data: dict[str, Any]) -> Plan:
    request = data["request"]
    made = _workflow(request) if "steps" in request else _job(request)
    return build(Plan, data, request=made)


def _workflow(data: dict[str, Any]) -> WorkflowRequest:
    steps = tuple(
        StepRequest(one["name"], _job(one["request"]), tuple(one["depends_on"]))
        for one in data["steps"]
    )
    return build(WorkflowRequest, data, steps=steps)


def _job(data: dict[str, Any]) -> JobRequest:
    resource, wishes = data.get("resource"), data.get("notifications") or {}
    recipients = tuple(wishes.get("email_recipients", ()))
    return build(
        JobRequest,
        data,
        resource=build(Resource, resource) if resource else None,
        priority=Priority(data["priority"]),
        notifications=build(Notifications, wishes, email_recipients=recipients),
        dependencies=tuple(data.get("dependencies", ())),
    )
