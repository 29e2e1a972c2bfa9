"""Workers over HTTP: who there is, and to drain or restart one.

The fleet is shared, so its load is everybody's knowledge; jobs and hosts are shown only to keys
that cover them, and only keys that are bound to no tenant may steer it.
"""

import time
from dataclasses import replace
from typing import Any

from flask import Response, g
from flask.views import MethodView

from queueapp.api.acts import acting
from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import workers as examples
from queueapp.api.idempotency import once
from queueapp.api.paging import PageQuery, page_keys
from queueapp.api.responses import answer
from queueapp.api.schemas.workers import (
    DrainRequest,
    UndrainRequest,
    WaitQuery,
    WorkerPage,
    WorkerView,
)
from queueapp.api.services import services
from queueapp.domain.api_key import ApiKey, Role
from queueapp.domain.errors import Forbidden, NotFound
from queueapp.domain.fleet import Drain, Occupation, WorkerStatus
from queueapp.domain.scope import FLEET
from queueapp.domain.text import size, timestamp
from queueapp.store.answers import Idempotency

POLL_S = 0.2
MINUTE_MS = 60_000

blueprint = ApiBlueprint(
    "Workers",
    __name__,
    url_prefix="/api/workers",
    description="The worker processes, and to drain or restart them.",
)


def check_fleet_key() -> None:
    """Refuse keys that are bound to a tenant: workers serve all of them. Raises: Forbidden."""
    if key().tenant is not None:
        raise Forbidden("This needs a key that is not bound to a tenant: workers serve all.")


@blueprint.route("")
class WorkerList(MethodView):
    """All workers."""

    @blueprint.operation("listWorkers", role=Role.VIEWER)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, WorkerPage, example=examples.PAGE)
    def get(self, query: dict[str, Any]) -> Response:
        """List the workers

        By birth; a worker that died is listed as dead for ten minutes, one that left on purpose
        is gone at once.
        """
        engine = services().engine
        found, now_ms = engine.store.workers.all(), engine.now_ms()
        first = (query["page"] - 1) * query["page_size"]
        shown = found[first : first + query["page_size"]]
        rows = [worker_row(one, key(), now_ms) for one in shown]
        return answer({"workers": rows, **page_keys(**query, total=len(found))})


@blueprint.route("/<string:workerName>")
class OneWorker(MethodView):
    """One worker."""

    @blueprint.operation("getWorker", role=Role.VIEWER)
    @blueprint.response(200, WorkerView, example=examples.WORKER)
    def get(self, worker_name: str) -> Response:
        """Get a worker"""
        return _shown(worker_name)


@blueprint.route("/<string:workerName>/drain")
class DrainWorker(MethodView):
    """A worker's drain."""

    @blueprint.operation("drainWorker", role=Role.OPERATOR, idempotent_key=True)
    @blueprint.arguments(DrainRequest, required=False, example=examples.DRAIN)
    @blueprint.arguments(WaitQuery, location="query")
    @blueprint.response(200, WorkerView, example=examples.DRAINING)
    def post(
        self, body: dict[str, Any] | None, query: dict[str, Any], worker_name: str
    ) -> Response:
        """Let a worker take no further job

        What it runs goes on; after the deadline, if one is given, it is given back to the queue
        without counting as an attempt. With `wait` the answer comes when the worker is empty, or
        after these seconds: `runningJobs` tells which. Draining again replaces the deadline.
        """
        return _drained(worker_name, body or {}, wait_s=query["wait"], restart=False)


@blueprint.route("/<string:workerName>/undrain")
class UndrainWorker(MethodView):
    """The end of a worker's drain."""

    @blueprint.operation("undrainWorker", role=Role.OPERATOR, idempotent_key=True)
    @blueprint.arguments(UndrainRequest, required=False, example=examples.UNDRAIN)
    @blueprint.response(200, WorkerView, example=examples.WORKER)
    def post(self, body: dict[str, Any] | None, worker_name: str) -> Response:
        """Let a draining worker take jobs again

        One that does not drain stays as it is.
        """
        check_fleet_key()
        act = acting((body or {}).get("reason"))

        def undrain(idempotency: Idempotency | None) -> tuple[Response, bool]:
            workers = services().engine.store.workers
            receipt = workers.undrain(worker_name, act=act, idempotency=idempotency)
            return _shown(worker_name), receipt.repeated

        return once(FLEET, undrain)


