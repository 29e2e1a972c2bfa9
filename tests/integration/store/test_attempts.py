"""Attempts: only the live epoch counts, and each end is one of the known ones."""

from collections.abc import Callable

import pytest

from queueapp.domain.errors import Conflict, JobNotCancellable, LeaseLost, NotFound
from queueapp.domain.job import Claim, RetryPolicy
from queueapp.domain.outcome import Failure, Progress, Usage
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store import Store
from queueapp.store.fleet import WorkerUnknown
from tests.factories import NOTHING, SCOPE, add_worker, beat, claim, finish, submit


@pytest.fixture
def held(store: Store) -> Claim:
    """A claimed job."""
    add_worker(store)
    submit(store, id="job")
    found = claim(store)
    assert found is not None
    return found


def reap(store: Store, now_ms: int) -> int:
    """Take back what is overdue at a time."""
    return int(store.scripts.call("reap", max_lost=3, keep_ms=1_000, limit=100, now_ms=now_ms))


def cancel(store: Store, **options: bool) -> tuple[Status, Status]:
    """Cancel the job."""
    wish = {"force": False, "preserve": True, **options}
    return store.jobs.cancel(SCOPE, "job", by="ann", reason="why", keep_ms=1_000, **wish)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("completed", "Completed"),
        ("failed", "Failed"),
        ("cancelled", "Cancelled"),
        ("lost", "Queued"),
        ("given_back", "Queued"),
    ],
)
def test_each_outcome_has_its_status(store: Store, held: Claim, outcome: str, status: str) -> None:
    """An attempt's outcome decides the job's status, once and for all."""
    assert status == finish(store, held, outcome)
    assert status == finish(store, held, outcome)
    assert status == store.jobs.get(SCOPE, "job").status
    assert [outcome] == [attempt.end for attempt in store.jobs.get(SCOPE, "job").attempts]


def test_terminal_never_changes(store: Store, held: Claim) -> None:
    """After the end neither a report nor another outcome nor a cancel changes a job."""
    finish(store, held)

    assert finish(store, held, "failed") == "Completed"
    with pytest.raises(LeaseLost):
        store.attempts.report("job", held.epoch, Progress(1), NOTHING)
    with pytest.raises(JobNotCancellable):
        cancel(store)


def test_overdue_lease_is_taken_back_and_the_old_attempt_refused(store: Store, held: Claim) -> None:
    """Past its lease a job runs again under a new epoch; the stale attempt can do nothing."""
    assert reap(store, held.lease_until_ms - 1) == 0
    assert reap(store, held.lease_until_ms) == 1
    again = claim(store)

    assert again is not None
    assert held.epoch + 1 == again.epoch
    for stale in _acts(store, held):
        with pytest.raises(LeaseLost):
            stale()
    assert beat(store, "w1", [("job", 1)])["lost"] == [["job", 1]]


def _acts(store: Store, stale: Claim) -> list[Callable[[], object]]:
    return [
        lambda: store.attempts.report("job", stale.epoch, Progress(1), NOTHING),
        lambda: finish(store, stale),
        lambda: finish(store, stale, "given_back"),
    ]


def test_jobs_of_a_dead_worker_are_taken_back_at_once(store: Store, held: Claim) -> None:
    """A worker that is known to be dead loses its jobs, another one keeps its own."""
    add_worker(store, "w2")
    submit(store, id="other")
    kept = claim(store, "w2")

    assert 1 == store.fleet.disown("w1", max_lost=3, keep_ms=1_000)
    assert kept is not None
    assert ("Queued", "Running") == tuple(
        store.jobs.get(SCOPE, job).status for job in ("job", "other")
    )


def test_heartbeat_keeps_the_lease(store: Store, held: Claim) -> None:
    """A job whose worker beats is not taken back at the end of its first lease."""
    beat(store, "w1", [("job", held.epoch)], now_ms=held.lease_until_ms - 10)

    assert reap(store, held.lease_until_ms) == 0


def test_third_lost_attempt_fails_the_job(store: Store, held: Claim) -> None:
    """A job that loses its workers is attempted again, but not for ever."""
    lease: Claim | None = held
    for status in ("Queued", "Queued", "Failed"):
        assert lease is not None
        reap(store, lease.lease_until_ms)
        assert status == store.jobs.get(SCOPE, "job").status
        lease = claim(store)
    failure = store.jobs.get(SCOPE, "job").failure

    assert failure is not None
    assert failure.code == "worker_lost"


def test_retryable_failure_is_attempted_again_after_its_delay(store: Store) -> None:
    """A retryable failure waits longer each time, until the attempts are used up."""
    add_worker(store)
    submit(store, id="job", retry=RetryPolicy(3, delay_ms=1_000, max_delay_ms=1_500))
    now = 4_000_000_000_000
    for delay in (1_000, 1_500):
        held = claim(store, now_ms=now)
        assert held is not None
        failure = Failure("job_error", "try again", retryable=True)
        assert finish(store, held, "failed", changes={"failure": failure}, now_ms=now) == "Queued"
        assert now + delay == store.jobs.get(SCOPE, "job").due_ms
        store.scripts.call("promote", limit=10, now_ms=now + delay)
        now += delay
    held = claim(store, now_ms=now)
    assert held is not None
    assert (
        finish(
            store,
            held,
            "failed",
            changes={"failure": Failure("x", "y", retryable=True)},
            now_ms=now,
        )
        == "Failed"
    )


