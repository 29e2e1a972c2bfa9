"""Pinned hosts on two machines, one of which dies: one session each, and a new one elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from queueapp.app import create_app
from queueapp.config import Config
from queueapp.domain.scope import Scope
from tests.fake_device import FakeDevice
from tests.faults.ground import Ground, Machine
from tests.laws import check
from tests.waiting import eventually

pytestmark = pytest.mark.faults
KEY = {"X-API-KEY": "admin"}
HERE = Scope("default", "default")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """Two machines of four threads."""
    with Ground(tmp_path) as standing:
        standing.add_machine()
        standing.add_machine()
        standing.ready(workers=2)
        yield standing


def asked(client: FlaskClient, device: FakeDevice, command: str = "show version") -> str:
    """Ask something of a device and return the job's id."""
    body = {"driver": "netmiko", "connection_args": device.connection, "command": command}
    answer = client.post("/device/exec", json=body, headers=KEY)
    assert 201 == answer.status_code, answer.get_data(as_text=True)
    return str(answer.get_json()["data"]["id"])


def ended(client: FlaskClient, job_id: str) -> dict[str, Any]:
    """Return the row of a job that is over."""

    def row() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/job?id={job_id}", headers=KEY).get_json()["data"][0]
        return found if found["ended_at"] else None

    return eventually(row)


def node_of(ground: Ground, job_id: str) -> str:
    """Return the machine that ran a job."""
    job = ground.store.jobs.get(HERE, job_id)
    assert job.node is not None
    return job.node


def holder(ground: Ground, device: FakeDevice) -> Machine:
    """Return the machine that is noted as having the device's session."""
    name = ground.client.get(ground.store.keys("keeper", HERE.key, "127%2E0%2E0%2E1"))
    (machine,) = [one for one in ground.machines if one.name == name]
    assert 1 == device.sessions
    return machine


def test_a_hosts_jobs_stay_on_its_node_until_that_dies(ground: Ground, tmp_path: Path) -> None:
    """What ran there has failed and is not repeated; the rest goes to the other, logged in anew."""
    config = Config(
        redis_url=ground.server.url, data_dir=tmp_path, secret_key="secret", admin_key="admin"
    )
    client = create_app(config).test_client()
    with FakeDevice() as device:
        jobs = [asked(client, device) for _ in range(3)]
        rows = [ended(client, job) for job in jobs]
        for _ in range(3):  # both machines wait for work: the one with the session is called
            jobs.append(asked(client, device))
            rows.append(ended(client, jobs[-1]))
        assert (["finished"] * 6, 1) == ([row["status"] for row in rows], device.logins)
        first = holder(ground, device)
        assert {first.name} == {node_of(ground, job) for job in jobs}

        device.slow_s = 30
        lost, waiting = asked(client, device, "show slow"), asked(client, device)
        eventually(lambda: device.running == 1)
        first.program.wanted = False
        first.kill()
        eventually(lambda: device.sessions == 0)  # the keeper ends with its worker
        row = ended(client, lost)
        assert ("failed", "WorkerLost") == (row["status"], row["result"]["error"]["type"])
        assert "finished" == ended(client, waiting)["status"]
        assert (2, 1) == (device.logins, device.sessions)
        assert first != holder(ground, device)
        check(ground.store)
