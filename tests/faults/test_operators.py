"""What operators do to the workers of a running `queueapp up`: delete one, restart one."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.system.gate import Gate
from tests.system.upped import Upped, alive
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Upped]:
    """The whole product with one worker of one thread."""
    made = Upped(tmp_path / "data").ready()
    yield made
    if made.process.poll() is None:
        made.interrupt()


def worker(up: Upped) -> dict[str, Any] | None:
    """Return the live worker, if there is exactly one."""
    live = [one for one in up.client.get("/api/workers")["workers"] if one["status"] != "dead"]
    return live[0] if len(live) == 1 else None


def another(up: Upped, name: str) -> dict[str, Any]:
    """Wait until one live worker has another name."""

    def found() -> dict[str, Any] | None:
        one = worker(up)
        return one if one is not None and one["name"] != name else None

    replaced: dict[str, Any] = eventually(found)
    return replaced


def managed(up: Upped, method: str, path: str) -> dict[str, Any]:
    """Call the Job Management API."""
    address = f"{up.client.address}{path}"
    answer = requests.request(method, address, headers={"X-API-KEY": up.key}, timeout=20)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_deleted_worker_ends_with_its_job_and_is_replaced(up: Upped, tmp_path: Path) -> None:
    """Its job has failed, the job's process is gone in 8 s, another worker takes its place."""
    gate = Gate(tmp_path).submit(up).begun()
    child = psutil.Process(gate.notes("begun")[0])
    name = eventually(lambda: worker(up))["name"]
    began = time.monotonic()
    managed(up, "DELETE", f"/worker?name={name}")
    job = managed(up, "GET", f"/job?id={gate.job_id}")["data"][0]
    eventually(lambda: not alive(child))
    gone_s = time.monotonic() - began
    replacement = another(up, name)
    following = Gate(tmp_path).submit(up)
    following.open()

    assert "Failed" == up.status(gate.job_id)
    assert "WorkerTerminated" == job["result"]["error"]["type"], job
    assert gone_s < 8
    assert "Completed" == up.ended(following.job_id)["status"]
    assert replacement["pid"] != child.pid


def test_a_restarted_worker_ends_its_job_first(up: Upped, tmp_path: Path) -> None:
    """It takes no other, its process ends once it is empty; its successor runs what waited."""
    gate = Gate(tmp_path).submit(up).begun()
    name = eventually(lambda: worker(up))["name"]
    up.client.post(f"/api/workers/{name}/restart", {"reason": "a new release"})
    waiting = Gate(tmp_path).submit(up)
    waiting.open()
    time.sleep(2)  # long enough to be taken by a worker that does not drain

    assert ("Running", "Queued") == (up.status(gate.job_id), up.status(waiting.job_id))
    gate.open()
    assert "Completed" == up.ended(gate.job_id)["status"]
    another(up, name)
    assert "Completed" == up.ended(waiting.job_id)["status"]
    assert [1, 1] == [len(one.notes("begun")) for one in (gate, waiting)]


def test_a_restart_that_does_not_wait_gives_the_job_back(up: Upped, tmp_path: Path) -> None:
    """At the deadline the job goes back to its place; the successor runs it, uncounted."""
    gate = Gate(tmp_path).submit(up).begun()
    name = eventually(lambda: worker(up))["name"]
    up.client.post(f"/api/workers/{name}/restart", {"deadlineMinutes": 0})
    another(up, name)
    gate.begun(times=2).open()
    job = up.ended(gate.job_id)

    assert "Completed" == job["status"]
    assert ["given_back", "completed"] == [one["end"] for one in job["attempts"]]
