"""Several machines as real processes: clocks that are wrong, machines that are cut off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queueapp.domain.fleet import WorkerState
from queueapp.domain.states import Status
from tests import laws
from tests.faults.fleet_view import got, nodes
from tests.faults.ground import Ground, Machine
from tests.faults.proxy import Weather
from tests.faults.single_jobs import begun_on, ended, submit, two_machines
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(180)]
WRONG = Path(__file__).parent / "wrong_clock"
HOUR_S = 3600


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """An installation without machines."""
    with Ground(tmp_path) as made:
        yield made


@pytest.mark.parametrize("wrong_s", [HOUR_S, -HOUR_S])
def test_a_machine_whose_clock_is_wrong_works_like_any(ground: Ground, wrong_s: int) -> None:
    """Jobs, leases and liveness do not depend on a machine's clock; /health warns of it."""
    ground.settings = {"PYTHONPATH": f"{WRONG}:{Path.cwd()}", "WRONG_CLOCK_S": str(wrong_s)}
    ground.add_machine()
    ground.settings = {}
    ground.add_machine()
    address = ground.add_web()
    ground.ready(2)
    jobs = [ended(ground, job) for job in [submit(ground, 4_000) for _ in range(8)]]
    warned = eventually(lambda: _warnings(address))

    assert {"m0", "m1"} == {job.node for job in jobs}
    assert {1} == {job.epoch for job in jobs}
    assert {"m0": True, "m1": True} == nodes(ground)
    assert [True] == [text.startswith("The clock of node m0 differs") for text in warned]
    laws.check(ground.store)


def _warnings(address: str) -> list[str] | None:
    answer = got(address, "/health")
    if answer is None or answer[0] != 200:
        return None
    return [text for text in answer[1]["checks"]["warnings"] if "clock" in text]


def test_a_web_process_whose_clock_is_wrong_sees_the_fleet(ground: Ground) -> None:
    """Workers live and times are right, although the web's machine is an hour ahead."""
    ground.add_machine()
    ground.settings = {"PYTHONPATH": f"{WRONG}:{Path.cwd()}", "WRONG_CLOCK_S": str(HOUR_S)}
    address = ground.add_web()
    ground.ready(1)
    status, body = eventually(lambda: got(address, "/health"))
    job_id = ground.submit(address, "one", 50)
    job = ended(ground, job_id)

    assert (200, 1) == (status, body["checks"]["workers"]["live"])
    assert abs(job.created_ms - ground.now_ms()) < 60_000


def test_machines_with_one_host_name_are_two_nodes(ground: Ground) -> None:
    """Nodes are told apart by their ids: each has room of its own for jobs."""
    two_machines(ground)
    found = [one.node for one in ground.store.nodes.all(now_ms=ground.now_ms())]
    jobs = [ended(ground, job) for job in [submit(ground, 2_000) for _ in range(8)]]

    assert ["m0", "m1"] == [node.id for node in found]
    assert 1 == len({node.hostname for node in found})
    assert {"m0": 4, "m1": 4} == {
        node.id: sum(job.node == node.id for job in jobs) for node in found
    }


def test_a_partitioned_machine_loses_its_jobs_and_rejoins(ground: Ground) -> None:
    """Of three machines one is cut off: its job moves, it is Offline, then Active and at work."""
    for _ in range(3):
        ground.add_machine()
    address = ground.add_web()
    ground.ready(3)
    job_id, lonely = begun_on(ground, 5_000)
    lonely.wire.become(Weather.BLACKHOLE)
    job = ended(ground, job_id)
    eventually(lambda: nodes(ground)[lonely.name] is False)
    offline = _status(address)

    assert job.node != lonely.name
    assert [] == ground.overlaps()
    assert "Degraded" == offline["systemStatus"]
    assert {
        "nodeId": lonely.name,
        "status": "Offline",
        **dict.fromkeys(("cpuUsage", "memoryUsage", "activeJobs", "jobCapacity")),
    } in offline["executionNodes"]
    lonely.wire.become(Weather.FAIR)
    eventually(lambda: nodes(ground)[lonely.name])
    _fill(ground, lonely)
    assert "Healthy" == _status(address)["systemStatus"]
    laws.check(ground.store)


def _status(address: str) -> dict[str, Any]:
    return eventually(lambda: got(address, "/api/acme/execution/system/status"))[1]


def _fill(ground: Ground, machine: Machine) -> None:
    """Have a job on every thread, so that one is on this machine."""
    jobs = [ended(ground, job) for job in [submit(ground, 2_000) for _ in range(12)]]

    assert machine.name in {job.node for job in jobs}


def test_a_worker_killed_while_it_drains_loses_nothing(ground: Ground) -> None:
    """Its job is attempted again on another machine; the worker is dead and drains no more."""
    two_machines(ground)
    job_id, machine = begun_on(ground, 6_000)
    name = ground.job(job_id).worker
    assert name is not None
    ground.store.workers.drain(name, by="ann", reason="moving")
    machine.program.wanted = False
    machine.kill()
    job = ended(ground, job_id)

    assert (Status.COMPLETED, 2) == (job.status, job.epoch)
    assert job.node != machine.name
    eventually(lambda: WorkerState.DEAD is _state(ground, name))
    laws.check(ground.store)


def _state(ground: Ground, name: str) -> WorkerState:
    return ground.store.workers.get(name).state(ground.now_ms())
