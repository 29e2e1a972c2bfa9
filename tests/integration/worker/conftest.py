"""A real worker in this process: Dramatiq's threads, our broker, children for the jobs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dramatiq
import psutil
import pytest

from queueapp.config import Config
from queueapp.consumer import QUEUE
from queueapp.domain.job import Job, JobRequest
from queueapp.store import Store
from queueapp.worker import WorkerProcess
from tests.factories import SCOPE
from tests.waiting import eventually

ZOO = "tests.integration.runner.bad_jobs"
TWO_FILES = "tests.integration.worker.two_files"


class RunningWorker:
    """A started worker, and short ways to use it."""

    def __init__(self, config: Config, *, slots: int = 2) -> None:
        self.process = WorkerProcess(config, slots=slots)
        self.process.broker.declare_queue(QUEUE)
        self.engine = self.process.engine
        self.dramatiq = dramatiq.Worker(
            self.process.broker, worker_threads=slots, worker_timeout=100
        )
        self.dramatiq.start()
        self._stopped = False

    def stop(self) -> None:
        """Stop as at a SIGTERM."""
        if not self._stopped:
            self._stopped = True
            self.dramatiq.stop()
            self.process.broker.close()

    def submit(self, kind: str, **changes: Any) -> str:
        """Submit a job and return its id."""
        request = replace(JobRequest(name=kind, type=kind), **changes)
        return self.engine.submit(SCOPE, request, by="ann").spec.id

    def until(self, job_id: str, wanted: Callable[[Job], bool], *, within_s: float = 60) -> Job:
        """Wait until a job is as wanted and return it."""
        deadline = time.monotonic() + within_s
        while not wanted(job := self.engine.job(SCOPE, job_id)):
            assert time.monotonic() < deadline, job
            time.sleep(0.01)
        return job

    def run(self, kind: str, **changes: Any) -> Job:
        """Submit a job and wait for its end."""
        return self.until(self.submit(kind, **changes), lambda job: job.ended)

    def kill_zygote(self, job_id: str) -> None:
        """Kill the process that forks jobs, once it is seen to be the parent of this one's."""
        directory = self.process.config.data_dir / "work" / f"{job_id}-1" / "work"
        zygote = psutil.Process(self.process.runner.zygote_pid)
        eventually(lambda: str(directory) in [_folder(child) for child in zygote.children()])
        zygote.kill()


def _folder(process: psutil.Process) -> str:
    try:
        return str(process.cwd())
    except psutil.Error:
        return ""


@pytest.fixture
def config(redis_url: str, tmp_path: Path) -> Config:
    """Settings for a worker of this test."""
    return Config(
        redis_url=redis_url,
        data_dir=tmp_path,
        actors=(ZOO, TWO_FILES),
        lease_seconds=15,
        drain_seconds=0.2,
    )


@pytest.fixture
def worker(store: Store, config: Config) -> Iterator[RunningWorker]:
    """A worker that offers the zoo of jobs."""
    running = RunningWorker(config)
    yield running
    running.stop()
