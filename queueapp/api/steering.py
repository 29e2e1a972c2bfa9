"""Steering a queue over HTTP: a job's priority and position, pause and resume."""

import math
from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.acts import acting, bound_to
from queueapp.api.auth import key
from queueapp.api.blueprint import IF_MATCH_HEADER, ApiBlueprint
from queueapp.api.examples import steering as examples
from queueapp.api.idempotency import once
from queueapp.api.named_jobs import known_job
from queueapp.api.responses import answer
from queueapp.api.schemas import steering as schemas
from queueapp.api.schemas.enums import ControlAction, QueueState
from queueapp.api.services import services
from queueapp.api.shown import stamp
from queueapp.api.versions import ETAG, given_versions, stale, tier_tag
from queueapp.domain import text
from queueapp.domain.api_key import Role
from queueapp.domain.errors import ValidationFailed, VersionStale
from queueapp.domain.scope import Scope
from queueapp.engine.steering import Shift
from queueapp.store.answers import Idempotency, Moved, Reprioritised
from queueapp.store.pauses import WHOLE_SCOPE, Steered

blueprint = ApiBlueprint(
    "Steering",
    __name__,
    url_prefix="/api",
    description="Change the order of a queue, pause and resume it.",
)
blueprint.errorhandler(VersionStale)(stale)
QUEUE = "/<string:tenantId>/<string:projectId>/execution/queue"
QUEUED_JOB = f"{QUEUE}/job/<string:jobId>"
MINUTE_MS = 60_000


@blueprint.route(f"{QUEUED_JOB}/priority")
class JobPriority(MethodView):
    """The tier of a queued job."""

    @blueprint.operation(
        "changeJobPriority",
        role=Role.SUBMITTER,
        errors=(409,),
        idempotent_key=True,
        parameters=[IF_MATCH_HEADER],
    )
    @blueprint.arguments(schemas.PriorityChange, example=examples.PRIORITY)
    @blueprint.response(
        200, schemas.PriorityChanged, example=examples.PRIORITY_CHANGED, headers=ETAG
    )
    def put(self, body: dict[str, Any], scope: Scope, job_id: str) -> Response:
        """Change a queued job's priority

        The job takes the place of its own submission in the new tier. The same priority again
        moves nothing. A submitter may change its own jobs, an operator anyone's.
        """

        def change(idempotency: Idempotency | None) -> tuple[Response, bool]:
            shift = services().engine.steering.reprioritise(
                known_job(scope, job_id),
                body["new_priority"],
                act=acting(body["reason"]),
                seen=given_versions(),
                owner=bound_to(),
                idempotency=idempotency,
            )
            return _changed(job_id, shift, body), shift.change.repeated

        return once(scope, change)


@blueprint.route(f"{QUEUED_JOB}/position")
class JobPosition(MethodView):
    """The place of a queued job in its tier."""

    @blueprint.operation(
        "moveJob",
        role=Role.SUBMITTER,
        errors=(409,),
        idempotent_key=True,
        parameters=[IF_MATCH_HEADER],
    )
    @blueprint.arguments(schemas.PositionChange, example=examples.POSITION)
    @blueprint.response(
        200, schemas.PositionChanged, example=examples.POSITION_CHANGED, headers=ETAG
    )
    def put(self, body: dict[str, Any], scope: Scope, job_id: str) -> Response:
        """Move a queued job within its priority

        An operator moves anyone's job anywhere in its tier. A submitter's jobs change places
        among themselves: everybody else's stay where they are.
        """

        def move(idempotency: Idempotency | None) -> tuple[Response, bool]:
            shift = services().engine.steering.move(
                known_job(scope, job_id),
                act=acting(body["reason"]),
                position=body["new_position"],
                before=body["before_job_id"],
                seen=given_versions(),
                clip=not body["respect_priority_boundaries"],
                owner=bound_to(),
                idempotency=idempotency,
            )
            moved = shift.change
            row = {**_moved(job_id, moved), **_affected(shift), **_update(shift, body["reason"])}
            tag = tier_tag(moved.priority, moved.version)
            return answer(row, headers={"ETag": tag}), moved.repeated

        return once(scope, move)


