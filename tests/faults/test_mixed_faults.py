"""Faults at random while hundreds of jobs run: each accepted job ends once, nothing piles up.

`QUEUEAPP_FAULT_SEED` chooses the same faults again; `QUEUEAPP_SOAK_SECONDS` is how long the soak
lasts. Which processes a fault hits at which step of theirs is left to chance all the same.
"""

import os
import random
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from queueapp.config import Config
from queueapp.domain.states import Status
from queueapp.laws import standing
from queueapp.upkeep.chores import cascade, promote, prune
from tests.faults.ground import LEASE_S, LOG, Ground, seed
from tests.faults.nemesis import Nemesis
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.slow]

JOBS = 500
KILLS = 20
SOAK_S = float(os.environ.get("QUEUEAPP_SOAK_SECONDS") or 600)
FAR_MS = 10_000_000_000_000


class Stream:
    """Submits jobs over HTTP from a thread of its own."""

    def __init__(self, ground: Ground, address: str, *, name: int) -> None:
        self._name = name
        self.ids: list[str] = []
        self._ground = ground
        self._address = address
        self._dice = random.Random(name)
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def start(self, number: int | None = None, pause_s: float = 0.0) -> "Stream":
        """Begin, and go on for so many jobs or until the end."""
        self._thread = threading.Thread(target=self._run, args=(number, pause_s), daemon=True)
        self._thread.start()
        return self

    def _run(self, number: int | None, pause_s: float) -> None:
        try:
            while not self._over.is_set() and len(self.ids) != number:
                ms = self._dice.randint(10, 300)
                self.ids.append(
                    self._ground.submit(self._address, f"{self._name}-{len(self.ids)}", ms)
                )
                self._over.wait(pause_s)
        except BaseException as error:
            self._failure = error
            raise

    @property
    def runs(self) -> bool:
        """Whether it still submits."""
        return self._thread is not None and self._thread.is_alive()

    def end(self, *, at_once: bool = False) -> list[str]:
        """Wait for the last job, or stop now; return the ids of the accepted jobs."""
        if at_once:
            self._over.set()
        assert self._thread is not None
        self._thread.join(120)
        assert self._failure is None
        return self.ids


def left_of(ground: Ground, ids: list[str]) -> int:
    """Return how many of the jobs have not ended."""
    return sum(not job.ended for job in ground.store.jobs.get_many(ids))


def assert_each_ended_once(ground: Ground, ids: list[str]) -> None:
    """Assert that every accepted job completed by exactly one attempt, and is there once."""
    assert len(ids) == len(set(ids))
    said = {line.job for line in ground.lines() if line.fact == "end"}
    assert [] == [job_id for job_id in ids if job_id not in said]
    for job_id in ids:
        job = ground.job(job_id)
        assert Status.COMPLETED == job.status, job
        assert 1 == [attempt.end for attempt in job.attempts].count("completed"), job


def recoveries_s(ground: Ground, ids: list[str]) -> list[float]:
    """Return how long after its last sign of life each lost attempt was taken back."""
    last = {(line.job, line.epoch): line.at_ms for line in ground.lines()}
    return [
        (attempt.ended_ms - last[job_id, attempt.epoch]) / 1000
        for job_id in ids
        for attempt in ground.job(job_id).attempts
        if attempt.end == "lost"
        and attempt.error_code == "worker_lost"
        and attempt.ended_ms is not None
        and (job_id, attempt.epoch) in last
    ]


