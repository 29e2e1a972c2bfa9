"""A worker runs jobs from claim to published files and commits what came of them."""

import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from queueapp.broker import DEFAULT_SCOPE
from queueapp.config import Config
from queueapp.domain.audit import Act
from queueapp.domain.job import JobRequest
from queueapp.domain.states import Status
from queueapp.job_types import registry
from queueapp.middleware.priority import UnknownPriority
from queueapp.objects import ObjectStoreUnavailable
from queueapp.store import Store
from queueapp.store.listing import JobFilter
from tests.factories import SCOPE, add_worker
from tests.integration.worker.conftest import RunningWorker
from tests.waiting import eventually


def test_a_job_leaves_results_and_files(worker: RunningWorker) -> None:
    """A completed job has its summary, quality, findings, usage and downloadable bytes."""
    job = worker.run("Zoo.Count", parameters={"n": 7})

    assert Status.COMPLETED == job.status
    assert {"counted": 7} == job.summary
    assert job.quality is not None
    assert (10, 7, 2, 1) == (
        job.quality.total,
        job.quality.valid,
        job.quality.duplicates_removed,
        job.quality.invalid,
    )
    primary = next(item for item in job.artifacts if item.primary)
    stored = worker.process.store.artifacts.get(SCOPE, primary.id)
    assert b"7" == b"".join(worker.process.objects.read(stored.object_key))
    assert job.usage.cpu_seconds is not None
    assert job.usage.peak_rss_bytes is not None
    assert [("completed", 1)] == [(a.end, a.epoch) for a in job.attempts]


def test_work_directory_is_empty_afterwards(worker: RunningWorker, config: Config) -> None:
    """Nothing of an attempt stays on the worker's disk."""
    worker.run("Zoo.Count", parameters={"n": 1})
    worker.run("Zoo.Raise")

    def left() -> list[Path]:
        return [path for path in (config.data_dir / "work").iterdir() if path.name != "zygote"]

    eventually(lambda: not left())


def test_failure_keeps_reason_and_traceback(worker: RunningWorker) -> None:
    """A failed job says why, and its traceback is one of its files."""
    job = worker.run("Zoo.Raise")

    assert Status.FAILED == job.status
    assert job.failure is not None
    assert "job_error" == job.failure.code
    assert "traceback.txt" in [item.name for item in job.artifacts]
    assert not job.partial_results


def test_killed_child_is_attempted_again_then_fails(worker: RunningWorker) -> None:
    """A job whose process is killed each time fails after three attempts, with the reason."""
    job = worker.run("Zoo.Signal", parameters={"signal": int(signal.SIGKILL)})

    assert Status.FAILED == job.status
    assert job.failure is not None
    assert "killed" == job.failure.code
    assert ["lost", "lost", "lost"] == [attempt.end for attempt in job.attempts]


def test_cancel_of_a_running_job_is_done_within_the_wait(worker: RunningWorker) -> None:
    """Cancel waits for the job's process to stop and then answers that it is done."""
    job_id = worker.submit("Zoo.Sleep")
    worker.until(job_id, lambda job: job.status is Status.RUNNING)
    cancelled = worker.engine.cancel(SCOPE, job_id, by="ann", reason="enough")

    assert cancelled.done
    assert Status.CANCELLED == cancelled.job.status
    assert cancelled.job.cancel is not None
    assert "enough" == cancelled.job.cancel.reason


def test_a_pause_that_recalls_sends_a_running_job_back(worker: RunningWorker) -> None:
    """It stops, stands at its old place with the attempt not counted, and starts after the pause.

    A pause with an end is resumed by upkeep, with nobody asking for it.
    """
    job_id = worker.submit("Zoo.Sleep")
    worker.until(job_id, lambda job: job.status is Status.RUNNING)
    behind = worker.submit("Zoo.Nothing", host="not-yet", scheduled_ms=10**13)
    paused = worker.engine.steering.pause(SCOPE, act=Act("ann"), duration_ms=1_500, recall=True)
    back = worker.until(job_id, lambda job: job.status is Status.QUEUED)
    first = worker.engine.store.jobs.position(SCOPE, job_id)
    again = worker.until(job_id, lambda job: job.status is Status.RUNNING)

    assert (1, 1) == (paused.queued, paused.running)
    assert (["given_back"], 0, 0) == (
        [one.end for one in back.attempts],
        back.attempts_used,
        back.lost_attempts,
    )
    assert 1 == first
    assert paused.pause is not None
    assert (again.started_ms or 0) >= (paused.pause.until_ms or 0)
    for one in (job_id, behind):
        worker.engine.cancel(SCOPE, one, by="ann", force=True)


