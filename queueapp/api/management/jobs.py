"""Jobs of the Job Management API: to look at, and to cancel while they are queued."""

import time
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from flask.views import MethodView
from marshmallow import EXCLUDE

from queueapp.api.acts import acting, bound_to
from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.management import examples, schemas
from queueapp.api.management.envelope import failure, success
from queueapp.api.management.rows import FIFO, STATUSES, WORDS, host_of, job_row
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.bulk import BulkAction, BulkFilter
from queueapp.domain.errors import NotYourJob
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.bulk import drive
from queueapp.store.coverage import Covered, CoveredPage

NOTHING = CoveredPage([], 0)
TOTAL_HEADER = "X-Total-Count"
NO_SELECTOR = "no selector"
BATCH = 500
MOST_CANCELLED = 1_000_000
PATIENCE_S = 20.0

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

    @blueprint.operation("cancelJobs", role=Role.SUBMITTER, errors=(409,))
    @blueprint.arguments(schemas.JobSelector, location="query", unknown=EXCLUDE)
    @blueprint.response(200, schemas.CancelledJobs, example=examples.CANCELLED)
    def delete(self, query: dict[str, Any]) -> Response:
        """Cancel queued jobs

        What runs already or starts meanwhile is left alone. Without a selector nothing happens.
        Other users' jobs need the role operator. A very long queue may need several calls: each
        works for at most twenty seconds and says what it did.
        """
        if query["id"] is not None:
            return _cancel_one(query["id"])
        wanted = None
        if query["queue"] is not None:
            wanted = of_queue(query["queue"], Status.QUEUED)
        elif query["host"] is not None:
            wanted = Covered(status=Status.QUEUED, host=query["host"])
        else:
            return _cancelled([], NO_SELECTOR)
        return _cancelled(cancel_all(_scopes(), wanted) if wanted is not None else [])


def _cancel_one(job_id: str) -> Response:
    job = services().engine.store.coverage.find(_scopes(), job_id)
    if job is None:
        return failure(404, "There is no such job.", [])
    if bound_to() not in (None, job.spec.submitted_by):
        raise NotYourJob
    ids = _cancel(job.spec.scope, [job.id])
    if ids:
        return _cancelled(ids)
    now = WORDS[services().engine.job(job.spec.scope, job.id).status]
    return failure(409, f"The job is not queued any more: it is {now}.", [])


def cancel_all(scopes: list[Scope], wanted: Covered) -> list[str]:
    """Cancel all queued jobs of the scopes that ``wanted`` describes; return their ids."""
    deadline = time.monotonic() + PATIENCE_S
    ids: list[str] = []
    for scope in scopes:
        found = services().engine.store.coverage.ids(scope, wanted)
        # All are named before the first is cancelled: what is cancelled leaves the index.
        queued = list(islice(found, MOST_CANCELLED))
        for start in range(0, len(queued), BATCH):
            if time.monotonic() > deadline:
                return ids
            ids += _cancel(scope, queued[start : start + BATCH])
    return ids


def _cancel(scope: Scope, ids: list[str]) -> list[str]:
    """Cancel those of the jobs that are still queued, in one operation, and return them."""
    engine = services().engine
    wanted = BulkFilter(user=bound_to(), job_ids=tuple(ids))
    bulk_id, _ = engine.store.bulks.open(scope, BulkAction.CANCEL, wanted, acting(None))
    bulk = drive(
        engine.store,
        scope,
        bulk_id,
        keep_ms=services().config.keep_ms,
        retry=engine.retry,
        wait_s=PATIENCE_S,
    )
    left = {job_id for job_id, _ in bulk.left}
    return [one.job_id for one in bulk.meant if one.job_id not in left]


def _cancelled(ids: list[str], message: str = "success") -> Response:
    return success({"cancelled_count": len(ids), "cancelled_jobs": ids}, message=message)


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
        return coverage.page(_scopes(), *of_node(query["node"], status), **span)
    return coverage.page(_scopes(), Covered(status=status, host=query["host"]), **span)


def of_queue(queue: str, status: Status | None) -> Covered | None:
    """Return what a queue's name stands for; None for a queue that cannot be."""
    if queue == FIFO:
        return Covered(status=status, pinned=False)
    host = host_of(queue)
    return None if host is None else Covered(status=status, host=host)


def of_node(name: str, status: Status | None) -> list[Covered]:
    """Return what a node ran or runs, and what is queued for hosts whose sessions it holds.

    It is called by its id or by its host name, which several may have.
    """
    engine = services().engine
    nodes = engine.store.nodes.all(now_ms=engine.now_ms())
    named = {name, *(one.node.id for one in nodes if one.node.hostname == name)}
    found = [Covered(status=status, node=node) for node in sorted(named)]
    if status in (None, Status.QUEUED):
        workers = engine.store.workers.all()
        held = {one for worker in workers if worker.worker.node.id in named for one in worker.held}
        found += [
            Covered(status=Status.QUEUED, host=one.host, pinned=True, scope=one.scope)
            for one in held
        ]
    return found
