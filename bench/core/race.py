"""Jobs per second, CPU, pick-up latency and enqueue cost of each system, in interleaved rounds.

A round gives each system in a random order the same: an empty server, jobs to enqueue while no
worker runs, a worker that works them off, then single jobs for the idle worker.
"""

import json
import os
import random
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.core.server import Server
from bench.core.systems import System

POLL_S = 0.01
PATIENCE_S = 120.0
# The rate is taken between these shares of the jobs left: start and tail are not the rate.
FROM, TO = 0.85, 0.02


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int
    jobs: int
    pickups: int
    pickup_s: float


@dataclass(frozen=True)
class Lap:
    """What one round found of one system."""

    jobs_per_s: float
    worker_us: float
    server_us: float
    enqueue_us: float
    pickup_ms: list[float]


Laps = dict[str, list[Lap]]


class Stuck(Exception):
    """A system does not do its jobs; the text says what its worker said last."""


def race(server: Server, systems: Sequence[System], effort: Effort, *, seed: int) -> Laps:
    """Run the rounds and return each system's laps; one that gets stuck is left out."""
    laps: Laps = {system.name: [] for system in systems}
    dice = random.Random(seed)
    for number in range(effort.rounds):
        order = [system for system in systems if system.name in laps]
        dice.shuffle(order)
        for system in order:
            try:
                lap = _lap(server, system, effort)
            except Stuck as error:
                print(f"  {system.name}: left out: {error}", flush=True)
                del laps[system.name]
                continue
            laps[system.name].append(lap)
            print(
                f"  round {number + 1}/{effort.rounds}  {system.name:<22}"
                f"{lap.jobs_per_s:9.0f} jobs/s",
                flush=True,
            )
    return laps


def _lap(server: Server, system: System, effort: Effort) -> Lap:
    jobs = max(20, int(effort.jobs * system.share))
    server.client.flushall()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environ = system.environment(server.url, Path(folder))
        sent = _client(system, environ, "enqueue", str(jobs))
        with _worker(system, environ, Path(folder)) as worker:
            rate = worker.work_off(server, system, jobs)
            fifo = Path(folder) / "marks"
            os.mkfifo(fifo)
            wanted = (str(effort.pickups), str(effort.pickup_s), str(fifo))
            marks = _client(system, environ, "latency", *wanted)
    return Lap(*rate, statistics.median(sent["us"]), marks["ms"])


def _client(system: System, environ: dict[str, str], *words: str) -> dict[str, list[float]]:
    command = [*system.client, *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["its client failed"]
        raise Stuck(next((line for line in said if line.startswith("Error")), said[-1]))
    told: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return told


class _Worker:
    """A system's worker and all its processes."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def work_off(self, server: Server, system: System, jobs: int) -> tuple[float, float, float]:
        """Return jobs per second, and the worker's and the server's CPU microseconds a job."""
        first = self._until(server, system, jobs, FROM * jobs)
        cpu, used = self.cpu_s(), server.cpu_s()
        last = self._until(server, system, jobs, TO * jobs)
        cpu, used = self.cpu_s() - cpu, server.cpu_s() - used
        done = first[1] - last[1]
        self._until(server, system, jobs, 0)
        return done / (last[0] - first[0]), cpu / done * 1e6, used / done * 1e6

    def _until(self, server: Server, system: System, jobs: int, left: float) -> tuple[float, int]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            now, still = time.monotonic(), system.remaining(server.client, jobs)
            if still <= left:
                return now, still
            if now > deadline or self._process.poll() is not None:
                raise Stuck(f"{still} of {jobs} jobs left. {self._last_words()}")
            time.sleep(POLL_S)

    def cpu_s(self) -> float:
        """Return the CPU time of the worker, its children, and those that it has buried."""
        top = psutil.Process(self._process.pid)
        total = 0.0
        for process in (top, *top.children(recursive=True)):
            try:
                total += sum(process.cpu_times()[:4])
            except psutil.NoSuchProcess:
                continue
        return total

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace").strip().rpartition("\n")[2]


@contextmanager
def _worker(system: System, environ: dict[str, str], folder: Path) -> Iterator[_Worker]:
    log = folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            system.worker, env=environ, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield _Worker(process, log)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)
