"""Device calls that cannot be done are refused by name, and nothing of them stays."""

from dataclasses import replace
from typing import Any

import pytest

from actors.device_command import device_command_type
from queueapp.domain.fleet import Worker
from queueapp.domain.states import Status
from tests.factories import NODE, beat
from tests.integration.api.conftest import Api
from tests.integration.api.management.device_calls import (
    BODY,
    CONNECTION,
    PLAIN,
    SECRET,
    SWITCH,
    every_job,
)
from tests.stored import contents


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"driver": "napalm"}, ["driver"]),
        ({"driver": "pyeapi"}, ["connection_args", "device_type"]),
        ({"driver": "paramiko"}, ["connection_args", "device_type"]),
        ({"driver": "paramiko", "connection_args": SWITCH}, ["connection_args", "secret"]),
        (
            {"driver": "pyeapi", "connection_args": {**SWITCH, "transport": "ftp"}},
            ["connection_args", "transport"],
        ),
        (
            {"connection_args": {**CONNECTION, "transport": "http"}},
            ["connection_args", "transport"],
        ),
        (
            {"driver": "paramiko", "connection_args": PLAIN, "command": None, "config": "x"},
            ["config"],
        ),
        (
            {"driver": "paramiko", "connection_args": PLAIN, "parsing": {"name": "textfsm"}},
            ["parsing", "template"],
        ),
        (
            {"driver": "pyeapi", "connection_args": SWITCH, "driver_args": {"cmd_verify": True}},
            ["driver_args", "cmd_verify"],
        ),
        ({"driver": None}, ["driver"]),
        ({"command": None}, ["command"]),
        ({"config": "x"}, ["config"]),
        ({"command": []}, ["command"]),
        ({"command": 7}, ["command"]),
        ({"command": " \n"}, ["command"]),
        ({"driver_args": {"expect_string": "("}}, ["driver_args", "expect_string"]),
        ({"command": {"a": 1}}, ["command"]),
        ({"command": {"a": 1}, "rendering": {"context": {}}}, ["rendering", "template"]),
        ({"rendering": {"template": "x"}}, ["command"]),
        ({"rendering": {"name": "mako", "template": "x"}}, ["rendering", "name"]),
        ({"parsing": {"name": "ttp"}}, ["parsing", "name"]),
        ({"command": None, "config": "x", "parsing": {"name": "textfsm"}}, ["parsing"]),
        ({"driver_args": {"enter_config_mode": True}}, ["driver_args", "enter_config_mode"]),
        ({"driver_args": {"odd": True}}, ["driver_args", "odd"]),
        ({"connection_args": {}}, ["connection_args", "host"]),
        ({"connection_args": {"host": "h"}}, ["connection_args", "device_type"]),
        (
            {"connection_args": {**CONNECTION, "session_log": "/tmp/x"}},
            ["connection_args", "session_log"],
        ),
        (
            {"connection_args": {**CONNECTION, "key_file": "/etc/x"}},
            ["connection_args", "key_file"],
        ),
        ({"connection_args": {**CONNECTION, "port": 0}}, ["connection_args", "port"]),
        ({"ttl": 0}, ["ttl"]),
        ({"ttl": 86_401}, ["ttl"]),
        ({"result_ttl": 59}, ["result_ttl"]),
        ({"queue_strategy": "lifo"}, ["queue_strategy"]),
        ({"execution_timeout": 0}, ["execution_timeout"]),
        ({"credential": {"name": "vault", "ref": "x"}}, ["credential"]),
        ({"webhook": {"url": "https://example.com"}}, ["webhook"]),
        ({"odd": 1}, ["odd"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    devices: Api, changes: dict[str, Any], where: list[str]
) -> None:
    """400 with the code -1 and where it is; nothing is stored, and no secret is told."""
    response = devices.post("/device/exec", {**BODY, **changes})
    body = response.get_json()

    assert (400, -1) == (response.status_code, body["code"]), body
    assert where in [fault["loc"] for fault in body["data"]], body
    assert {"loc", "msg", "type"} == body["data"][0].keys()
    assert SECRET not in response.get_data(as_text=True)
    assert [] == devices.get("/job").get_json()["data"]


CALLS = {
    "exec": BODY,
    "bulk": {**BODY, "devices": [{"host": "192.0.2.2"}]},
    "test": {name: BODY[name] for name in ("driver", "connection_args")},
}


@pytest.mark.parametrize("gone", ["never there", "silent", "beats but asks for nothing", "left"])
@pytest.mark.parametrize("path", CALLS)
def test_without_a_live_worker_for_it_nothing_is_accepted(
    managed: Api, path: str, gone: str
) -> None:
    """503 in the envelope; nothing stays behind, and the idempotency key is free."""
    worker = Worker(name="d1", node=NODE, pid=1, slots=4, born_ms=0, version="0")
    if gone != "never there":
        earlier = managed.store.now_ms() - (3_600_000 if gone == "silent" else 0)
        managed.store.fleet.register(worker, [device_command_type.info], now_ms=earlier)
    if gone == "beats but asks for nothing":
        beat(managed.store, "d1", [], idle_ms=3_600_000)
    if gone == "left":
        managed.store.fleet.leave("d1")
    before = contents(managed.store)
    response = managed.post(f"/device/{path}", CALLS[path], headers={"Idempotency-Key": "k"})

    assert (503, -1) == (response.status_code, response.get_json()["code"])
    assert "DeviceCommand" in response.get_json()["message"]
    assert "Retry-After" in response.headers
    assert before == contents(managed.store)
    managed.store.fleet.register(replace(worker, name="d2"), [device_command_type.info])
    if path != "test":
        again = managed.post(f"/device/{path}", CALLS[path], headers={"Idempotency-Key": "k"})
        assert (201, None) == (again.status_code, again.headers.get("Idempotency-Replayed"))


def test_a_test_that_nobody_took_may_be_tried_again(
    devices: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is free again; nothing has come of it."""
    monkeypatch.setattr("queueapp.api.management.devices.TEST_WAIT_S", 0.05)
    body, key = {"driver": "netmiko", "connection_args": CONNECTION}, {"Idempotency-Key": "try"}
    tried = [devices.post("/device/test", body, headers=key).status_code for _ in range(2)]
    statuses = {job.status for job in devices.store.jobs.get_many(every_job(devices))}

    assert [503, 503] == tried
    assert (2, {Status.CANCELLED}) == (len(every_job(devices)), statuses)