def test_stopping_worker_gives_its_job_back(
    worker: RunningWorker, config: Config, store: Store
) -> None:
    """A job under way at a stop goes back uncounted and ends on the next worker."""
    job_id = worker.submit("Zoo.Sleep")
    worker.until(job_id, lambda job: job.status is Status.RUNNING)
    worker.stop()
    job = store.jobs.get(SCOPE, job_id)

    assert Status.QUEUED == job.status
    assert (["given_back"], 0) == ([a.end for a in job.attempts], job.lost_attempts)
    following = RunningWorker(config)
    try:
        following.until(job_id, lambda job: job.status is Status.RUNNING)
        following.engine.cancel(SCOPE, job_id, by="ann", force=True)
    finally:
        following.stop()


def test_worker_that_leaves_is_forgotten_at_once(worker: RunningWorker, store: Store) -> None:
    """A worker that stops on purpose vanishes from the fleet and from the chores."""
    now_ms = int(time.time() * 1000)
    assert 1 == len(store.fleet.workers(now_ms=now_ms))
    worker.stop()

    assert [] == store.fleet.workers(now_ms=now_ms)
    assert store.client.get(store.keys("upkeep")) is None


def test_zygote_that_dies_loses_only_the_attempt(worker: RunningWorker) -> None:
    """When the process that forks jobs is killed its jobs are attempted again."""
    job_id = worker.submit("Zoo.Sleep")
    worker.kill_zygote(job_id)
    again = worker.until(job_id, lambda job: job.epoch >= 2 and job.status is Status.RUNNING)

    assert "lost" == again.attempts[0].end
    worker.engine.cancel(SCOPE, job_id, by="ann", force=True)


def test_new_worker_takes_over_from_a_killed_one(
    worker: RunningWorker, config: Config, store: Store
) -> None:
    """A lock file that nobody holds gives the dead worker's jobs back without delay."""
    add_worker(store, "dead", types=("Zoo.Nothing",))
    # Also the claim of its that waits in the store comes to nothing.
    worker.process.station.claim_no_more()
    job_id = worker.submit("Zoo.Nothing")
    held = store.attempts.claim("dead", operation="1", lease_ms=60_000)
    assert held is not None
    (config.data_dir / "workers" / "dead").touch()
    successor = RunningWorker(config)
    try:
        job = successor.until(job_id, lambda job: job.ended, within_s=30)
    finally:
        successor.stop()

    assert (Status.COMPLETED, 1) == (job.status, job.lost_attempts)


def test_actor_send_makes_a_job(worker: RunningWorker) -> None:
    """Dramatiq's own way of sending works: keyword arguments are the job's parameters."""
    message = registry()["Zoo.Count"].send_with_options(
        kwargs={"n": 3}, priority="high", scope=SCOPE
    )
    job = worker.until(message.message_id, lambda job: job.ended)

    assert (Status.COMPLETED, "High") == (job.status, job.spec.priority)
    page = worker.engine.jobs(DEFAULT_SCOPE, JobFilter(), page=1, page_size=1)
    assert 0 == page.total


def test_unknown_priority_is_refused(worker: RunningWorker) -> None:
    """A message with a priority that does not exist enqueues nothing."""
    with pytest.raises(UnknownPriority):
        registry()["Zoo.Count"].send_with_options(kwargs={"n": 3}, priority="urgent")

    assert [] == worker.process.store.client.keys(worker.process.store.keys("job", "*"))


