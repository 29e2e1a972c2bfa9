"""Schedules over HTTP: what is submitted when, and to pause, resume and run it."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from flask import Response, request
from flask.views import MethodView

from queueapp.api.acts import acting
from queueapp.api.auth import key
from queueapp.api.blueprint import IF_MATCH_HEADER, ApiBlueprint
from queueapp.api.datasets import LOCATION
from queueapp.api.examples import schedules as examples
from queueapp.api.idempotency import Work, once
from queueapp.api.job_requests import to_request
from queueapp.api.paging import PageQuery, page_keys
from queueapp.api.responses import answer
from queueapp.api.schedule_answer import run_row, schedule_row, schedule_view
from queueapp.api.schemas import schedules as schemas
from queueapp.api.schemas.audit import DeletionQuery
from queueapp.api.services import address, services
from queueapp.api.workflow_requests import to_workflow
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Forbidden, NotFound, ValidationFailed
from queueapp.domain.schedule import Plan, Schedule
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.schedules import Schedules, SteeredSchedule
from queueapp.store.answers import Idempotency
from queueapp.store.schedules import Versions

blueprint = ApiBlueprint(
    "Schedules",
    __name__,
    url_prefix="/api/<string:tenantId>/<string:projectId>/schedules",
    description="Submit jobs and workflows at times that a cron expression names.",
)
ETAG = {"ETag": {"$ref": "#/components/headers/ETag"}}
IF_MATCH = {
    **IF_MATCH_HEADER,
    "description": "The version that was seen, or * for any; 412 if there is another one now.",
    "example": '"3"',
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "* creates a schedule and replaces none: 412 if there is one.",
    "required": False,
    "schema": {"type": "string", "maxLength": 10},
    "example": "*",
}
_TAGS = re.compile(r'\s*"([^"]{1,40})"\s*(?:,|$)')


def schedules() -> Schedules:
    """Return the verbs on schedules."""
    return Schedules(services().engine)


def _versions() -> Versions:
    """Return the versions that the request allows. Raises: ValidationFailed."""
    none, match = request.headers.get("If-None-Match"), request.headers.get("If-Match")
    if none is not None and none.strip() != "*":
        raise ValidationFailed("If-None-Match can only be *.")
    if none is not None:
        return False
    if match is None:
        return None
    if match.strip() == "*":
        return ["*"]
    if len(match) > 1_000 or _TAGS.sub("", match):
        raise ValidationFailed('If-Match must be * or entity tags such as "3".')
    return _TAGS.findall(match)


def _own(scope: Scope, schedule_id: str) -> Schedule:
    """Return a schedule that the key may change: its user's own, or anyone's for an operator."""
    schedule = schedules().get(scope, schedule_id)
    if schedule.owner != key().user and not key().role.includes(Role.OPERATOR):
        raise Forbidden("Changing another user's schedule needs the role operator.")
    return schedule


def _shown(scope: Scope, schedule: Schedule, status: int = 200) -> Response:
    row = schedule_view(schedules().seen(scope, schedule))
    headers = {"ETag": f'"{schedule.version}"'}
    if status == 201:
        headers["Location"] = address(scope, "schedules", schedule.id)
    return answer(row, status, headers)


@blueprint.route("")
class AllSchedules(MethodView):
    """All schedules of a project."""

    @blueprint.operation("listSchedules", role=Role.VIEWER)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.SchedulePage, example=examples.PAGE)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """List a project's schedules

        Newest first, each with its next fire time.
        """
        found, total = schedules().page(scope, **query)
        rows = [schedule_row(schedule) for schedule in found]
        return answer({"schedules": rows, **page_keys(**query, total=total)})


@blueprint.route("/<string:scheduleId>")
class OneSchedule(MethodView):
    """One schedule."""

    @blueprint.operation("getSchedule", role=Role.VIEWER)
    @blueprint.response(200, schemas.ScheduleView, example=examples.SCHEDULE, headers=ETAG)
    def get(self, scope: Scope, schedule_id: str) -> Response:
        """Get a schedule

        With its next fire times and what became of its newest fires.
        """
        return _shown(scope, schedules().get(scope, schedule_id))

    @blueprint.operation(
        "putSchedule",
        role=Role.SUBMITTER,
        parameters=[IF_MATCH, IF_NONE_MATCH],
    )
    @blueprint.arguments(schemas.ScheduleRequest, example=examples.PUT)
    @blueprint.response(200, schemas.ScheduleView, example=examples.SCHEDULE, headers=ETAG)
    @blueprint.alt_response(
        201,
        schema=schemas.ScheduleView,
        example=examples.SCHEDULE,
        headers={**LOCATION, **ETAG},
        description="A new schedule",
        success=True,
    )
    def put(self, body: dict[str, Any], scope: Scope, schedule_id: str) -> Response:
        """Create or replace a schedule under a chosen id

        201 for a new one, 200 for one that is replaced; the same again changes nothing. What it
        submits is checked now as a submission is. Its jobs are its owner's, who created it.
        Replacing another user's schedule needs the role operator.
        """
        with suppress(NotFound):
            _own(scope, schedule_id)
        done = schedules().put(
            scope,
            schedule_id,
            _plan(body),
            act=acting(),
            paused=body["paused"],
            versions=_versions(),
        )
        return _shown(scope, done.schedule, 201 if done.how == "new" else 200)

    @blueprint.operation("deleteSchedule", role=Role.SUBMITTER, parameters=[IF_MATCH])
    @blueprint.arguments(DeletionQuery, location="query")
    @blueprint.response(204)
    def delete(self, query: dict[str, Any], scope: Scope, schedule_id: str) -> Response:
        """Delete a schedule

        What it has made stays. Deleting another user's schedule needs the role operator.
        """
        _own(scope, schedule_id)
        act, versions = acting(query["reason"]), _versions()
        schedules().delete(scope, schedule_id, act=act, versions=versions)
        return Response(status=204)


def _plan(body: dict[str, Any]) -> Plan:
    sent = orjson.loads(request.get_data())
    single = body["job"] is not None
    return Plan(
        cron=body["cron"].strip(),
        time_zone=body["time_zone"],
        request=to_request(body["job"]) if single else to_workflow(body["workflow"]),
        template=sent["job" if single else "workflow"],
        description=body["description"],
        overlap=str(body["overlap_policy"]),
        catch_up=str(body["catch_up_policy"]),
        catch_up_limit=body["catch_up_limit"],
        catch_up_minutes=body["catch_up_window_minutes"],
        start_ms=body["start_at"],
        end_ms=body["end_at"],
    )


def _steered(
    act: Callable[..., SteeredSchedule], body: dict[str, Any], scope: Scope, schedule_id: str
) -> Work:
    """Return the work of a pause or a resume."""

    def work(idempotency: Idempotency | None) -> tuple[Response, bool]:
        _own(scope, schedule_id)
        who, versions = acting(body["reason"]), _versions()
        done = act(scope, schedule_id, act=who, versions=versions, idempotency=idempotency)
        return _shown(scope, done.schedule), done.repeated

    return work


@blueprint.route("/<string:scheduleId>/pause")
class Pause(MethodView):
    """To let a schedule fire no more."""

    @blueprint.operation(
        "pauseSchedule",
        role=Role.SUBMITTER,
        idempotent_key=True,
        parameters=[IF_MATCH],
    )
    @blueprint.arguments(schemas.ScheduleAction, required=False, example=examples.ACTION)
    @blueprint.response(200, schemas.ScheduleView, example=examples.PAUSED, headers=ETAG)
    def post(self, body: dict[str, Any], scope: Scope, schedule_id: str) -> Response:
        """Pause a schedule

        It fires no more until it is resumed; what would have come is not made up for. Pausing a
        paused one changes nothing. Another user's schedule needs the role operator.
        """
        return once(scope, _steered(schedules().pause, body, scope, schedule_id))


@blueprint.route("/<string:scheduleId>/resume")
class Resume(MethodView):
    """To let a schedule fire again."""

    @blueprint.operation(
        "resumeSchedule",
        role=Role.SUBMITTER,
        idempotent_key=True,
        parameters=[IF_MATCH],
    )
    @blueprint.arguments(schemas.ScheduleAction, required=False, example=examples.ACTION)
    @blueprint.response(200, schemas.ScheduleView, example=examples.SCHEDULE, headers=ETAG)
    def post(self, body: dict[str, Any], scope: Scope, schedule_id: str) -> Response:
        """Resume a schedule

        It fires again from its next moment on. Resuming one that is not paused changes nothing.
        Another user's schedule needs the role operator.
        """
        return once(scope, _steered(schedules().resume, body, scope, schedule_id))


@blueprint.route("/<string:scheduleId>/run")
class RunNow(MethodView):
    """To submit at once what a schedule makes."""

    @blueprint.operation(
        "runSchedule",
        role=Role.SUBMITTER,
        errors=(409,),
        idempotent_key=True,
    )
    @blueprint.arguments(schemas.ScheduleAction, required=False, example=examples.ACTION)
    @blueprint.response(202, schemas.ScheduleRun, example=examples.RUN, headers={**LOCATION})
    def post(self, body: dict[str, Any], scope: Scope, schedule_id: str) -> Response:
        """Run a schedule now

        Submits what it makes, beside whatever else of it runs and also while it is paused. Its
        next fire time stays. Another user's schedule needs the role operator.
        """

        def run(idempotency: Idempotency | None) -> tuple[Response, bool]:
            _own(scope, schedule_id)
            act = acting(body["reason"])
            done = schedules().run_now(scope, schedule_id, act=act, idempotency=idempotency)
            made_id = done.run.job_id or done.run.workflow_id or ""
            kind = "job" if done.run.job_id else "workflow"
            location = {"Location": address(scope, "execution", kind, made_id)}
            return answer(run_row(done.run, {made_id: Status.QUEUED}), 202, location), done.repeated

        return once(scope, run)
