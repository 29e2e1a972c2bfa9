"""Operations on many jobs over HTTP: by a filter, or all that a user has queued."""

from typing import Any
from urllib.parse import quote

from flask import Response
from flask.views import MethodView

from queueapp.api.acts import acting, bound_to
from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import bulk as examples
from queueapp.api.idempotency import once
from queueapp.api.named_jobs import canonical_type
from queueapp.api.responses import answer
from queueapp.api.schemas import bulk as schemas
from queueapp.api.services import base_url, services
from queueapp.api.shown import Row, stamp
from queueapp.api.steering import QUEUE
from queueapp.domain.api_key import Role
from queueapp.domain.bulk import MOVES, STATUSES, Bulk, BulkAction, BulkFilter, BulkState
from queueapp.domain.errors import Forbidden, NotFound, NotYourJob, ValidationFailed
from queueapp.domain.scope import Scope
from queueapp.engine.bulk import drive
from queueapp.store.acting import Receipt
from queueapp.store.answers import Idempotency

blueprint = ApiBlueprint(
    "Bulk", __name__, url_prefix="/api", description="Steer many jobs of a queue at once."
)
OPERATIONS = f"{QUEUE}/bulk"
#: A request waits so long, enough for tens of thousands of jobs; upkeep finishes what is left.
WAIT_S = 8.0


@blueprint.route(OPERATIONS)
class Operations(MethodView):
    """The door for operations on many jobs."""

    @blueprint.operation("bulkJobs", role=Role.SUBMITTER, errors=(409,), idempotent_key=True)
    @blueprint.arguments(schemas.BulkRequest, example=examples.REQUEST)
    @blueprint.response(200, schemas.BulkOperation, example=examples.OPERATION)
    @blueprint.alt_response(
        202,
        schema=schemas.BulkOperation,
        example=examples.GOING_ON,
        description="It goes on by itself; Location shows how far it is",
        success=True,
    )
    def post(self, body: dict[str, Any], scope: Scope) -> Response:
        """Act on all jobs that a filter describes

        The set is fixed first and then acted on, in steps: what is submitted later is not in it,
        and what starts meanwhile is preserved and told. A dry run answers the count, the first
        jobs and a selection, good for 15 minutes, with which the real request acts on exactly
        those. A submitter acts on its own jobs, an operator on anyone's; only an operator moves.
        """
        if body["action"] in MOVES and bound_to() is not None:
            raise Forbidden("Moving many jobs past those of others needs the role operator.")

        def act(idempotency: Idempotency | None) -> tuple[Response, bool]:
            bulk_id, receipt = _begun(scope, body, idempotency)
            bulk = _driven(scope, bulk_id)
            return _told(scope, bulk, _operation(bulk)), receipt.repeated

        return once(scope, act)


def _begun(
    scope: Scope, body: dict[str, Any], idempotency: Idempotency | None
) -> tuple[str, Receipt]:
    """Begin an operation, or let one go on whose jobs were counted before."""
    bulks, action, act = services().engine.store.bulks, body["action"], acting(body["reason"])
    options = {"priority": body["new_priority"], "idempotency": idempotency}
    if body["selection"] is not None:
        return bulks.go(scope, body["selection"], action, act, **options)
    wanted = _wanted(action, body["filter"])
    return bulks.open(scope, action, wanted, act, dry=body["dry_run"], **options)


@blueprint.route(f"{OPERATIONS}/<string:operationId>")
class OneOperation(MethodView):
    """One operation on many jobs."""

    @blueprint.operation("getBulkOperation", role=Role.VIEWER)
    @blueprint.response(200, schemas.BulkOperation, example=examples.OPERATION)
    def get(self, scope: Scope, operation_id: str) -> Response:
        """Get how far an operation on many jobs has come

        Kept for a day after its end, a dry run's for 15 minutes. An operator sees all, others
        their own.
        """
        bulk = services().engine.store.bulks.get(scope, operation_id)
        if bulk.act.by != key().user and not key().role.includes(Role.OPERATOR):
            raise NotFound
        return answer(_operation(bulk))


@blueprint.route(f"{QUEUE}/user/<string:userId>")
class UserJobs(MethodView):
    """What a user has queued."""

    @blueprint.operation("cancelUserJobs", role=Role.SUBMITTER)
    @blueprint.arguments(schemas.UserCancellationQuery, location="query")
    @blueprint.arguments(schemas.UserCancellation, required=False, example=examples.USER)
    @blueprint.response(200, schemas.UserCancelled, example=examples.USER_CANCELLED)
    @blueprint.alt_response(
        202,
        schema=schemas.UserCancelled,
        example=examples.USER_GOING_ON,
        description="It goes on by itself; Location shows how far it is",
        success=True,
    )
    def delete(
        self, query: dict[str, Any], body: dict[str, Any], scope: Scope, user_id: str
    ) -> Response:
        """Cancel a user's queued jobs

        The set is fixed first; what runs already or starts meanwhile is preserved and told.
        Another user's jobs need the role operator. The body may be left out, or be given as
        query parameters.
        """
        if bound_to() not in (None, user_id):
            raise NotYourJob("Cancelling another user's jobs needs the role operator.")
        wishes = {**_split(query), **body}
        types = [canonical_type(name) for name in wishes.get("cancel_job_types") or ()]
        wanted = BulkFilter(
            user=user_id,
            types=tuple(name for name in types if name) or None,
            excluded=tuple(one.lower() for one in wishes.get("exclude_job_ids") or ()),
            tell=True,
        )
        act = acting(wishes.get("reason"))
        bulk_id, _ = services().engine.store.bulks.open(scope, BulkAction.CANCEL, wanted, act)
        bulk = _driven(scope, bulk_id)
        return _told(scope, bulk, _user_cancelled(user_id, bulk))


