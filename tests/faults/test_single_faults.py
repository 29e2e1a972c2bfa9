"""One fault at a time, at a chosen moment: what becomes of the job that runs then."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from queueapp.domain.states import Status
from tests import laws
from tests.faults.ground import KEY, LEASE_S, LOG, PROJECT, SCOPE, Ground
from tests.faults.proxy import Weather
from tests.faults.single_jobs import begun_on, ended, first_ended_s, submit, two_machines
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(120)]
LONG_MS = 60_000


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """An installation without a web process: jobs are submitted to the store."""
    with Ground(tmp_path) as made:
        yield made


@pytest.mark.parametrize("durability", ["everysec", "always"])
def test_recovery_from_a_killed_machine(tmp_path: Path, durability: str) -> None:
    """The job of a killed worker is taken back within its lease and two seconds, by another."""
    with Ground(tmp_path, durability=durability) as ground:
        two_machines(ground)
        job_id, machine = begun_on(ground, 1_500)
        machine.program.wanted = False
        killed_ms = ground.now_ms()
        machine.kill()
        job = ended(ground, job_id)
        recovered_s = first_ended_s(job, killed_ms)
        LOG.warning("recovered after %.1f s with a lease of %.0f s", recovered_s, LEASE_S)

        assert recovered_s < LEASE_S + 2
        assert ["lost", "completed"] == [attempt.end for attempt in job.attempts]
        assert [] == ground.overlaps()
        laws.check(ground.store)


def test_a_successor_on_the_same_machine_need_not_wait(tmp_path: Path) -> None:
    """A worker that starts where one died takes its jobs over at once, whatever the lease."""
    with Ground(tmp_path, settings={"QUEUEAPP_LEASE_SECONDS": "60"}) as ground:
        machine = ground.add_machine()
        ground.ready(1)
        job_id, _ = begun_on(ground, 1_500)
        killed_ms = ground.now_ms()
        machine.kill()
        job = ended(ground, job_id, 40)
        LOG.warning("taken over after %.1f s", first_ended_s(job, killed_ms))

        assert [] == ground.overlaps()


def test_a_killed_job_process_is_noticed_at_once(ground: Ground) -> None:
    """The job of a killed child is attempted again without waiting for any lease."""
    two_machines(ground)
    job_id, _ = begun_on(ground, 1_500)
    killed_ms = ground.now_ms()
    os.kill(ground.begun(job_id).pid, signal.SIGKILL)
    job = ended(ground, job_id)
    noticed_s = first_ended_s(job, killed_ms)
    LOG.warning("noticed after %.2f s", noticed_s)

    assert noticed_s < 2
    assert [] == ground.overlaps()


def test_a_stopped_worker_that_wakes_is_refused(ground: Ground) -> None:
    """A stopped worker's job dies before the next attempt begins; its waking changes nothing."""
    two_machines(ground)
    job_id, machine = begun_on(ground, LONG_MS)
    child = psutil.Process(ground.begun(job_id).pid)
    worker = machine.worker_process()
    worker.send_signal(signal.SIGSTOP)
    second = ground.begun(job_id, epoch=2)
    assert not child.is_running()
    worker.send_signal(signal.SIGCONT)
    eventually(lambda: machine.worker_process().status() != psutil.STATUS_STOPPED, 10)
    job = ground.job(job_id)

    assert (Status.RUNNING, 2) == (job.status, job.epoch)
    assert ["lost"] == [attempt.end for attempt in job.attempts]
    assert psutil.pid_exists(second.pid)
    ground.store.jobs.cancel(
        SCOPE, job_id, by="ann", reason=None, force=True, preserve=False, keep_ms=10**9
    )
    eventually(lambda: ground.job(job_id).ended, 15)
    assert Status.CANCELLED == ground.job(job_id).status