def test_scheduled_job_starts_at_its_time(worker: RunningWorker) -> None:
    """A job with a time starts after it, not before."""
    at_ms = int(time.time() * 1000) + 1_200
    job = worker.run("Zoo.Nothing", scheduled_ms=at_ms)

    assert job.started_ms is not None
    assert at_ms <= job.started_ms < at_ms + 30_000


def test_lease_outlives_a_long_job(store: Store, config: Config) -> None:
    """Heartbeats keep a job whose run is longer than a lease, in its first attempt."""
    worker = RunningWorker(replace(config, lease_seconds=5))
    try:
        job_id = worker.submit("Zoo.Sleep")
        worker.until(job_id, lambda job: job.status is Status.RUNNING)
        started = time.monotonic()
        job = worker.until(job_id, lambda _: time.monotonic() - started > 5.5)

        assert (Status.RUNNING, 1) == (job.status, job.epoch)
        worker.engine.cancel(SCOPE, job_id, by="ann", force=True)
    finally:
        worker.stop()


def test_estimates_come_from_past_runs(worker: RunningWorker) -> None:
    """Before five runs a range is the timeout's bound, after them it is measured."""
    first = worker.engine.submit(SCOPE, JobRequest("x", "Zoo.Nothing"), by="ann").estimate
    assert ("none", (0, 120)) == (first.duration.basis, first.duration.minutes)
    for _ in range(5):
        worker.run("Zoo.Nothing")
    then = worker.engine.submit(SCOPE, JobRequest("x", "Zoo.Nothing"), by="ann")
    worker.until(then.spec.id, lambda job: job.ended)

    assert ("type", (0, 1)) == (then.estimate.duration.basis, then.estimate.duration.minutes)
    assert then.estimate.start_ms is not None
    assert then.estimate.start_ms >= then.created_ms - 1_000


def test_system_status_counts_what_happened(worker: RunningWorker) -> None:
    """The system status adds up the tenant's own jobs and shows the live node."""
    worker.run("Zoo.Nothing")
    worker.run("Zoo.Raise")
    system = worker.engine.system.of(SCOPE.tenant)

    assert (1, 1, 1) == (system.completed_today, system.failed_today, system.completed_last_24h)
    assert [True] == [node.live for node in system.nodes]
    assert len(psutil.Process().cpu_affinity()) == system.nodes[0].node.cpu_units
    nobody = worker.engine.system.of("somebody else")
    assert (0, 0) == (nobody.completed_today, nobody.failed_today)
    assert datetime.now(UTC).timestamp() * 1000 - system.now_ms < 5_000


def test_job_that_ends_itself_is_not_run_for_ever(worker: RunningWorker) -> None:
    """A job told to end while nobody stops its worker loses the attempt, and fails in the end."""
    job = worker.run("Zoo.Signal", parameters={"signal": int(signal.SIGTERM)})

    assert Status.FAILED == job.status
    assert ["lost", "lost", "lost"] == [attempt.end for attempt in job.attempts]


def test_retry_waits_as_long_as_the_job_asks(worker: RunningWorker) -> None:
    """A retryable failure is attempted again after the job's own delay, then it fails."""
    job = worker.run("Zoo.Retry", max_attempts=2)

    assert Status.FAILED == job.status
    assert ["retried", "failed"] == [attempt.end for attempt in job.attempts]


def test_full_store_keeps_no_half_of_an_attempt(
    worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the object store fails between two files, the first does not stay behind."""
    objects = worker.process.objects
    put = objects.put
    stored: list[str] = []

    def full(key: str, source: Path) -> object:
        if len(stored) % 2:
            stored.append("refused")
            raise ObjectStoreUnavailable("No space left on device")
        stored.append(key)
        return put(key, source)

    monkeypatch.setattr(objects, "put", full)
    job = worker.run("Test.TwoFiles")

    assert job.failure is not None
    assert (Status.FAILED, "storage_unavailable") == (job.status, job.failure.code)
    assert ["refused"] * 3 == stored[1::2]
    assert [] == list(objects.keys("artifacts"))
