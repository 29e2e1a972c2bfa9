"""Devices of the Job Management API: jobs for one, for many, and a try of the connection.

Credentials are sealed before anything is stored; no answer has them, and no repeat is recognised
by a digest of them alone.
"""

import hmac
import threading
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request
from flask.views import MethodView

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.idempotency import given_idempotency, once, remember, replayed
from queueapp.api.management import device_schemas as schemas
from queueapp.api.management import examples
from queueapp.api.management.device_orders import order_of, test_order
from queueapp.api.management.envelope import created, success
from queueapp.api.management.rows import error_of, job_row, seconds
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Forbidden, QueueappError, Unavailable, ValidationFailed
from queueapp.domain.job import Job
from queueapp.domain.scope import ID_RULE, Scope, valid_id
from queueapp.domain.states import Status
from queueapp.engine.devices import NO_WORKER, Devices

DEFAULT = "default"
# A request holds a thread of the web server for so long at the most.
TEST_WAIT_S = 25.0
# Each holds a thread while it waits; others must be left for everything else.
TESTS_AT_ONCE = 8
TOO_SLOW = {"type": "DeviceTimeout", "message": f"There was no answer within {TEST_WAIT_S:g} s."}
Body = dict[str, Any]

_testing = threading.BoundedSemaphore(TESTS_AT_ONCE)
blueprint = ApiBlueprint("Managed devices", __name__, description="Jobs for network devices.")


@blueprint.route("/device/exec")
class DeviceExec(MethodView):
    """The door for one device."""

    @blueprint.operation(
        "execOnDevice", role=Role.SUBMITTER, errors=(409, 413, 415, 422), idempotent_key=True
    )
    @blueprint.arguments(schemas.DeviceRequest, example=examples.DEVICE_REQUEST)
    @blueprint.response(201, schemas.SubmittedDeviceJob, example=examples.DEVICE_JOB)
    def post(self, body: Body) -> Response:
        """Send commands or configuration to a device

        A job is made, which a worker runs when it is its turn; GET /job tells its end. It is
        attempted once: should its worker die, nothing is sent again. The job goes to the key's
        project, else to that of X-Tenant-Id and X-Project-Id, else to default.
        """
        scope, order = _scope(), order_of(body, body["connection_args"])
        devices = _devices()
        devices.check_offered()
        idempotency = given_idempotency(_shut_body())
        receipt = devices.submit(
            scope, order, by=key().user, idempotency=idempotency, request_id=g.request_id
        )
        if receipt.answer:
            return replayed(receipt.answer)
        job = services().engine.job(scope, receipt.job_id)
        return remember(scope, idempotency, created(job_row(job, _zone()), query=f"?id={job.id}"))


@blueprint.route("/device/bulk")
class DeviceBulk(MethodView):
    """The door for many devices."""

    @blueprint.operation(
        "execOnDevices", role=Role.SUBMITTER, errors=(409, 413, 415, 422), idempotent_key=True
    )
    @blueprint.arguments(schemas.BulkDeviceRequest, example=examples.DEVICES_REQUEST)
    @blueprint.response(201, schemas.SubmittedDeviceJobs, example=examples.DEVICE_JOBS)
    def post(self, body: Body) -> Response:
        """Send commands or configuration to many devices

        A job is made for each device; `failed` says for which none could be made, and why. What
        a device has of its own goes before what is common.
        """
        scope = _scope()
        if not body["devices"]:
            return created(None)
        _devices().check_offered()
        return once(scope, lambda: _submit_all(scope, body), body=_shut_body())


@blueprint.route("/device/test")
class DeviceTest(MethodView):
    """A try of a connection."""

    @blueprint.operation(
        "testDevice", role=Role.SUBMITTER, errors=(409, 413, 415, 422), idempotent_key=True
    )
    @blueprint.arguments(schemas.DeviceTestRequest, example=examples.DEVICE_TEST_REQUEST)
    @blueprint.response(200, schemas.TestedDevice, example=examples.DEVICE_TESTED)
    def post(self, body: Body) -> Response:
        """Try to connect to a device

        A worker connects, logs in and looks for the prompt; the answer comes when it has, after
        25 seconds at the latest. 503 when no worker had time for it.
        """
        scope, order = _scope(), test_order(body["connection_args"])
        _devices().check_offered()

        def work() -> Response:
            if not _testing.acquire(blocking=False):
                raise Unavailable("As many connections are tried as this server waits for at once.")
            try:
                job = _devices().test(scope, order, by=key().user, wait_s=TEST_WAIT_S)
            finally:
                _testing.release()
            return success(_tested(job, order.host))

        return once(scope, work, body=_shut_body())


def _devices() -> Devices:
    return Devices(services().engine, services().config)


def _zone() -> ZoneInfo:
    return ZoneInfo(services().config.time_zone)


def _shut_body() -> bytes:
    """Return what stands for the body where repeats are recognised: a bare digest of a password
    could be guessed from.
    """
    return hmac.digest(services().link_secret.encode(), request.get_data(), "sha256")


def _scope() -> Scope:
    """Return where the jobs of this request go. Raises: Forbidden, ValidationFailed."""
    return Scope(_part("X-Tenant-Id", key().tenant), _part("X-Project-Id", key().project))


def _part(header: str, bound: str | None) -> str:
    given = request.headers.get(header) or None
    if bound is not None and given not in (None, bound):
        raise Forbidden(f"{header} contradicts the key.")
    part = bound or given or DEFAULT
    if not valid_id(part):
        raise ValidationFailed(f"{header}: {ID_RULE}", errors=[(f"/{header}", ID_RULE)])
    return part


def _submit_all(scope: Scope, body: Body) -> Response:
    ids, failed = [], []
    devices = _devices()
    for entry in body["devices"]:
        connection = {**body["connection_args"], **entry}
        try:
            order = order_of({**body, **_own_work(entry)}, connection)
            receipt = devices.submit(scope, order, by=key().user, request_id=g.request_id)
            ids.append(receipt.job_id)
        except QueueappError as error:
            failed.append({"host": connection.get("host"), "reason": error.message})
    jobs = services().engine.store.jobs.get_many(ids)
    rows = [job_row(job, _zone()) for job in jobs]
    return created({"succeeded": rows, "failed": failed})


def _own_work(entry: Body) -> Body:
    """Return what a device is to do instead of the common work."""
    own = {name: entry.get(name) for name in ("command", "config")}
    return own if any(value is not None for value in own.values()) else {}


def _tested(job: Job, host: str) -> Body:
    """Return what came of a test. Raises: Unavailable when no worker took it."""
    expired = job.failure is not None and job.failure.code == "queue_ttl_expired"
    if expired or job.status is Status.QUEUED:
        raise Unavailable("No worker had time for the test.")
    done = job.status is Status.COMPLETED
    return {
        "success": done,
        "host": host,
        "prompt": job.summary.get("prompt") if done else None,
        "duration": seconds(job.started_ms, job.ended_ms),
        "error": None if done else (error_of(job) if job.ended else TOO_SLOW),
        "job_id": job.id,
    }


__all__ = ("NO_WORKER", "blueprint")
