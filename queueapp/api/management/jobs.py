"""Jobs of the Job Management API: to look at, and to cancel while they are queued."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from flask.views import MethodView
from marshmallow import EXCLUDE

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.management import examples, schemas
from queueapp.api.management.envelope import failure, success
from queueapp.api.management.rows import FIFO, STATUSES, host_of, job_row
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store.coverage import Covered, CoveredPage

NOTHING = CoveredPage([], 0)
TOTAL_HEADER = "X-Total-Count"

blueprint = ApiBlueprint("Managed jobs", __name__, description="The jobs that the key covers.")


@blueprint.route("/job")
class ManagedJobs(MethodView):
    """Jobs across all scopes of the key."""

    @blueprint.operation("queryJobs", role=Role.VIEWER)
    @blueprint.arguments(schemas.JobQuery, location="query", unknown=EXCLUDE)
    @blueprint.response(200, schemas.JobList, example=examples.JOBS)
    def get(self, query: dict[str, Any]) -> Response:
        """Query jobs and their results

        Newest first; without a filter all that the key covers. `X-Total-Count` has the number of
        all matches, where counting them is cheap.
        """
        zone = ZoneInfo(services().config.time_zone)
        if query["id"] is not None:
            job = services().engine.store.coverage.find(_scopes(), query["id"])
            if job is None:
                return failure(404, "There is no such job.", [])
            return success([job_row(job, zone)])
        page = _page(query)
        response = success([job_row(job, zone) for job in page.jobs])
        if page.total is not None:
            response.headers[TOTAL_HEADER] = str(page.total)
        return response


def _scopes() -> list[Scope]:
    return services().engine.store.coverage.scopes(key().tenant, key().project)


def _page(query: dict[str, Any]) -> CoveredPage:
    coverage = services().engine.store.coverage
    span = {"offset": query["offset"], "limit": query["limit"]}
    status = STATUSES[query["status"]] if query["status"] is not None else None
    if query["queue"] is not None:
        wanted = of_queue(query["queue"], status)
        return NOTHING if wanted is None else coverage.page(_scopes(), wanted, **span)
    if query["node"] is not None:
        node = node_named(query["node"])
        wanted = Covered(status=status, node=node)
        return NOTHING if node is None else coverage.page(_scopes(), wanted, **span)
    return coverage.page(_scopes(), Covered(status=status, host=query["host"]), **span)


def of_queue(queue: str, status: Status | None) -> Covered | None:
    """Return what a queue's name stands for; None for a queue that cannot be."""
    if queue == FIFO:
        return Covered(status=status, pinned=False)
    host = host_of(queue)
    return None if host is None else Covered(status=status, host=host)


def node_named(name: str) -> str | None:
    """Return the id of the node with this id, or of the newest with this host name."""
    engine = services().engine
    nodes = engine.store.fleet.nodes(now_ms=engine.now_ms())
    by_id = [node for node in nodes if node.node.id == name]
    by_hostname = [node for node in nodes if node.node.hostname == name]
    found = by_id or sorted(by_hostname, key=lambda node: -node.last_heartbeat_ms)
    return found[0].node.id if found else None
