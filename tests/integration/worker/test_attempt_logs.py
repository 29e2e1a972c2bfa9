"""Each attempt's logs are kept, however it ended, and go with their job."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from queueapp.config import Config
from queueapp.domain.job import Job
from queueapp.domain.states import Status
from queueapp.engine.job_logs import LogQuery, read_page
from queueapp.objects import object_key
from queueapp.store import Store
from queueapp.upkeep.chores import prune
from tests.factories import SCOPE
from tests.integration.worker.conftest import RunningWorker
from tests.waiting import eventually


@pytest.fixture
def worker(store: Store, config: Config) -> Iterator[RunningWorker]:
    """A worker that offers jobs that talk."""
    running = RunningWorker(replace(config, actors=("tests.integration.worker.talking_jobs",)))
    yield running
    running.stop()


def said(worker: RunningWorker, job: Job, attempt: int, level: str = "INFO") -> list[str]:
    """Return the messages of an attempt."""
    tail = worker.process.store.jobs.log_tail(job)
    query = LogQuery(level=level, attempts=(attempt,))
    return [line.message for _, line in read_page(worker.process.objects, job, query, tail).lines]


def stored(worker: RunningWorker, job: Job) -> set[str]:
    """Return the object keys under a job."""
    prefix = object_key("artifacts", SCOPE.tenant, SCOPE.project, job.id)
    return set(worker.process.objects.keys(prefix))


def test_attempts_that_are_tried_again_keep_their_logs(worker: RunningWorker) -> None:
    """Of a retried attempt the logs stay and the other files go."""
    job = worker.run("Talk.Retry")

    assert Status.COMPLETED == job.status
    for number in (1, 2):
        expected = [f"logged by attempt {number}", f"printed by attempt {number}"]
        assert [*expected, "queueapp.RetryableError: not yet"] == said(worker, job, number)
    assert ["details of the attempt"] == said(worker, job, 3, "DEBUG")[:1]
    named = {log.object_key for attempt in job.attempts for log in attempt.logs}
    assert 8 == len(named)
    assert named == stored(worker, job)


def test_killed_attempts_keep_their_logs(worker: RunningWorker) -> None:
    """A job whose process is killed keeps what it had said, of every attempt."""
    job = worker.run("Talk.Killed")

    assert ["lost", "lost", "lost"] == [attempt.end for attempt in job.attempts]
    for number in (1, 2, 3):
        assert ["about to be killed", "last words"] == said(worker, job, number)


def test_running_attempt_is_heard(worker: RunningWorker) -> None:
    """Lines are there while the job runs, and a stop gives them back with the job."""
    job_id = worker.submit("Talk.Wait")
    running = worker.until(job_id, lambda job: bool(worker.process.store.jobs.log_tail(job)[1]))

    assert ["waiting"] == said(worker, running, 1)
    worker.stop()
    back = worker.engine.job(SCOPE, job_id)
    assert (Status.QUEUED, "given_back") == (back.status, back.attempts[0].end)
    assert ["waiting"] == said(worker, back, 1)


def test_dead_zygote_leaves_the_logs(worker: RunningWorker) -> None:
    """When the process that forks jobs dies, the worker still has what the job said."""
    job_id = worker.submit("Talk.Wait")
    worker.until(job_id, lambda job: bool(worker.process.store.jobs.log_tail(job)[1]))
    worker.kill_zygote(job_id)
    again = worker.until(job_id, lambda job: job.epoch == 2 and job.status is Status.RUNNING)

    assert "lost" == again.attempts[0].end
    assert ["waiting"] == said(worker, again, 1)
    worker.engine.cancel(SCOPE, job_id, by="ann", force=True)


def test_stale_attempt_keeps_nothing(worker: RunningWorker, store: Store) -> None:
    """An attempt that was taken away publishes no logs when it comes back."""
    job_id = worker.submit("Talk.Wait")
    running = worker.until(job_id, lambda job: bool(store.jobs.log_tail(job)[1]))
    assert running.worker is not None
    store.fleet.disown(running.worker, max_lost=1, keep_ms=60_000)
    failed = worker.until(job_id, lambda job: job.ended)
    eventually(lambda: not worker.process.runner.running)
    worker.stop()

    assert Status.FAILED == failed.status
    assert () == worker.engine.job(SCOPE, job_id).attempts[0].logs
    assert set() == stored(worker, failed)


def test_logs_go_with_their_job(worker: RunningWorker, store: Store) -> None:
    """What is past its retention leaves no log behind."""
    job = worker.run("Talk.Retry")
    assert stored(worker, job)
    later_ms = int(time.time() * 1000) + 40 * 86_400_000
    prune(store, worker.process.forget, now_ms=later_ms)

    assert set() == stored(worker, job)
