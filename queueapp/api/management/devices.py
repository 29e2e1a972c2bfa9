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
from queueapp.api.idempotency import once
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
from queueapp.engine.devices import NO_WORKER, DeviceOrder, Devices, Refused, SubmittedDevices
from queueapp.store.answers import Idempotency

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

    @blueprint.operation("execOnDevice", role=Role.SUBMITTER, idempotent_key=True)
    @blueprint.arguments(schemas.DeviceRequest, example=examples.DEVICE_REQUEST)
    @blueprint.response(201, schemas.SubmittedDeviceJob, example=examples.DEVICE_JOB)
    def post(self, body: Body) -> Response:
        """Send commands or configuration to a device

        A job is made, which a worker runs when it is its turn; GET /job tells its end. It is
        attempted once: should its worker die, nothing is sent again. The job goes to the key's
        project, else to that of X-Tenant-Id and X-Project-Id, else to default.
        """
        scope, order = _scope(), order_of(body, body["connection_args"])

        def submit(idempotency: Idempotency | None) -> tuple[Response, bool]:
            devices, request_id = _devices(), g.request_id
            devices.check_offered()
            receipt = devices.submit(
                scope, order, by=key().user, idempotency=idempotency, request_id=request_id
            )
            job = services().engine.job(scope, receipt.job_id)
            return created(job_row(job, _zone()), query=f"?id={job.id}"), not receipt.new

        return once(scope, submit, body=_shut_body())


@blueprint.route("/device/bulk")
class DeviceBulk(MethodView):
    """The door for many devices."""

    @blueprint.operation("execOnDevices", role=Role.SUBMITTER, idempotent_key=True)
    @blueprint.arguments(schemas.BulkDeviceRequest, example=examples.DEVICES_REQUEST)
    @blueprint.response(201, schemas.SubmittedDeviceJobs, example=examples.DEVICE_JOBS)
    def post(self, body: Body) -> Response:
        """Send commands or configuration to many devices

        A job is made for each device; `failed` says for which none could be made, and why. What
        a device has of its own goes before what is common.
        """
        scope = _scope()

        def submit(idempotency: Idempotency | None) -> tuple[Response, bool]:
            return _submit_all(scope, body, idempotency)

        return once(scope, submit, body=_shut_body())


@blueprint.route("/device/test")
class DeviceTest(MethodView):
    """A try of a connection."""

    @blueprint.operation("testDevice", role=Role.SUBMITTER, idempotent_key=True)
    @blueprint.arguments(schemas.DeviceTestRequest, example=examples.DEVICE_TEST_REQUEST)
    @blueprint.response(200, schemas.TestedDevice, example=examples.DEVICE_TESTED)
    def post(self, body: Body) -> Response:
        """Try to connect to a device

        A worker connects, logs in and looks for the prompt; the answer comes when it has, after
        25 seconds at the latest. 503 when no worker had time for it.
        """
        scope, order = _scope(), test_order(body["driver"], body["connection_args"])

        def test(idempotency: Idempotency | None) -> tuple[Response, bool]:
            job, repeated = _tried(scope, order, idempotency)
            return success(_tested(job, order.host)), repeated

        return once(scope, test, body=_shut_body())


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


def _submit_all(scope: Scope, body: Body, idempotency: Idempotency | None) -> tuple[Response, bool]:
    specs, refused = [], []
    devices = _devices()
    if body["devices"]:
        devices.check_offered()
    for entry in body["devices"]:
        connection = {**body["connection_args"], **entry}
        try:
            order = order_of({**body, **_own_work(entry)}, connection)
            specs.append(devices.decided(scope, order, by=key().user, request_id=g.request_id))
        except QueueappError as error:
            refused.append(Refused(connection.get("host"), error.message))
    done = devices.submit_all(scope, specs, refused, idempotency=idempotency)
    return _submitted(done), done.repeated


def _submitted(done: SubmittedDevices) -> Response:
    if not done.job_ids and not done.refused:
        return created(None)
    jobs = services().engine.store.jobs.get_many(done.job_ids)
    rows = [job_row(job, _zone()) for job in jobs]
    failed = [{"host": one.host, "reason": one.reason} for one in done.refused]
    return created({"succeeded": rows, "failed": failed})


def _tried(scope: Scope, order: DeviceOrder, idempotency: Idempotency | None) -> tuple[Job, bool]:
    """Return the job that tried a connection, and whether the request was a repeat.

    Raises: Unavailable when nobody took it; the idempotency key is free again then.
    """
    _devices().check_offered()
    if not _testing.acquire(blocking=False):
        raise Unavailable("As many connections are tried as this server waits for at once.")
    try:
        job, repeated = _devices().test(
            scope, order, by=key().user, wait_s=TEST_WAIT_S, idempotency=idempotency
        )
    finally:
        _testing.release()
    expired = job.failure is not None and job.failure.code == "queue_ttl_expired"
    if not expired and job.status is not Status.QUEUED:
        return job, repeated
    if idempotency is not None:
        services().idempotency.release(scope, idempotency)
    raise Unavailable("No worker had time for the test.")


def _own_work(entry: Body) -> Body:
    """Return what a device is to do instead of the common work."""
    own = {name: entry.get(name) for name in ("command", "config")}
    return own if any(value is not None for value in own.values()) else {}


def _tested(job: Job, host: str) -> Body:
    """Return what came of a test."""
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