def _changed(job_id: str, shift: Shift[Reprioritised], body: dict[str, Any]) -> Response:
    changed, priority = shift.change, body["new_priority"]
    row = {
        "jobId": job_id.lower(),
        "previousPriority": changed.priority_before,
        "newPriority": priority,
        "previousQueuePosition": changed.overall_before,
        "newQueuePosition": changed.overall,
        "previousPosition": changed.overall_before,
        "tierPosition": changed.position,
        **_update(shift, body["reason"]),
    }
    return answer(row, headers={"ETag": tier_tag(priority, changed.version)})


def _moved(job_id: str, moved: Moved) -> dict[str, Any]:
    return {
        "jobId": job_id.lower(),
        "priority": moved.priority,
        "previousPosition": moved.position_before,
        "newPosition": moved.position,
        "previousOverallPosition": moved.overall_before,
        "newOverallPosition": moved.overall,
    }


def _affected(shift: Shift[Moved]) -> dict[str, Any]:
    rows = [
        {
            "jobId": one.job_id,
            "newPosition": one.position,
            "newEstimatedStart": stamp(one.start_ms),
        }
        for one in shift.affected
    ]
    return {"affectedJobs": rows, "affectedJobsCount": shift.change.affected_count}


def _update(shift: Shift[Moved] | Shift[Reprioritised], reason: str | None) -> dict[str, Any]:
    was, now = shift.start_before_ms, shift.start_ms
    saved = 0 if was is None or now is None else was - now
    return {
        "previousEstimatedStart": stamp(was),
        "newEstimatedStart": stamp(now),
        "timeSaved": text.saved(saved),
        "updatedBy": key().user,
        "updateTime": stamp(shift.change.at_ms),
        "reason": reason,
        "version": shift.change.version,
    }


@blueprint.route(f"{QUEUE}/control")
class Control(MethodView):
    """Whether a project's jobs may start."""

    @blueprint.operation(
        "controlQueue",
        role=Role.OPERATOR,
        idempotent_key=True,
    )
    @blueprint.arguments(schemas.QueueControl, example=examples.PAUSE)
    @blueprint.response(200, schemas.QueueControlled, example=examples.PAUSED)
    def post(self, body: dict[str, Any], scope: Scope) -> Response:
        """Pause or resume a project's queue

        Nothing starts once a pause was answered. It ends at its time even if everything was
        restarted meanwhile. Pausing again replaces all but the first time; resuming what is not
        paused changes nothing.
        """

        def control(idempotency: Idempotency | None) -> tuple[Response, bool]:
            job_type = body["job_type"]
            kind = services().engine.catalogue.named(job_type).name if job_type else WHOLE_SCOPE
            done = _steered(scope, kind, body, idempotency)
            return answer(_controlled(done, kind, body)), done.repeated

        return once(scope, control)


def _steered(
    scope: Scope, kind: str, body: dict[str, Any], idempotency: Idempotency | None
) -> Steered:
    act, steering = acting(body["reason"]), services().engine.steering
    if body["action"] is ControlAction.RESUME:
        return steering.resume(scope, kind=kind, act=act, idempotency=idempotency)
    until, minutes = _end(body), body["duration"]
    return steering.pause(
        scope,
        kind=kind,
        act=act,
        until_ms=until,
        duration_ms=minutes and minutes * MINUTE_MS,
        recall=not body["allow_running_jobs_to_complete"],
        idempotency=idempotency,
    )


def _end(body: dict[str, Any]) -> int | None:
    until: int | None = body["scheduled_resume"]
    if until is not None and until <= services().engine.now_ms():
        problem = "It lies in the past."
        raise ValidationFailed(
            f"scheduledResume: {problem}", errors=[("/scheduledResume", problem)]
        )
    return until


def _controlled(done: Steered, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    pauses, pause = body["action"] is ControlAction.PAUSE, done.pause
    until = pause.until_ms if pause and pauses else None
    delay = None if until is None else math.ceil((until - done.at_ms) / MINUTE_MS)
    return {
        "action": body["action"],
        "status": QueueState.PAUSED if pauses else QueueState.ACTIVE,
        "jobType": None if kind == WHOLE_SCOPE else kind,
        "pausedAt": stamp(pause.at_ms) if pause else None,
        "pausedBy": pause.by if pause else None,
        "resumedAt": None if pauses else stamp(done.at_ms),
        "resumedBy": None if pauses else key().user,
        "scheduledResume": stamp(until),
        "affectedJobs": done.queued,
        "runningJobsCount": done.running,
        "estimatedDelayMinutes": delay if pauses else 0,
        "reason": body["reason"],
    }
