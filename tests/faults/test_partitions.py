"""Machines with networks of their own that are cut off: links go down, and answers get lost."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from queueapp.domain.states import Status
from tests import laws
from tests.faults.fleet_view import nodes
from tests.faults.ground import LEASE_S, LOG, Ground
from tests.faults.network import Link, Network, why_not
from tests.faults.single_jobs import begun_on, ended, submit
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(180)]

Fault = tuple[Callable[[Link], None], Callable[[Link], None]]
FAULTS = {"cut": (Link.cut, Link.mend), "deaf": (Link.deafen, Link.hear)}


@pytest.fixture(scope="module", autouse=True)
def _permitted() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def network() -> Iterator[Network]:
    """Three links that nobody uses yet."""
    with Network() as made:
        for _ in range(3):
            made.join()
        yield made


def installed(ground: Ground, network: Network) -> dict[str, Link]:
    """Start a machine at the end of each link; return the links by their machines' names."""
    network.open(ground.client)
    links = {ground.add_machine(link=link).name: link for link in network.links}
    ground.ready(len(links))
    return links


def works(ground: Ground, machine: str) -> bool:
    """Tell whether a machine takes its part of many small jobs.

    A connection that was open in the dark may still fail a worker for longer than this short
    lease, so whose jobs are lost once more is not asked here; no two attempts may overlap.
    """
    jobs = [submit(ground, 500) for _ in range(12)]
    eventually(lambda: all(ground.job(job_id).ended for job_id in jobs))
    return machine in {ground.job(job_id).node for job_id in jobs}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_machine_that_is_cut_off_loses_its_jobs_and_rejoins(
    tmp_path: Path, network: Network, fault: Fault
) -> None:
    """Its job moves when the lease ends, the stale attempt ends before; then it works again."""
    begin, end = fault
    with Ground(tmp_path) as ground:
        links = installed(ground, network)
        job_id, lonely = begun_on(ground, 6_000)
        begin(links[lonely.name])
        since_ms = ground.now_ms()
        second = ground.begun(job_id, epoch=2)
        job = ended(ground, job_id)
        LOG.warning("begun again after %.1f s", (job.started_ms or 0) / 1000 - since_ms / 1000)
        eventually(lambda: nodes(ground)[lonely.name] is False)
        end(links[lonely.name])
        eventually(lambda: nodes(ground)[lonely.name])
        eventually(lambda: works(ground, lonely.name))

        assert (job.started_ms or 0) - since_ms < (LEASE_S + 5) * 1000
        assert ["lost", "completed"] == [attempt.end for attempt in job.attempts]
        assert lonely.name != job.node
        assert job_id == second.job
        assert [] == ground.overlaps()
        laws.check(ground.store)


def test_a_short_cut_costs_nothing(tmp_path: Path, network: Network) -> None:
    """All links go down for less than a lease: every attempt goes on and is told afterwards."""
    with Ground(tmp_path, settings={"QUEUEAPP_LEASE_SECONDS": "15"}) as ground:
        links = installed(ground, network)
        jobs = [submit(ground, 4_000) for _ in range(6)]
        for job_id in jobs:
            ground.begun(job_id)
        for link in links.values():
            link.cut()
        time.sleep(6)
        alone = [ground.job(job_id).status for job_id in jobs]
        for link in links.values():
            link.mend()
        found = [ended(ground, job_id) for job_id in jobs]

        assert {Status.RUNNING} == set(alone)
        assert [1] * len(jobs) == [job.epoch for job in found]
        laws.check(ground.store)
