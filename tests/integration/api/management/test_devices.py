"""The device calls of the Job Management API: what they take, what they make of it."""

from dataclasses import replace
from typing import Any

import pytest

from actors.device_command import device_command_type
from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Worker
from queueapp.domain.job import Job
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store import Store
from tests.factories import NODE, beat
from tests.integration.api.conftest import Api
from tests.integration.api.test_dry_run import contents

SECRET = "correct-horse-battery"
CONNECTION = {
    "host": "192.0.2.1",
    "device_type": "cisco_ios",
    "username": "operator",
    "password": SECRET,
    "conn_timeout": 4,
}
PLAIN = {name: CONNECTION[name] for name in ("host", "username", "password")}
SWITCH = {**PLAIN, "secret": "enabling-secret"}
BODY: dict[str, Any] = {"driver": "netmiko", "connection_args": CONNECTION, "command": "show clock"}
DEFAULT = Scope("default", "default")


@pytest.fixture(name="devices")
def _devices(managed: Api) -> Api:
    """A client of this API; a worker offers device jobs."""
    worker = Worker(name="d1", node=NODE, pid=1, slots=4, born_ms=0, version="0")
    managed.store.fleet.register(worker, [device_command_type.info])
    return managed


def made(devices: Api, scope: Scope = DEFAULT, **changes: Any) -> Job:
    """Send a request and return the job that it made."""
    response = devices.post("/device/exec", {**BODY, **changes})
    assert (201, 201) == (response.status_code, response.get_json()["code"]), response.get_json()
    return devices.store.jobs.get(scope, response.get_json()["data"]["id"])


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
    seconds, _ = managed.store.client.time()
    if gone != "never there":
        earlier = seconds * 1000 - (3_600_000 if gone == "silent" else 0)
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


def every_job(devices: Api) -> list[str]:
    """Return the ids of all jobs."""
    return list(devices.store.client.zrange(devices.store.keys("all", DEFAULT.key), 0, -1))


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


def test_nothing_that_is_secret_is_stored_in_clear(devices: Api) -> None:
    """Not in any key of the store; only what is open is among the parameters."""
    job = made(devices)
    kept = [everything(devices.store, key) for key in devices.store.client.scan_iter("*")]

    assert {"host", "device_type", "username"} == job.spec.parameters.keys() & CONNECTION.keys()
    assert SECRET not in str(kept)
    shown = devices.app.test_client().get(
        f"/api/default/default/execution/job/{job.id}",
        headers={"Authorization": f"Bearer {devices.token}"},
    )
    assert 200 == shown.status_code
    assert job.spec.sealed is not None
    for word in (SECRET, job.spec.sealed, "conn_timeout"):
        assert word not in shown.get_data(as_text=True)


def everything(store: Store, key: str) -> object:
    """Return all that a key of the store holds."""
    client = store.client
    readers = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda name: client.lrange(name, 0, -1),
        "set": client.smembers,
        "zset": lambda name: client.zrange(name, 0, -1),
        "stream": client.xrange,
    }
    return readers[client.type(key)](key)  # type: ignore[operator] # all take a name
