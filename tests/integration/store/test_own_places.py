"""A user without the operator's role only permutes the places that its own jobs hold."""

import random

import pytest

from queueapp.domain.errors import MoveTooFar, NotYourJob, NotYourPlace
from queueapp.domain.queue import Priority
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, submit


def order(store: Store) -> list[str]:
    """Return the ids of the queued jobs in order; a job's first letter is its user's."""
    return list(store.client.zrange(store.keys("queue", SCOPE.key), 0, -1))


def peopled(store: Store, jobs: str) -> None:
    """Submit a job for each letter, by the user of that letter."""
    for number, user in enumerate(jobs):
        submit(store, id=f"{user}{number}", submitted_by=user)


def test_jobs_of_others_stay_where_they_are(store: Store) -> None:
    """The own jobs between change places among themselves, and are told as affected."""
    peopled(store, "abaaba")
    moved = store.queue.move(SCOPE, "a5", position=1, owner="a", rows=10)

    assert ["a5", "b1", "a0", "a2", "b4", "a3"] == order(store)
    assert (6, 1) == (moved.position_before, moved.position)
    assert [("a0", 3), ("a2", 4), ("a3", 6)] == moved.affected
    back = store.queue.move(SCOPE, "a5", before="a3", owner="a", rows=1)
    assert ["a0", "b1", "a2", "a5", "b4", "a3"] == order(store)
    assert (1, 4, [("a0", 1)], 2) == (
        back.position_before,
        back.position,
        back.affected,
        back.affected_count,
    )


def test_what_is_not_ones_own_is_refused(store: Store) -> None:
    """Another's job, another's place, and a place before another's job."""
    peopled(store, "aba")
    before = order(store)
    with pytest.raises(NotYourJob):
        store.queue.move(SCOPE, "b1", position=1, owner="a")
    with pytest.raises(NotYourPlace):
        store.queue.move(SCOPE, "a0", position=2, owner="a")
    with pytest.raises(NotYourPlace):
        store.queue.move(SCOPE, "a2", before="b1", owner="a")
    with pytest.raises(NotYourPlace):
        store.queue.move(SCOPE, "a0", before="b1", owner="a")
    with pytest.raises(NotYourJob):
        store.queue.reprioritise(SCOPE, "b1", Priority.HIGH, owner="a")

    assert before == order(store)


def test_too_many_at_once_are_refused(store: Store) -> None:
    """A move that would exchange over a thousand places says so; one among neighbours is cheap."""
    peopled(store, "b" + "a" * 1_001)
    assert 1 == store.queue.move(SCOPE, "a1001", position=2, owner="a").position - 1
    submit(store, id="b9999", submitted_by="b")
    submit(store, id="a9999", submitted_by="a")
    with pytest.raises(MoveTooFar):
        store.queue.move(SCOPE, "a9999", position=2, owner="a")
    assert 1004 == store.queue.move(SCOPE, "a9999", before="a9999", owner="a").position


@pytest.mark.parametrize("seed", range(3))
def test_random_moves_of_users(store: Store, seed: int) -> None:
    """Whatever users do, everybody else's jobs keep their places; the store agrees with a list."""
    dice = random.Random(seed)
    peopled(store, "".join(dice.choice("abc") for _ in range(24)))
    queue = order(store)
    for _ in range(150):
        job = dice.choice(queue)
        mine = [place for place, one in enumerate(queue) if one[0] == job[0]]
        here, there = mine.index(queue.index(job)), dice.randrange(len(mine))
        own = [queue[place] for place in mine]
        own.insert(there, own.pop(here))
        moved = store.queue.move(SCOPE, job, position=mine[there] + 1, owner=job[0], rows=100)
        was = dict(zip(queue, range(1, 25), strict=True))
        for place, one in zip(mine, own, strict=True):
            queue[place] = one
        now = {one: place for place, one in enumerate(queue, start=1)}

        assert queue == order(store)
        changed = {one: place for one, place in now.items() if place != was[one] and one != job}
        assert changed == dict(moved.affected)
        assert len(changed) == moved.affected_count


def test_turns_of_hosts_follow_an_exchange(store: Store) -> None:
    """Pinned jobs of several users run in the order of the queue after an exchange."""
    add_worker(store)
    for number, (user, host) in enumerate([("a", "h1"), ("b", "h2"), ("a", "h2"), ("a", "h1")]):
        submit(store, id=f"{user}{number}", submitted_by=user, host=host)
    store.queue.move(SCOPE, "a2", position=1, owner="a")
    taken = []
    while held := claim(store):
        taken.append(held.job.id)
        finish(store, held)

    assert ["a2", "b1", "a0", "a3"] == taken