def _split(query: dict[str, Any]) -> dict[str, Any]:
    lists = ("cancel_job_types", "exclude_job_ids")
    return {
        name: [one for one in value.split(",") if one] if name in lists else value
        for name, value in query.items()
    }


def _wanted(action: BulkAction, given: dict[str, Any]) -> BulkFilter:
    status, allowed = given["status"] or STATUSES[action][0], STATUSES[action]
    if status not in allowed:
        problem = f"The action {action} takes: {', '.join(allowed)}."
        raise ValidationFailed(f"filter/status: {problem}", errors=[("/filter/status", problem)])
    owner, user = bound_to(), given["submitted_by"]
    if owner is not None and user not in (None, owner):
        raise NotYourJob
    ids = given["job_ids"]
    return BulkFilter(
        status=status,
        priority=given["priority"],
        type=canonical_type(given["job_type"]),
        user=user if owner is None else owner,
        job_ids=None if ids is None else tuple(one.lower() for one in ids),
        created_from_ms=given["date_from"],
        created_to_ms=given["date_to"],
    )


def _driven(scope: Scope, bulk_id: str) -> Bulk:
    made = services()
    return drive(
        made.engine.store,
        scope,
        bulk_id,
        keep_ms=made.config.keep_ms,
        retry=made.engine.retry,
        wait_s=WAIT_S,
    )


def _told(scope: Scope, bulk: Bulk, row: Row) -> Response:
    if bulk.over:
        return answer(row)
    tenant, project = quote(scope.tenant, safe=""), quote(scope.project, safe="")
    path = f"/api/{tenant}/{project}/execution/queue/bulk/{bulk.id}"
    return answer(row, 202, {"Location": base_url() + path})


def _names(bulk: Bulk) -> dict[str, str]:
    """Return the names of the jobs that are listed; one that is gone has none."""
    ids = {one.job_id for one in bulk.meant} | {job_id for job_id, _ in bulk.left}
    found = services().engine.store.jobs.get_many(ids)
    return {job.id: job.spec.name for job in found}


def _meant(bulk: Bulk, names: dict[str, str]) -> list[Row]:
    return [
        {
            "jobId": one.job_id,
            "jobName": names.get(one.job_id),
            "priority": one.priority,
            "queuePosition": one.position,
        }
        for one in bulk.meant
    ]


def _left(bulk: Bulk, names: dict[str, str]) -> list[Row]:
    return [
        {"jobId": job_id, "jobName": names.get(job_id), "reason": reason}
        for job_id, reason in bulk.left
    ]


def _operation(bulk: Bulk) -> Row:
    names = _names(bulk)
    counted = bulk.state is BulkState.COUNTED
    return {
        "operationId": bulk.id,
        "action": bulk.action,
        "status": bulk.state,
        "dryRun": bulk.dry,
        "newPriority": bulk.priority,
        "matchedCount": bulk.matched,
        "changedCount": bulk.changed,
        "preservedCount": sum(bulk.kept.values()),
        "jobs": _meant(bulk, names),
        "preservedJobs": _left(bulk, names),
        "selection": bulk.id if counted else None,
        "selectionExpires": stamp(bulk.expires_ms) if counted else None,
        "requestedBy": bulk.act.by,
        "requestedAt": stamp(bulk.begun_ms),
        "completedAt": stamp(bulk.ended_ms),
        "reason": bulk.act.reason,
    }


def _user_cancelled(user_id: str, bulk: Bulk) -> Row:
    names = _names(bulk)
    left = {job_id for job_id, _ in bulk.left}
    # They are cancelled in the order in which they are listed.
    cancelled = [row for row in _meant(bulk, names) if row["jobId"] not in left]
    return {
        "userId": user_id,
        "operationId": bulk.id,
        "status": bulk.state,
        "cancelledJobsCount": bulk.changed,
        "preservedJobsCount": sum(bulk.kept.values()),
        "cancelledJobs": cancelled[: bulk.changed],
        "preservedJobs": _left(bulk, names),
        "cancelledAt": stamp(bulk.ended_ms),
        "cancelledBy": bulk.act.by,
        "reason": bulk.act.reason,
    }
