"""Workers of the Job Management API: to look at, and to delete."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g
from flask.views import MethodView
from marshmallow import EXCLUDE

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.management import examples, schemas
from queueapp.api.management.envelope import failure, success
from queueapp.api.management.rows import host_of, queue_of, queues_of, served_by, worker_row
from queueapp.api.services import services
from queueapp.api.workers import check_fleet_key
from queueapp.domain.api_key import ApiKey, Role
from queueapp.domain.errors import NotFound
from queueapp.domain.fleet import WorkerStatus

NO_SELECTOR = "no selector"

blueprint = ApiBlueprint("Managed workers", __name__, description="The worker processes.")


@blueprint.route("/worker")
class ManagedWorkers(MethodView):
    """The workers of the fleet."""

    @blueprint.operation("queryWorkers", role=Role.VIEWER)
    @blueprint.arguments(schemas.WorkerQuery, location="query", unknown=EXCLUDE)
    @blueprint.response(200, schemas.WorkerRows, example=examples.WORKERS)
    def get(self, query: dict[str, Any]) -> Response:
        """Query the workers

        busy: it runs a job; suspended: it drains; dead: it has not been heard of, listed for ten
        minutes. One that left on purpose is gone at once. Its queues are the common one and those
        of the hosts whose sessions its node holds, which it shares with the node's other workers.
        """
        engine, zone = services().engine, ZoneInfo(services().config.time_zone)
        found = _chosen(engine.store.workers.all(), query, queues_of)
        now_ms = engine.now_ms()
        return success([worker_row(one, key(), now_ms, zone) for one in found])

    @blueprint.operation("deleteWorkers", role=Role.OPERATOR)
    @blueprint.arguments(schemas.WorkerSelector, location="query", unknown=EXCLUDE)
    @blueprint.response(200, schemas.DeletedWorkers, example=examples.DELETED)
    def delete(self, query: dict[str, Any]) -> Response:
        """Delete workers

        With host or the queue of one: those that run its job now. What they run fails with
        WorkerTerminated; jobs that wait for their hosts go to other workers. All are deleted
        in one step, or in several where more than 500 jobs fail by it. Whatever started a worker
        may start another, under a new name. Needs a key that is not bound to a tenant.
        """
        check_fleet_key()
        if all(value is None for value in query.values()):
            return success([], message=NO_SELECTOR, details=[])
        found = services().engine.store.workers.all()
        if query["name"] is not None:
            found = [one for one in found if one.worker.name == query["name"]]
            if not found:
                return failure(404, "There is no such worker.", [])
        else:
            found = _chosen(found, query, served_by)
        gone = _delete([one.worker.name for one in found])
        details = [
            {"worker": name, "status": "stopped", "interrupted_jobs": len(failed)}
            for name, failed in gone.items()
        ]
        return success(list(gone), details=details)


def _chosen(
    workers: list[WorkerStatus],
    query: dict[str, Any],
    queues: Callable[[WorkerStatus, ApiKey], list[str]],
) -> list[WorkerStatus]:
    """Return the workers that the first given selector names."""
    if query["queue"] is not None:
        host = host_of(query["queue"])
        wanted = query["queue"] if host is None else queue_of(host)
        return [one for one in workers if wanted in queues(one, key())]
    if query["node"] is not None:
        name = query["node"]
        return [one for one in workers if name in (one.worker.node.id, one.worker.node.hostname)]
    if query["host"] is not None:
        return [one for one in workers if queue_of(query["host"]) in queues(one, key())]
    return workers


def _delete(names: list[str]) -> dict[str, list[str]]:
    """Delete workers; return those that had not left meanwhile, with the jobs that failed."""
    if not names:
        return {}
    try:
        return services().engine.store.workers.dismiss(
            names,
            by=key().user,
            reason=None,
            keep_ms=services().config.keep_ms,
            request_id=g.request_id,
        )
    except NotFound:
        return {}
