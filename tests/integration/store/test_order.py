"""Moves and priority changes alter what runs next, and nothing else."""

import pytest

from queueapp.domain.errors import Conflict, CrossesBoundary, NotFound, VersionStale
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, submit


def order(store: Store) -> list[str]:
    """Return the ids of the queued jobs in order."""
    return list(store.client.zrange(store.keys("queue", SCOPE.key), 0, -1))


def test_move_to_every_place(store: Store) -> None:
    """A job can be moved from any place to any place; the others keep their order."""
    for size in range(5):
        submit(store, id=f"j{size}")
    for start in range(5):
        for end in range(5):
            before = order(store)
            moved = store.queue.move(SCOPE, before[start], position=end + 1)
            wanted = [job for job in before if job != before[start]]
            wanted.insert(end, before[start])

            assert wanted == order(store)
            assert (start + 1, end + 1) == (moved.position_before, moved.position)


def test_thousand_moves_into_one_place(store: Store) -> None:
    """Gaps that are used up are spread again: the order stays exact."""
    for number in range(40):
        submit(store, id=f"j{number:02}")
    wanted = order(store)
    for _ in range(1_000):
        job = wanted.pop(-1)
        wanted.insert(20, job)
        store.queue.move(SCOPE, job, position=21)

        assert wanted == order(store)


def test_later_submissions_stay_behind_a_job_moved_to_the_end(store: Store) -> None:
    """A job moved to the end is still before whatever is submitted afterwards."""
    submit(store, id="a")
    submit(store, id="b")
    for _ in range(30):
        store.queue.move(SCOPE, order(store)[0], position=2)
    submit(store, id="late")

    assert "late" == order(store)[-1]


def test_moved_job_runs_at_its_new_turn(store: Store) -> None:
    """Claims follow the order that was made by hand."""
    add_worker(store)
    for job in ("a", "b", "c"):
        submit(store, id=job)
    store.queue.move(SCOPE, "c", before="a")
    held = claim(store)

    assert held is not None
    assert "c" == held.job.id


def test_move_never_leaves_the_tier(store: Store) -> None:
    """A position past the tier's end is refused, or means the end when asked to clip."""
    submit(store, id="high", priority=Priority.HIGH)
    submit(store, id="a")
    submit(store, id="b")
    with pytest.raises(CrossesBoundary):
        store.queue.move(SCOPE, "a", position=3)
    with pytest.raises(Conflict):
        store.queue.move(SCOPE, "a", before="high")

    assert 2 == store.queue.move(SCOPE, "a", position=3, clip=True).position
    assert ["high", "b", "a"] == order(store)


def test_refused_moves_change_nothing(store: Store) -> None:
    """Unknown, foreign, ended and stale moves are refused."""
    add_worker(store)
    submit(store, id="ran")
    held = claim(store)
    assert held is not None
    finish(store, held)
    submit(store, id="a")
    submit(store, id="b")
    with pytest.raises(NotFound):
        store.queue.move(SCOPE, "nobody", position=1)
    with pytest.raises(NotFound):
        store.queue.move(Scope("tenant", "other"), "b", position=1)
    with pytest.raises(Conflict):
        store.queue.move(SCOPE, "ran", position=1)
    version = store.queue.move(SCOPE, "b", position=1).version
    submit(store, id="c")
    with pytest.raises(VersionStale):
        store.queue.move(SCOPE, "c", position=1, seen=[(Priority.NORMAL, version)])

    assert ["b", "a", "c"] == order(store)


def test_promoted_job_takes_its_submission_place(store: Store) -> None:
    """A changed priority puts a job before those of the new tier that were submitted later."""
    submit(store, id="first", priority=Priority.HIGH)
    submit(store, id="mine")
    submit(store, id="later", priority=Priority.HIGH)
    changed = store.queue.reprioritise(SCOPE, "mine", Priority.HIGH)

    assert ["first", "mine", "later"] == order(store)
    assert (3, 2, 2) == (changed.overall_before, changed.overall, changed.position)
    assert Priority.HIGH == store.jobs.get(SCOPE, "mine").spec.priority


def test_move_does_not_change_the_submission_place(store: Store) -> None:
    """After a move a priority change still uses the place of submission."""
    for job in ("a", "b", "c"):
        submit(store, id=job)
    submit(store, id="low", priority=Priority.LOW)
    store.queue.move(SCOPE, "a", position=3)
    store.queue.reprioritise(SCOPE, "a", Priority.LOW)

    assert ["b", "c", "a", "low"] == order(store)


def test_waiting_jobs_can_be_moved_and_reprioritised(store: Store) -> None:
    """Scheduled jobs stand in the order like others, and do not become runnable by it."""
    add_worker(store)
    submit(store, id="a")
    submit(store, id="later", scheduled_ms=10**15)
    store.queue.move(SCOPE, "later", position=1)
    store.queue.reprioritise(SCOPE, "later", Priority.CRITICAL)
    held = claim(store)

    assert held is not None
    assert "a" == held.job.id
    assert claim(store) is None