def say(nemesis: Nemesis, ids: list[str]) -> None:
    """Print what happened and how long recoveries took."""
    times = sorted(recoveries_s(nemesis.ground, ids)) or [0.0]
    LOG.warning("%d jobs; faults: %s", len(ids), dict(nemesis.done))
    LOG.warning(
        "%d attempts taken back after a median of %.1f s, at most %.1f s",
        len(times),
        statistics.median(times),
        times[-1],
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("durability", ["everysec", "always"])
def test_random_deaths(tmp_path: Path, durability: str) -> None:
    """Workers, jobs, zygotes, web and store are killed while 500 jobs run: each ends once."""
    dice = random.Random(seed())
    with Ground(tmp_path, durability=durability) as ground:
        address = ground.add_web()
        for _ in range(2):
            ground.add_machine()
        ground.ready(2)
        nemesis = Nemesis(ground, dice)
        stream = Stream(ground, address, name=1).start(JOBS)
        while nemesis.done.total() < KILLS and (stream.runs or left_of(ground, stream.ids)):
            time.sleep(dice.uniform(0.2, 2.0))  # the moments are the experiment
            nemesis.strike(nemesis.kills)
        ids = stream.end()
        eventually(lambda: left_of(ground, ids) == 0, 120)
        say(nemesis, ids)

        assert_each_ended_once(ground, ids)
        assert [] == ground.overlaps()
        assert [] == [str(one) for one in standing(ground.store)]


@dataclass(frozen=True)
class Load:
    """What must not grow: lasting keys, memory of the server, open files of the workers."""

    keys: int
    memory: int
    files: int
    clients: int


def weighed(ground: Ground) -> Load:
    """Weigh the installation at rest, with every ended job forgotten."""
    promote(ground.store)
    cascade(ground.store, Config())
    while ground.client.zcard(ground.store.keys("ended")):
        prune(ground.store, lambda *_: None, now_ms=FAR_MS)
    workers = [one.worker_process() for one in ground.machines]
    return Load(
        keys=len(lasting_keys(ground)),
        memory=int(ground.client.info("memory")["used_memory"]),
        files=max(one.num_fds() for one in workers),
        clients=len(ground.client.client_list()),
    )


def lasting_keys(ground: Ground) -> list[str]:
    """Return the keys that no time ends, but for those of workers, which are buried later."""
    found = [key for key in ground.client.scan_iter(count=1000) if ":w:" not in key]
    pipe = ground.client.pipeline(transaction=False)
    for key in found:
        pipe.ttl(key)
    return [key for key, ttl in zip(found, pipe.execute(), strict=True) if ttl == -1]


def run_through(ground: Ground, stream: Stream) -> list[str]:
    """Let a stream come to its end and all its jobs to theirs."""
    ids = stream.end(at_once=True)
    eventually(lambda: left_of(ground, ids) == 0, 120)
    return ids


@pytest.mark.timeout(SOAK_S + 400)
def test_soak(tmp_path: Path) -> None:
    """After any mixture of faults every job has ended once, and what is kept is what it was."""
    dice = random.Random(seed())
    with Ground(tmp_path) as ground:
        address = ground.add_web()
        for _ in range(2):
            ground.add_machine()
        ground.ready(2)
        run_through(ground, warm_up(ground, address))
        before = weighed(ground)
        nemesis = Nemesis(ground, dice)
        stream = Stream(ground, address, name=2).start(pause_s=0.05)
        until = time.monotonic() + SOAK_S
        while time.monotonic() < until:
            time.sleep(dice.uniform(0.2, 2.0))
            nemesis.strike(nemesis.troubles)
        ids = run_through(ground, stream)
        say(nemesis, ids)

        assert_each_ended_once(ground, ids)
        live_on = [one for one in ground.overlaps() if (one.job, one.epoch) not in nemesis.frozen]
        assert [] == live_on
        assert [] == [str(one) for one in standing(ground.store)]
        assert_flat(ground, before)


def warm_up(ground: Ground, address: str) -> Stream:
    """Run jobs without faults, so that whatever is made once is there."""
    stream = Stream(ground, address, name=3).start(40)
    eventually(lambda: not stream.runs)
    return stream


def assert_flat(ground: Ground, before: Load) -> None:
    """Assert that nothing has grown but by what a moment's work explains."""
    eventually(lambda: len(ground.store.fleet.workers(now_ms=ground.now_ms())) >= 2)
    time.sleep(2 * LEASE_S)  # late commands of cut-off workers arrive, idle connections settle
    after = weighed(ground)
    LOG.warning("before %s", before)
    LOG.warning("after  %s", after)

    assert after.keys <= before.keys
    assert after.files <= before.files + 16
    assert after.clients <= before.clients + 16
    assert after.memory <= before.memory + (16 << 20)
