"""Processes of a running `queueapp up` are killed at random: every accepted job still ends once."""

import logging
import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.faults.ground import seed
from tests.system.upped import PROJECT, Upped, alive
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

LOG = logging.getLogger(__name__)
JOBS = 30
KILLS = 12
PAUSE_S = (0.3, 1.5)
# So many attempts may be lost that no job can fail by bad luck.
SETTINGS = {"QUEUEAPP_MAX_LOST_ATTEMPTS": "100"}
VICTIMS = ("queueapp.worker:setup", "gunicorn", "zygote", "valkey-server")


def submit(up: Upped, directory: Path, number: int) -> tuple[str, Path]:
    """Submit a job that runs until its gate opens, and return its id and gate."""
    gate = directory / f"{number}.gate"
    body = {
        "jobName": f"job {number}",
        "jobType": "Gated",
        "resource": {"resourceType": "Notebook", "resourceId": "any"},
        "parameters": {"ledger": str(directory / f"{number}.ledger"), "gate": str(gate)},
    }
    return up.client.post(f"{PROJECT}/execution/job", body)["jobId"], gate


def kill_one(up: Upped, dice: random.Random) -> str:
    """Kill a random process of a random kind and return the kind."""
    kind = dice.choice(VICTIMS)
    store = [psutil.Process(pid) for pid in (up.store_pid(),)] if kind == VICTIMS[-1] else []
    found = store or up.programs(kind)
    with suppress(psutil.NoSuchProcess, IndexError):
        dice.choice(found).kill()
        return kind
    return "nobody"


def test_every_accepted_job_ends_once(tmp_path: Path) -> None:
    """Whatever is killed whenever, each accepted job completes, by exactly one attempt."""
    chosen = seed()
    dice = random.Random(chosen)
    up = Upped(tmp_path / "data", workers=2, settings=SETTINGS).ready()
    try:
        jobs = [submit(up, tmp_path, number) for number in range(JOBS)]
        kills = Counter[str]()
        for number in range(KILLS):
            for _, gate in jobs[number * JOBS // KILLS : (number + 1) * JOBS // KILLS]:
                gate.touch()
            time.sleep(dice.uniform(*PAUSE_S))  # the moment of each kill is the experiment
            kills[kill_one(up, dice)] += 1
        LOG.warning("killed: %s", dict(kills))
        ends = [up.ended(job_id) for job_id, _ in jobs]
    finally:
        if up.process.poll() is None:
            up.interrupt()

    assert {"Completed"} == {job["status"] for job in ends}
    for job in ends:
        assert 1 == [attempt["end"] for attempt in job["attempts"]].count("completed")
    eventually(lambda: not any(alive(one) for one in left_behind(tmp_path)))


def left_behind(directory: Path) -> list[psutil.Process]:
    """Return the processes that still have to do with the data directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(directory) in " ".join(process.cmdline()):
                found.append(process)
    return found
