"""What a change of one job leaves for later: nobody can tell, and upkeep does it."""

import random

from queueapp.domain.audit import SYSTEM
from queueapp.domain.queue import TIERS, Priority
from queueapp.laws import Kind, violations
from queueapp.store import Store
from queueapp.store.listing import JobFilter
from queueapp.upkeep.chores import catch_up, prune
from tests.factories import SCOPE, add_worker, claim, finish, submit

KEEP_MS = 86_400_000
FAR_MS = 4_000_000_000_000
MOST_BEHIND = 500


def behind(store: Store) -> set[str]:
    """Return the jobs whose places by type and by user are yet to follow."""
    return set(store.client.smembers(store.keys("behind", SCOPE.key)))


def cancel(store: Store, job_id: str) -> None:
    """Cancel a job."""
    store.jobs.cancel(
        SCOPE, job_id, by="ann", reason=None, force=False, preserve=False, keep_ms=KEEP_MS
    )


def listed(store: Store, priority: Priority) -> list[str]:
    """Return the jobs of a priority, as lists tell them."""
    page = store.listing.page(SCOPE, JobFilter(priority=priority), page=1, page_size=10)
    return [job.id for job in page.jobs]


def of_type(store: Store, kind: str) -> tuple[list[tuple[str, int]], int]:
    """Return a page of one type, and how many jobs it says there are."""
    page = store.queue.page(SCOPE, job_type=kind)
    return [(row.job_id, row.overall) for row in page.rows], page.matching


def test_readers_see_the_order_as_it_is(store: Store) -> None:
    """After any changes a type's page and the user's own places are those of the queue."""
    dice, kinds = random.Random(11), {}
    for number in range(40):
        job_id, kind, user = f"j{number}", dice.choice(["Sleep", "Other"]), dice.choice("ab")
        submit(store, id=job_id, type=kind, submitted_by=user, priority=dice.choice(TIERS))
        kinds[job_id] = kind
    for _ in range(60):
        rows = store.queue.page(SCOPE).rows
        job_id, change = dice.choice(rows).job_id, dice.randrange(4)
        if change == 0 and len(rows) > 10:
            cancel(store, job_id)
        elif change == 1:
            store.queue.reprioritise(SCOPE, job_id, dice.choice(TIERS))
        elif change == 2:
            own = store.jobs.get(SCOPE, job_id).spec
            fellows = [
                row
                for row, tier in zip(rows, store.queue.page(SCOPE).tiers(), strict=True)
                if tier is own.priority
                and store.jobs.get(SCOPE, row.job_id).spec.submitted_by == own.submitted_by
            ]
            place = dice.choice(fellows).position
            moved = store.queue.move(SCOPE, job_id, position=place, owner=own.submitted_by)
            assert place == moved.position
        else:
            store.queue.move(SCOPE, job_id, position=dice.randint(1, 20), clip=True)
        if dice.random() < 0.3:
            ordered = [(row.job_id, row.overall) for row in store.queue.page(SCOPE).rows]
            for kind in ("Sleep", "Other"):
                wanted = [one for one in ordered if kinds[one[0]] == kind]
                assert (wanted, len(wanted)) == of_type(store, kind)


def test_sizes_are_those_of_the_queue(store: Store) -> None:
    """A pause of a type and the forecast of a type count no job that has just been cancelled."""
    for number in range(3):
        submit(store, id=f"j{number}")
    cancel(store, "j1")
    assert 2 == store.forecasts.standing(SCOPE, "Sleep").size
    cancel(store, "j2")
    assert 1 == store.pauses.pause(SCOPE, kind="Sleep", act=SYSTEM).queued


def test_a_list_knows_a_new_priority_at_once(store: Store) -> None:
    """A job is listed under the priority that it was given last, and under no other."""
    submit(store, id="job", priority=Priority.LOW)
    for new in (Priority.HIGH, Priority.CRITICAL, Priority.LOW, Priority.NORMAL):
        store.queue.reprioritise(SCOPE, "job", new)
        if new is not Priority.CRITICAL:
            assert [new] == [tier for tier in TIERS if listed(store, tier)]
    store.queue.reprioritise(SCOPE, "job", Priority.HIGH)
    store.queue.reprioritise(SCOPE, "job", Priority.CRITICAL)
    catch_up(store)

    names = store.client.keys(store.keys("index", SCOPE.key, "priority", "*"))
    assert [store.keys("index", SCOPE.key, "priority", Priority.CRITICAL)] == names
    assert not store.client.hexists(store.keys("job", "job"), "filed")


def test_upkeep_does_what_was_left(store: Store) -> None:
    """The chore leaves nothing behind, in whatever state the jobs are by then."""
    add_worker(store)
    for number in range(6):
        submit(store, id=f"j{number}")
    for number in range(4):
        store.queue.move(SCOPE, f"j{number}", position=6)
    store.queue.reprioritise(SCOPE, "j0", Priority.CRITICAL)
    cancel(store, "j1")
    held = claim(store)
    assert held is not None
    assert {"j0", "j1", "j2", "j3"} == behind(store)
    assert [] == violations(store)

    catch_up(store)
    assert set() == behind(store)
    assert not store.client.exists(store.keys("trailing"))
    assert [] == violations(store)
    assert ["j4", "j5", "j2", "j3"] == [one for one, _ in of_type(store, "Sleep")[0]]


def test_only_so_many_are_left_for_later(store: Store) -> None:
    """Beyond a bound changes are made at once, so that a reader never has more to do."""
    for number in range(MOST_BEHIND + 20):
        submit(store, id=f"j{number:03}")
    store.queue.reprioritise(SCOPE, "j000", Priority.HIGH)
    for number in range(1, MOST_BEHIND + 20):
        store.queue.move(SCOPE, f"j{number:03}", position=1)
    for job_id in ("j000", "j519"):
        store.queue.reprioritise(SCOPE, job_id, Priority.CRITICAL)

    assert MOST_BEHIND == len(behind(store))
    assert [] == violations(store)
    assert "0" == store.client.hget(store.keys("job", "j000"), "tier")
    assert ["j519", "j000"] == listed(store, Priority.CRITICAL)
    ordered = [row.job_id for row in store.queue.page(SCOPE).rows]
    assert ordered == [one for one, _ in of_type(store, "Sleep")[0]]


def test_a_forgotten_job_leaves_nothing(store: Store) -> None:
    """A cancelled job whose retention ends before upkeep came by is gone from all sets."""
    submit(store, id="job")
    store.queue.reprioritise(SCOPE, "job", Priority.HIGH)
    cancel(store, "job")
    prune(store, lambda *_: None, now_ms=FAR_MS)

    for name in (("typed", "*"), ("owned", "*"), ("index", "*", "*")):
        assert [] == store.client.keys(store.keys(name[0], SCOPE.key, *name[1:]))
    catch_up(store)
    assert not store.client.exists(store.keys("trailing"))


def test_a_set_that_forgets_is_found_all_the_same(store: Store) -> None:
    """The law lets off only those jobs that are known to be behind."""
    for name in ("a", "b"):
        submit(store, id=name)
    store.queue.move(SCOPE, "a", position=2)
    for name in ("a", "b"):
        store.client.zrem(store.keys("typed", SCOPE.key, "Sleep"), name)

    assert [(Kind.PLACE, "b")] == [(one.kind, one.job) for one in violations(store)]
    add_worker(store)
    for _ in range(2):
        held = claim(store)
        assert held is not None
        finish(store, held)
    catch_up(store)
