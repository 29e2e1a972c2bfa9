"""Submit: a job is accepted once, at the place its priority and its turn give it."""

import pytest

from queueapp.domain.errors import IdempotencyMismatch, QueueFull, ValidationFailed
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from queueapp.store.answers import Idempotency
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit

OTHER = Scope("tenant", "other")


def test_positions_follow_priority_then_turn(store: Store) -> None:
    """A job stands behind all better tiers and behind earlier jobs of its own."""
    submit(store, id="n1")
    submit(store, id="n2")
    high = submit(store, id="h1", priority=Priority.HIGH)
    low = submit(store, id="l1", priority=Priority.LOW)

    assert (high.position, high.tier_position) == (1, 1)
    assert (low.position, low.tier_position) == (4, 1)
    assert store.jobs.position(SCOPE, "n2") == 3


def test_scopes_do_not_count_each_other(store: Store) -> None:
    """A job's position counts the jobs of its own scope only."""
    submit(store)
    receipt = submit(store, scope=OTHER)

    assert receipt.position == 1


def test_same_id_again_changes_nothing(store: Store) -> None:
    """Submitting an id again answers as the first time and stores nothing."""
    job = spec()
    first = store.jobs.submit(job)
    again = store.jobs.submit(job)

    assert (first.new, again.new) == (True, False)
    assert first.created_ms == again.created_ms
    assert store.client.zcard(store.keys("queue", SCOPE.key)) == 1


def test_idempotency_key_returns_the_first_job(store: Store) -> None:
    """A repeated key gets the job it made, another request under it is refused."""
    key = Idempotency("k", "what was asked")
    first = store.jobs.submit(spec(), idempotency=key)
    again = store.jobs.submit(spec(), idempotency=key)

    assert first.job_id == again.job_id
    assert store.client.zcard(store.keys("queue", SCOPE.key)) == 1
    with pytest.raises(IdempotencyMismatch):
        store.jobs.submit(spec(), idempotency=Idempotency("k", "something else"))


def test_full_queue_refuses_and_keeps_nothing(store: Store) -> None:
    """A job that finds the queue full leaves no trace."""
    submit(store)
    keys = sorted(store.client.keys("*"))
    with pytest.raises(QueueFull):
        store.jobs.submit(spec(), max_queued=1)

    assert keys == sorted(store.client.keys("*"))


def test_unknown_dependency_is_refused(store: Store) -> None:
    """A dependency must be a job of the same scope."""
    submit(store, id="elsewhere", scope=OTHER)
    for missing in ("nobody", "elsewhere"):
        with pytest.raises(ValidationFailed):
            store.jobs.submit(spec(dependencies=(missing,)))


def test_head_stands_before_its_tier_and_behind_better_ones(store: Store) -> None:
    """A job submitted to the head is first of its tier only."""
    submit(store, id="n1")
    submit(store, id="h1", priority=Priority.HIGH)
    receipt = store.jobs.submit(spec(id="first"), head=True)

    assert (receipt.position, receipt.tier_position) == (2, 1)


def test_job_with_a_future_time_is_queued_but_not_claimable(store: Store) -> None:
    """A scheduled job is counted and listed, and runs only after its time."""
    add_worker(store)
    submit(store, id="later", scheduled_ms=2_000, now_ms=1_000)

    assert claim(store, now_ms=1_500) is None
    assert store.jobs.position(SCOPE, "later") == 1
    store.scripts.call("promote", limit=10, now_ms=2_000)
    held = claim(store, now_ms=2_001)
    assert held is not None
    assert held.job.id == "later"


def test_dependent_waits_and_then_runs(store: Store) -> None:
    """A job runs only after every job that it depends on has completed."""
    add_worker(store)
    submit(store, id="first")
    submit(store, id="second", dependencies=("first",), priority=Priority.CRITICAL)
    held = claim(store)

    assert held is not None
    assert held.job.id == "first"
    assert claim(store) is None
    finish(store, held)
    store.scripts.call("cascade", limit=10, keep_ms=1_000)
    then = claim(store)
    assert then is not None
    assert then.job.id == "second"


@pytest.mark.parametrize(("policy", "wanted"), [("cancel", "Cancelled"), ("run", "Queued")])
def test_dependents_of_a_failed_job_follow_their_policy(
    store: Store, policy: str, wanted: str
) -> None:
    """After a failure dependents are cancelled, or run if they were submitted to run anyway."""
    add_worker(store)
    submit(store, id="first")
    submit(store, id="second", dependencies=("first",), on_dependency_failure=policy)
    held = claim(store)
    assert held is not None
    finish(store, held, "failed")
    store.scripts.call("cascade", limit=10, keep_ms=1_000)

    assert wanted == store.jobs.get(SCOPE, "second").status


def test_dependency_that_already_failed_cancels_at_once(store: Store) -> None:
    """A job submitted behind a failed one follows its policy like any dependent."""
    add_worker(store)
    submit(store, id="first")
    held = claim(store)
    assert held is not None
    finish(store, held, "failed")
    submit(store, id="second", dependencies=("first",))
    store.scripts.call("cascade", limit=10, keep_ms=1_000)

    assert store.jobs.get(SCOPE, "second").status == "Cancelled"