def test_cancel_of_a_queued_job_ends_it(store: Store) -> None:
    """A queued job is cancelled at once and never runs."""
    add_worker(store)
    submit(store, id="job")

    assert cancel(store) == (Status.QUEUED, Status.CANCELLED)
    assert claim(store) is None
    job = store.jobs.get(SCOPE, "job")
    assert job.cancel is not None
    assert (job.cancel.by, job.cancel.reason) == ("ann", "why")


def test_cancel_of_a_running_job_reaches_its_worker(store: Store, held: Claim) -> None:
    """A running job's cancel is told by the next report and the next heartbeat."""
    assert cancel(store) == (Status.RUNNING, Status.RUNNING)
    wish = store.attempts.report("job", held.epoch, Progress(5, 10), Usage(cpu_seconds=1.5))

    assert wish is not None
    assert not wish["force"]
    assert list(beat(store, "w1", [("job", held.epoch)])["cancel"]) == ["job"]
    cancel(store, force=True)
    wish = store.attempts.report("job", held.epoch, Progress(6, 10), NOTHING)
    assert wish is not None
    assert wish["force"]


def test_cancelled_job_whose_worker_dies_is_cancelled(store: Store, held: Claim) -> None:
    """Nobody runs a job again that was asked to stop."""
    cancel(store)
    reap(store, held.lease_until_ms)

    assert store.jobs.get(SCOPE, "job").status == "Cancelled"


def test_another_scope_sees_nothing(store: Store, held: Claim) -> None:
    """A job is not found under another tenant or project."""
    for scope in (Scope("tenant", "other"), Scope("other", "project")):
        with pytest.raises(NotFound):
            store.jobs.get(scope, "job")
        with pytest.raises(NotFound):
            store.jobs.cancel(
                scope, "job", by="x", reason=None, force=True, preserve=True, keep_ms=1
            )


def test_unknown_worker_must_register_again(store: Store) -> None:
    """A worker whose registration is gone is told so, and is given nothing."""
    with pytest.raises(WorkerUnknown):
        beat(store, "nobody", [])
    with pytest.raises(Conflict):
        claim(store, "nobody")


def test_prune_leaves_nothing_of_a_job(store: Store, held: Claim) -> None:
    """After its retention a job is gone with every index entry."""
    finish(store, held, now_ms=1_000_000, keep_ms=1_000)

    assert store.scripts.call("prune", limit=10, now_ms=1_000_999) == []
    assert [SCOPE.key, "job"] == store.scripts.call("prune", limit=10, now_ms=1_001_000)
    assert [key for key in store.client.keys("*") if "job" in key.split(":")] == []
    with pytest.raises(NotFound):
        store.jobs.get(SCOPE, "job")


def test_prune_waits_until_dependents_are_told(store: Store) -> None:
    """A job that is forgotten quickly still decides what becomes of those that wait for it."""
    add_worker(store)
    submit(store, id="first")
    submit(store, id="second", dependencies=("first",), on_dependency_failure="run")
    held = claim(store)
    assert held is not None
    finish(store, held, "failed", keep_ms=0)
    far_ms = store.queue.page(SCOPE).now_ms + 5_000

    assert [] == store.scripts.call("prune", limit=10, now_ms=far_ms)
    store.scripts.call("cascade", limit=10, keep_ms=10**9)
    assert [SCOPE.key, "first"] == store.scripts.call("prune", limit=10, now_ms=far_ms + 1_000)
    following = claim(store)
    assert following is not None
    assert "second" == following.job.id


def test_a_completed_attempt_is_told_like_the_ones_before_it(store: Store) -> None:
    """Of an attempt that completed without a log the job's own record tells all there is."""
    add_worker(store)
    submit(store, id="job", retry=RetryPolicy(2, delay_ms=0, max_delay_ms=0))
    failure = Failure("job_error", "try again", retryable=True)
    first = claim(store, now_ms=4_000_000_000_000)
    assert first is not None
    finish(store, first, "failed", changes={"failure": failure}, now_ms=4_000_000_000_100)
    second = claim(store, now_ms=4_000_000_000_200)
    assert second is not None
    finish(store, second, now_ms=4_000_000_000_300)

    attempts = store.jobs.get(SCOPE, "job").attempts

    told = [(one.epoch, one.worker, one.end, one.eligible_ms, one.started_ms) for one in attempts]
    assert [
        (1, "w1", "retried", attempts[0].eligible_ms, 4_000_000_000_000),
        (2, "w1", "completed", 4_000_000_000_100, 4_000_000_000_200),
    ] == told
    assert [4_000_000_000_100, 4_000_000_000_300] == [one.ended_ms for one in attempts]
    assert attempts[0].node == attempts[1].node


def test_what_was_reported_is_forgotten_when_the_end_says_otherwise(
    store: Store, held: Claim
) -> None:
    """The end's own progress and usage stand, also where they are nothing at all."""
    store.attempts.report("job", 1, Progress(records_done=40), Usage(cpu_seconds=7.0))

    finish(store, held)

    job = store.jobs.get(SCOPE, "job")
    assert (Progress(), Usage()) == (job.progress, job.usage)
