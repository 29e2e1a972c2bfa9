"""The device calls of the Job Management API: what they take, what they make of it."""

from typing import Any

import pytest

from queueapp.domain.api_key import Role
from tests.integration.api.conftest import Api
from tests.integration.api.management.device_calls import (
    BODY,
    CONNECTION,
    DEFAULT,
    PLAIN,
    SECRET,
    made,
)
from tests.stored import contents


def test_a_request_makes_a_job_that_waits_for_its_device(devices: Api) -> None:
    """Pinned, for as long as asked; the answer is a row as GET /job has it."""
    response = devices.post("/device/exec", BODY)
    row = response.get_json()["data"]
    job = devices.store.jobs.get(DEFAULT, row["id"])

    assert [row] == devices.get(f"/job?id={row['id']}").get_json()["data"]
    assert ("queued", "pinned_192.0.2.1", "192.0.2.1", ["show clock"]) == (
        row["status"],
        row["queue"],
        row["device_name"],
        row["command"],
    )
    assert (300_000, 86_400_000, None, True) == (
        job.spec.queue_ttl_ms,
        job.spec.keep_ms,
        job.spec.run_limit_ms,
        job.spec.once,
    )


def test_what_is_asked_for_is_kept(devices: Api) -> None:
    """Times, strategy, mode; a fifo job is found by its host all the same."""
    job = made(
        devices,
        command=None,
        config=["interface eth0", "shutdown"],
        queue_strategy="fifo",
        ttl=7,
        result_ttl=60,
        execution_timeout=5,
        driver_args={"error_pattern": "%"},
    )

    assert (None, "192.0.2.1", 7_000, 60_000, 5_000) == (
        job.spec.host,
        job.spec.device,
        job.spec.queue_ttl_ms,
        job.spec.keep_ms,
        job.spec.run_limit_ms,
    )
    assert ("config", ["interface eth0", "shutdown"]) == (
        job.spec.parameters["mode"],
        job.spec.parameters["lines"],
    )
    (row,) = devices.get("/job?host=192.0.2.1").get_json()["data"]
    assert ("FifoQ", "192.0.2.1") == (row["queue"], row["device_name"])


@pytest.mark.parametrize("driver", ["paramiko", "pyeapi"])
def test_other_drivers_need_no_device_type(devices: Api, driver: str) -> None:
    """Their jobs are not pinned unless asked to be."""
    body = {"driver": driver, "connection_args": PLAIN, "driver_args": {"read_timeout": 9}}
    job = made(devices, **body)
    pinned = made(devices, **body, queue_strategy="pinned")

    assert (None, "192.0.2.1", "192.0.2.1") == (job.spec.host, job.spec.device, pinned.spec.host)
    assert (driver, {"read_timeout": 9.0}) == (
        job.spec.parameters["driver"],
        job.spec.parameters["driver_args"],
    )
    tested = {"driver": driver, "connection_args": {**PLAIN, "device_type": "x"}}
    assert 400 == devices.post("/device/test", tested).status_code


def test_templates_and_parsers_reach_the_job(devices: Api) -> None:
    """An object is what its template may use."""
    rendering = {"name": "jinja2", "template": "show {{ what }}", "context": {"what": "ip"}}
    job = made(devices, command={"what": "clock"}, rendering=rendering, parsing={"name": "textfsm"})

    assert ([], {"template": "show {{ what }}", "context": {"what": "clock"}}) == (
        job.spec.parameters["lines"],
        job.spec.parameters["rendering"],
    )
    assert {"name": "textfsm"} == job.spec.parameters["parsing"]


def test_jobs_go_to_the_keys_project_else_to_the_headers(devices: Api) -> None:
    """A header that contradicts the key is refused; a viewer may not send anything."""
    headers = {"X-Tenant-Id": "t", "X-Project-Id": "p"}

    def scope_of(client: Api, **options: Any) -> tuple[str, str]:
        row = client.post("/device/exec", BODY, **options).get_json()["data"]
        return row["tenant"], row["project"]

    assert ("default", "default") == scope_of(devices)
    assert ("t", "p") == scope_of(devices, headers=headers)
    bound = devices.as_user("ann", Role.SUBMITTER, tenant="acme")
    assert ("acme", "default") == scope_of(bound)
    assert 403 == bound.post("/device/exec", BODY, headers=headers).status_code
    assert 400 == devices.post("/device/exec", BODY, headers={"X-Tenant-Id": "a/b"}).status_code
    assert 403 == devices.as_user("bob", Role.VIEWER).post("/device/exec", BODY).status_code


def test_a_request_with_a_key_makes_one_job(devices: Api) -> None:
    """A repeat gets the first answer, another request under the same key is refused."""
    headers = {"Idempotency-Key": "once"}
    first = devices.post("/device/exec", BODY, headers=headers)
    again = devices.post("/device/exec", BODY, headers=headers)
    other = devices.post("/device/exec", {**BODY, "command": "show version"}, headers=headers)

    assert first.get_json() == again.get_json()
    assert ("true", 422) == (again.headers["Idempotency-Replayed"], other.status_code)
    assert 1 == len(devices.get("/job").get_json()["data"])


def test_nothing_that_is_secret_is_stored_in_clear(devices: Api) -> None:
    """Not in any key of the store; only what is open is among the parameters."""
    job = made(devices)

    assert {"host", "device_type", "username"} == job.spec.parameters.keys() & CONNECTION.keys()
    assert SECRET not in str(contents(devices.store))
    shown = devices.app.test_client().get(
        f"/api/default/default/execution/job/{job.id}",
        headers={"Authorization": f"Bearer {devices.token}"},
    )
    assert 200 == shown.status_code
    assert job.spec.sealed is not None
    for word in (SECRET, job.spec.sealed, "conn_timeout"):
        assert word not in shown.get_data(as_text=True)
