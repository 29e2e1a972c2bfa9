"""Device jobs from the request to the answer: a real worker, real SSH servers."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from queueapp.app import create_app
from queueapp.config import Config
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.fake_device import PASSWORD, FakeDevice
from tests.integration.worker.conftest import RunningWorker
from tests.stored import contents
from tests.waiting import eventually

KEY = {"X-API-KEY": "admin"}
SECRETS = (PASSWORD, "wrong-password")
Row = dict[str, Any]


def settings(redis_url: str, folder: Path, **changes: Any) -> Config:
    """Settings of a process of this installation."""
    plain: dict[str, Any] = {"secret_key": "sealing", "admin_key": "admin", "lease_seconds": 15}
    return Config(redis_url=redis_url, data_dir=folder, **{**plain, **changes})


class Site:
    """The web process's side."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.folder = folder
        self.client = app.test_client()
        self.heard: list[str] = []

    def post(self, path: str, body: Row, status: int = 201) -> Any:
        """Send a request and return its data."""
        response = self.client.post(path, json={"driver": "netmiko", **body}, headers=KEY)
        self.heard.append(response.get_data(as_text=True))
        assert status == response.status_code, self.heard[-1]
        return response.get_json()["data"]

    def ended(self, job_id: str) -> Row:
        """Wait for the end of a job and return its row."""
        deadline = time.monotonic() + 60
        while True:
            response = self.client.get(f"/job?id={job_id}", headers=KEY)
            self.heard.append(response.get_data(as_text=True))
            row: Row = response.get_json()["data"][0]
            if row["ended_at"]:
                return row
            assert time.monotonic() < deadline, row
            time.sleep(0.02)


@pytest.fixture
def site(store: Store, redis_url: str, tmp_path: Path) -> Site:
    """The API over the store."""
    return Site(create_app(settings(redis_url, tmp_path)), tmp_path)


@pytest.fixture
def worker(site: Site, redis_url: str, tmp_path: Path) -> Iterator[RunningWorker]:
    """A worker of four threads with the same key."""
    running = RunningWorker(settings(redis_url, tmp_path, node_cpu_units=4), slots=4)
    yield running
    running.stop()


@pytest.fixture
def devices() -> Iterator[list[FakeDevice]]:
    """Two devices at two addresses."""
    with FakeDevice() as first, FakeDevice(address="127.0.0.2") as second:
        yield [first, second]


def work(device: FakeDevice, command: str, **changes: Any) -> Row:
    """Return the body of a request."""
    return {"connection_args": device.connection, "command": command, **changes}


def test_a_device_is_served_in_order_and_two_at_once(
    site: Site,
    worker: RunningWorker,
    devices: list[FakeDevice],
    store: Store,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One job at a time, in queue order, in one session; and no secret is anywhere afterwards."""
    first, second = devices
    first.slow_s = second.slow_s = 60
    asked = ["show slow", "show version", "show interfaces"]
    ids = [site.post("/device/exec", work(first, one))["id"] for one in asked]
    many = {"connection_args": second.connection, "command": "show slow", "devices": [{}, {}]}
    many["devices"] = [{"host": second.address}, {"host": second.address}]
    ids += [row["id"] for row in site.post("/device/bulk", many)["succeeded"]]
    eventually(lambda: first.running and second.running)
    first.go_on.set()
    second.go_on.set()
    rows = [site.ended(job_id) for job_id in ids]

    assert ["finished"] * 5 == [row["status"] for row in rows], rows
    assert {"show slow": "done"} == rows[0]["result"]["retval"]
    assert asked == [line for line in first.lines if line.startswith("show")]
    assert [1, 1] == [first.most_running, second.most_running]
    assert [1, 1] == [first.logins, second.logins]

    wrong = {**first.connection, "password": "wrong-password"}
    tested = site.post("/device/test", {"connection_args": first.connection}, 200)
    assert (True, "router>") == (tested["success"], tested["prompt"])
    tested = site.post("/device/test", {"connection_args": wrong}, 200)
    assert (False, "AuthenticationFailed") == (tested["success"], tested["error"]["type"])
    failed = site.ended(site.post("/device/exec", work(first, "x", connection_args=wrong))["id"])
    assert "AuthenticationFailed" == failed["result"]["error"]["type"]
    _no_secret(store, site, *capfd.readouterr())


def _no_secret(store: Store, site: Site, *printed: str) -> None:
    kept = str(contents(store))
    files = [path.read_text(errors="replace") for path in site.folder.rglob("*") if path.is_file()]
    for secret in SECRETS:
        for text in (kept, *files, *printed, *site.heard):
            assert secret not in text
    assert any("finished" in text for text in site.heard)


def test_a_job_that_takes_too_long_or_comes_too_late_fails(
    site: Site, worker: RunningWorker, devices: list[FakeDevice]
) -> None:
    """By its own limits, in seconds; what waits behind it goes on."""
    first = devices[0]
    first.slow_s = 3
    slow = site.post("/device/exec", work(first, "show slow", execution_timeout=2))["id"]
    late = site.post("/device/exec", work(first, "show version", ttl=1))["id"]

    assert "QueueTTLExpired" == site.ended(late)["result"]["error"]["type"]
    assert "JobTimeout" == site.ended(slow)["result"]["error"]["type"]
    last = site.post("/device/exec", work(first, "show version"))["id"]
    assert "finished" == site.ended(last)["status"]


def test_a_cancelled_jobs_session_is_not_used_again(
    site: Site, worker: RunningWorker, devices: list[FakeDevice]
) -> None:
    """Nor does a job that is not pinned have any part in what is kept."""
    first = devices[0]
    site.ended(site.post("/device/exec", work(first, "show version"))["id"])
    fifo = work(first, "show version", queue_strategy="fifo")
    assert "finished" == site.ended(site.post("/device/exec", fifo)["id"])["status"]
    eventually(lambda: (2, 1) == (first.logins, first.sessions))
    first.slow_s = 60
    slow = site.post("/device/exec", work(first, "show slow"))["id"]
    eventually(lambda: first.running)
    worker.engine.cancel(Scope("default", "default"), slow, by="ann", reason="", force=True)

    assert "cancelled" == site.ended(slow)["status"]
    assert 2 == first.logins
    first.go_on.set()
    after = site.ended(site.post("/device/exec", work(first, "show version"))["id"])
    assert ("finished", 3) == (after["status"], first.logins)
    eventually(lambda: 1 == first.sessions)

    (name,) = [one.worker.name for one in worker.engine.store.workers.all()]
    worker.engine.store.workers.drain(name, by="ann")
    eventually(lambda: 0 == first.sessions)  # a worker that drains keeps nothing open


def test_a_worker_with_another_key_says_so(
    site: Site, redis_url: str, tmp_path: Path, devices: list[FakeDevice]
) -> None:
    """The job fails with words that help; the device is left alone."""
    running = RunningWorker(settings(redis_url, tmp_path, secret_key="another"), slots=1)
    try:
        row = site.ended(site.post("/device/exec", work(devices[0], "show version"))["id"])
    finally:
        running.stop()

    assert "CredentialsUnreadable" == row["result"]["error"]["type"]
    assert "QUEUEAPP_SECRET_KEY" in row["result"]["error"]["message"]
    assert 0 == devices[0].logins