@blueprint.route("/<string:workerName>/restart")
class RestartWorker(MethodView):
    """A worker's restart."""

    @blueprint.operation("restartWorker", role=Role.OPERATOR, idempotent_key=True)
    @blueprint.arguments(DrainRequest, required=False, example=examples.DRAIN)
    @blueprint.arguments(WaitQuery, location="query")
    @blueprint.response(200, WorkerView, example=examples.DRAINING)
    def post(
        self, body: dict[str, Any] | None, query: dict[str, Any], worker_name: str
    ) -> Response:
        """Restart a worker once it is empty

        It drains, then its process ends, and whatever started it starts another, under a new
        name.
        """
        return _drained(worker_name, body or {}, wait_s=query["wait"], restart=True)


def _drained(name: str, body: dict[str, Any], *, wait_s: int, restart: bool) -> Response:
    check_fleet_key()

    def drain(idempotency: Idempotency | None) -> tuple[Response, bool]:
        engine = services().engine
        minutes = body.get("deadline_minutes")
        receipt = engine.store.workers.drain(
            name,
            by=key().user,
            reason=body.get("reason"),
            until_ms=None if minutes is None else engine.now_ms() + minutes * MINUTE_MS,
            restart=restart,
            request_id=g.request_id,
            idempotency=idempotency,
        )
        return _emptied(name, wait_s), receipt.repeated

    return once(FLEET, drain)


def _emptied(name: str, wait_s: int) -> Response:
    """Show a worker when it is empty, or as it is after so long."""
    engine, deadline = services().engine, time.monotonic() + wait_s
    shown = engine.store.workers.get(name)
    while shown.jobs and time.monotonic() < deadline:
        time.sleep(POLL_S)
        shown = _known(name) or replace(shown, jobs=())
    return answer(worker_row(shown, key(), engine.now_ms()))


def _known(name: str) -> WorkerStatus | None:
    """Return a worker, or None once it has restarted."""
    try:
        return services().engine.store.workers.get(name)
    except NotFound:
        return None


def _shown(name: str) -> Response:
    engine = services().engine
    return answer(worker_row(engine.store.workers.get(name), key(), engine.now_ms()))


def worker_row(status: WorkerStatus, viewer: ApiKey, now_ms: int) -> dict[str, Any]:
    """Return a worker as ``viewer`` may see it: jobs that his key covers, the load of all."""
    worker = status.worker
    return {
        "name": worker.name,
        "status": str(status.state(now_ms)),
        "nodeId": worker.node.id,
        "hostname": worker.node.hostname,
        "pid": worker.pid,
        "version": worker.version,
        "slots": worker.slots,
        "runningJobs": len(status.jobs),
        "jobs": [_job_row(job) for job in status.jobs if viewer.covers(job.scope)],
        "hosts": sorted(one.host for one in status.held if viewer.covers(one.scope)),
        "jobTypes": list(status.types),
        "freeCpuUnits": max(0, status.free_cpu_units),
        "freeMemory": size(max(0, status.free_memory_mb) << 20),
        "freeMemoryMb": max(0, status.free_memory_mb),
        "bornAt": timestamp(worker.born_ms),
        "lastHeartbeat": timestamp(status.heartbeat_ms),
        "lastPoll": timestamp(status.polled_ms),
        "successfulJobs": status.succeeded,
        "failedJobs": status.failed,
        "drain": status.drain and _drain_row(status.drain),
    }


def _job_row(job: Occupation) -> dict[str, Any]:
    return {
        "jobId": job.job_id,
        "tenantId": job.scope.tenant,
        "projectId": job.scope.project,
        "host": job.host,
        "startTime": timestamp(job.started_ms),
    }


def _drain_row(drain: Drain) -> dict[str, Any]:
    return {
        "requestedBy": drain.by,
        "requestedAt": timestamp(drain.at_ms),
        "reason": drain.reason,
        "deadline": None if drain.until_ms is None else timestamp(drain.until_ms),
        "restart": drain.restart,
    }
