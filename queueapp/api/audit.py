"""The audit trail over HTTP."""

from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import audit as examples
from queueapp.api.responses import answer
from queueapp.api.schemas import camel
from queueapp.api.schemas.audit import AuditQuery, AuditTrail
from queueapp.api.services import services
from queueapp.api.shown import stamp
from queueapp.api.workers import check_fleet_key
from queueapp.domain.api_key import Role
from queueapp.domain.audit import AuditEntry
from queueapp.domain.scope import FLEET, Scope
from queueapp.store.audit import AuditFilter

blueprint = ApiBlueprint(
    "Audit", __name__, url_prefix="/api", description="Who did what, when and why."
)


@blueprint.route("/<string:tenantId>/<string:projectId>/execution/audit")
class Trail(MethodView):
    """What was done in a project."""

    @blueprint.operation("listAudit", role=Role.VIEWER)
    @blueprint.arguments(AuditQuery, location="query")
    @blueprint.response(200, AuditTrail, example=examples.TRAIL)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """List what was done in a project

        Newest first: the last 90 days, at most the newest 100,000 actions. Submissions are not
        among them. An operator sees all; others see what they did themselves and what was done
        to their own jobs. Where few entries fit the filters, a page may end early; next goes on.
        """
        return _trail(scope, query)


@blueprint.route("/audit")
class FleetTrail(MethodView):
    """What was done to workers, keys and limits."""

    @blueprint.operation("listFleetAudit", role=Role.OPERATOR)
    @blueprint.arguments(AuditQuery, location="query")
    @blueprint.response(200, AuditTrail, example=examples.FLEET_TRAIL)
    def get(self, query: dict[str, Any]) -> Response:
        """List what was done to workers, keys and limits

        Newest first: the last 90 days, at most the newest 100,000 actions. It needs a key that is
        bound to no tenant. What was done at the command line names the system's user.
        """
        check_fleet_key()
        return _trail(FLEET, query)


def _trail(scope: Scope, query: dict[str, Any]) -> Response:
    wanted = AuditFilter(
        action=query["action"],
        by=query["user"],
        job_id=query["job_id"],
        concerning=None if key().role.includes(Role.OPERATOR) else key().user,
        from_ms=query["date_from"],
        to_ms=query["date_to"],
    )
    page = services().engine.store.audit.page(
        scope, wanted, before=query["after"], limit=query["limit"]
    )
    return answer(
        {
            "entries": [_row(entry) for entry in page.entries],
            "limit": query["limit"],
            "hasMore": page.following is not None,
            "next": page.following,
        }
    )


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "timestamp": stamp(entry.at_ms),
        "timestampMs": entry.at_ms,
        "user": entry.by,
        "action": entry.action,
        "reason": entry.reason,
        "requestId": entry.request_id,
        "jobId": entry.job_id,
        "jobOwner": entry.owner,
        "before": _spelled(entry.before),
        "after": _spelled(entry.after),
        "facts": _spelled(entry.facts),
    }


def _spelled(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if facts is None else {camel(name): value for name, value in facts.items()}
