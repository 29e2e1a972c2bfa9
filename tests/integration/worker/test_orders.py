"""A worker does what operators tell it, through the store alone."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from queueapp.config import Config
from queueapp.domain.states import Status
from queueapp.middleware import orders
from queueapp.store import Store
from tests.factories import SCOPE
from tests.integration.worker.conftest import RunningWorker
from tests.waiting import eventually

KEEP_MS = 86_400_000


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the worker would have ended its process, which here is the test's own."""
    gone = threading.Event()
    monkeypatch.setattr(orders, "ASK_S", 0.05)
    kill = os.kill

    def note(pid: int, number: int) -> None:
        if (pid, number) == (os.getpid(), signal.SIGTERM):
            gone.set()
        else:
            kill(pid, number)

    monkeypatch.setattr(os, "kill", note)
    return gone


@pytest.fixture
def worker(store: Store, config: Config, left: threading.Event) -> Iterator[RunningWorker]:
    """A worker that asks for orders often."""
    running = RunningWorker(config)
    yield running
    running.stop()


def name_of(worker: RunningWorker) -> str:
    """Return the worker's name in the fleet."""
    return worker.process.station.worker


def test_a_deleted_worker_ends_its_jobs_and_goes(
    worker: RunningWorker, store: Store, left: threading.Event
) -> None:
    """The job has failed before its process is told, and the worker leaves for good."""
    job_id = worker.submit("Zoo.Sleep")
    worker.until(job_id, lambda job: job.progress.stage == "Sleeping")
    name = name_of(worker)
    gone = store.workers.dismiss([name], by="ann", reason=None, keep_ms=KEEP_MS)
    assert {name: [job_id]} == gone

    assert left.wait(10)
    eventually(lambda: not worker.process.station.held())
    job = worker.until(job_id, lambda job: job.ended)
    assert Status.FAILED == job.status
    assert ["worker_terminated"] == [attempt.error_code for attempt in job.attempts]


def test_a_drained_worker_gives_back_at_its_deadline_and_stays(
    worker: RunningWorker, store: Store, left: threading.Event
) -> None:
    """The attempt does not count; undrained, the same worker takes the job again."""
    job_id = worker.submit("Zoo.Sleep")
    worker.until(job_id, lambda job: job.progress.stage == "Sleeping")
    store.workers.drain(name_of(worker), by="ann", until_ms=1)
    job = worker.until(job_id, lambda job: job.status is Status.QUEUED)

    assert ["given_back"] == [attempt.end for attempt in job.attempts]
    assert 0 == job.lost_attempts
    assert not left.is_set()
    store.workers.undrain(name_of(worker))
    worker.until(job_id, lambda job: job.status is Status.RUNNING)
    store.jobs.cancel(
        SCOPE, job_id, by="a", reason=None, force=True, preserve=False, keep_ms=KEEP_MS
    )
    worker.until(job_id, lambda job: job.ended)


def test_a_worker_restarts_once_it_is_empty(
    worker: RunningWorker, store: Store, left: threading.Event
) -> None:
    """What runs comes to its end first, and nothing further begins."""
    first = worker.submit("Zoo.Sleep")
    worker.until(first, lambda job: job.progress.stage == "Sleeping")
    store.workers.drain(name_of(worker), by="ann", restart=True)
    second = worker.submit("Zoo.Nothing")

    assert not left.wait(0.5)
    store.jobs.cancel(
        SCOPE, first, by="a", reason=None, force=True, preserve=False, keep_ms=KEEP_MS
    )
    assert left.wait(20)
    assert Status.CANCELLED == worker.engine.job(SCOPE, first).status
    assert Status.QUEUED == worker.engine.job(SCOPE, second).status