@pytest.mark.parametrize("often", [1, 2])
def test_a_worker_told_to_end_gives_its_job_back(ground: Ground, often: int) -> None:
    """SIGTERM burns no attempt, also when it reaches master, worker and child, twice."""
    two_machines(ground)
    job_id, machine = begun_on(ground, 7_000)
    machine.program.wanted = False
    assert machine.program.process is not None
    for _ in range(often):
        for one in machine.program.below():
            one.send_signal(signal.SIGTERM)
        time.sleep(0.3)  # a platform's second signal comes a moment later
    job = ended(ground, job_id)

    assert 0 == job.lost_attempts
    assert ["given_back", "completed"] == [attempt.end for attempt in job.attempts]
    assert [] == ground.overlaps()
    laws.check(ground.store)


def test_a_worker_cut_off_past_its_lease_ends_its_job_itself(ground: Ground) -> None:
    """A worker that cannot reach the store stops its attempt before another one may begin."""
    two_machines(ground)
    job_id, machine = begun_on(ground, 8_000)
    machine.wire.become(Weather.BLACKHOLE)
    ground.begun(job_id, epoch=2)
    time.sleep(1)  # long enough to see the first attempt if it lived on
    machine.wire.become(Weather.FAIR)
    job = ended(ground, job_id)

    assert [] == ground.overlaps()
    assert ["lost", "completed"] == [attempt.end for attempt in job.attempts]
    eventually(lambda: len(ground.store.fleet.workers(now_ms=ground.now_ms())) == 2)
    laws.check(ground.store)


@pytest.mark.parametrize("away_s", [5, 12])
def test_workers_outlast_a_store_that_is_away(tmp_path: Path, away_s: int) -> None:
    """A store that is down for some seconds costs no attempt: the result is told afterwards."""
    with Ground(tmp_path, settings={"QUEUEAPP_LEASE_SECONDS": "20"}) as ground:
        two_machines(ground)
        job_id, machine = begun_on(ground, 3_000)
        for one in ground.machines:
            one.wire.become(Weather.REFUSE)
        time.sleep(away_s)
        for one in ground.machines:
            one.wire.become(Weather.FAIR)
        back_ms = ground.now_ms()
        job = ended(ground, job_id)
        assert job.ended_ms is not None
        LOG.warning("told %.1f s after the store was back", (job.ended_ms - back_ms) / 1000)

        assert (1, machine.name) == (job.epoch, job.attempts[0].node)
        following = submit(ground, 50)
        ended(ground, following, 20)
        laws.check(ground.store)


def test_workers_outlast_a_store_that_hangs(tmp_path: Path) -> None:
    """A store that is silent meanwhile costs no attempt, and requests are refused at once."""
    with Ground(tmp_path, settings={"QUEUEAPP_LEASE_SECONDS": "20"}) as ground:
        two_machines(ground)
        address = ground.add_web()
        eventually(lambda: _asked(address)[0] == 200)
        job_id, machine = begun_on(ground, 3_000)
        store = ground.server.process_id()
        assert store is not None
        os.kill(store, signal.SIGSTOP)
        began = time.monotonic()
        first, *others = [_asked(address) for _ in range(20)]
        time.sleep(max(0.0, 8 - (time.monotonic() - began)))
        os.kill(store, signal.SIGCONT)
        eventually(lambda: _asked(address)[0] == 200, 1)
        job = ended(ground, job_id, 20)
        LOG.warning("refused after %.2f s, then %.3f s", first[1], max(s for _, s in others))

        assert {503} == {status for status, _ in (first, *others)}
        assert first[1] < 3
        assert sorted(seconds for _, seconds in others)[len(others) // 2] < 0.1
        assert (1, machine.name) == (job.epoch, job.attempts[0].node)
        laws.check(ground.store)


def _asked(address: str) -> tuple[int, float]:
    """Ask for jobs; return the status, 0 while nobody listens, and the seconds it took."""
    began = time.monotonic()
    try:
        answer = requests.get(
            f"{address}{PROJECT}/execution/jobs",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=10,
        )
    except requests.ConnectionError:
        return 0, 0.0
    return answer.status_code, time.monotonic() - began
