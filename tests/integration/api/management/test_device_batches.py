"""One request for many devices: a job each, or a reason for each that has none."""

from dataclasses import replace

import pytest

from tests.integration.api.conftest import Api
from tests.integration.api.management.device_calls import BODY, CONNECTION


def test_many_devices_have_a_job_each(devices: Api) -> None:
    """What a device has of its own goes first; for whom nothing can be done it is said."""
    entries = [
        {"host": "a"},
        {"host": "b", "command": "show version", "port": 2022},
        {"host": "c", "config": "hostname c"},
        {"device_type": "juniper_junos"},
    ]
    common = {name: value for name, value in CONNECTION.items() if name != "host"}
    body = {**BODY, "connection_args": common, "devices": entries}
    response = devices.post("/device/bulk", body, headers={"Idempotency-Key": "many"})
    again = devices.post("/device/bulk", body, headers={"Idempotency-Key": "many"})
    data = response.get_json()["data"]

    assert (201, response.get_json()) == (response.status_code, again.get_json())
    assert [("a", ["show clock"]), ("b", ["show version"]), ("c", ["hostname c"])] == [
        (row["device_name"], row["command"]) for row in data["succeeded"]
    ]
    ((host, reason),) = [tuple(row.values()) for row in data["failed"]]
    assert (None, True) == (host, "host" in reason)
    jobs = devices.store.jobs.get_many([row["id"] for row in data["succeeded"]])
    assert ["command", "command", "config"] == [job.spec.parameters["mode"] for job in jobs]
    assert {600_000} == {job.spec.queue_ttl_ms for job in jobs}


def test_a_full_queue_refuses_what_has_no_room(
    devices: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first devices get their jobs, the others are told with the reason."""
    services = devices.app.extensions["queueapp"]
    full = replace(services.config, max_queued_jobs=1)
    monkeypatch.setattr(services.engine, "config", full)
    body = {**BODY, "devices": [{"host": "a"}, {"host": "b"}]}
    data = devices.post("/device/bulk", body).get_json()["data"]

    assert ["a"] == [row["device_name"] for row in data["succeeded"]]
    assert [{"host": "b", "reason": "The queue of this project is full."}] == data["failed"]


def test_no_devices_make_no_jobs(devices: Api) -> None:
    """201 with null; two things for one device are refused."""
    nothing = devices.post("/device/bulk", {**BODY, "devices": []})
    both = devices.post(
        "/device/bulk", {**BODY, "devices": [{"host": "a", "command": "x", "config": "y"}]}
    )

    assert (201, None) == (nothing.status_code, nothing.get_json()["data"])
    assert (400, ["devices", "0", "config"]) == (
        both.status_code,
        both.get_json()["data"][0]["loc"],
    )
