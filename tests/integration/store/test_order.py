"""Steering: moves, priority changes, pauses and limits change what runs next, and nothing else."""

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.errors import Conflict, CrossesBoundary, NotFound, VersionStale
from queueapp.domain.fleet import Node
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, submit

LARGE = Node("large", "large", cpu_units=100, memory_mb=10**6)


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


def test_nothing_starts_while_paused(store: Store) -> None:
    """After a pause no job of the scope is claimed; other scopes go on."""
    add_worker(store)
    submit(store, id="a")
    paused = store.pauses.pause(SCOPE, act=Act("ann", "why"), until_ms=10**15)
    submit(store, id="b")
    submit(store, id="other", scope=Scope("tenant", "other"))
    held = claim(store)

    assert (1, 0) == (paused.queued, paused.running)
    assert held is not None
    assert "other" == held.job.id
    assert claim(store) is None
    found = store.pauses.of(SCOPE)["*"]
    assert ("ann", "why", 10**15) == (found.by, found.reason, found.until_ms)
    store.pauses.resume(SCOPE, act=Act("ann"))
    assert claim(store) is not None


def test_pausing_again_keeps_the_first_time(store: Store) -> None:
    """A second pause replaces reason and end, not the time of the first."""
    first = store.pauses.pause(SCOPE, act=Act("ann"), until_ms=5_000, now_ms=1_000)
    again = store.pauses.pause(SCOPE, act=Act("bob"), now_ms=2_000)

    assert first.pause is not None
    assert again.pause is not None
    assert 1_000 == first.pause.at_ms == again.pause.at_ms
    assert [] == store.pauses.due(now_ms=10_000, limit=10)


def test_pause_of_one_type_leaves_the_others(store: Store) -> None:
    """A paused job type waits, another type of the scope runs."""
    add_worker(store, types=("Sleep", "Other"))
    submit(store, id="a")
    submit(store, id="b", type="Other")
    store.pauses.pause(SCOPE, kind="Sleep", act=Act("ann"))
    held = claim(store)

    assert held is not None
    assert "b" == held.job.id
    assert claim(store) is None


def test_pause_ends_at_its_time(store: Store) -> None:
    """A due pause is resumed; an early or repeated resume of the chore does nothing."""
    add_worker(store)
    submit(store)
    store.pauses.pause(SCOPE, act=Act("ann"), until_ms=5_000, now_ms=1_000)

    assert [(SCOPE, "*")] == store.pauses.due(now_ms=5_000, limit=10)
    early = store.pauses.resume(SCOPE, act=Act("system"), due_only=True, now_ms=4_999)
    assert early.pause is None
    assert claim(store) is None
    store.pauses.resume(SCOPE, act=Act("system"), due_only=True, now_ms=5_000)
    assert claim(store) is not None


def test_recalled_job_is_told_by_its_next_report(store: Store) -> None:
    """A pause that does not wait asks running jobs to go back."""
    from queueapp.domain.outcome import Progress, Usage

    add_worker(store)
    submit(store)
    held = claim(store)
    assert held is not None
    store.pauses.pause(SCOPE, act=Act("ann"), recall=True)
    wish = store.jobs.report(held.job.id, held.epoch, Progress(), Usage())

    assert {"give_back": True} == wish
    assert "Queued" == finish(store, held, "given_back")
    assert claim(store) is None


def test_limit_of_a_scope(store: Store) -> None:
    """Of a limited scope no more jobs run than allowed; the end of one lets the next start."""
    add_worker(store, node=LARGE)
    for _ in range(4):
        submit(store)
    store.pauses.limit_scope(SCOPE, 2)
    held = [claim(store), claim(store)]

    assert None not in held
    assert claim(store) is None
    first = held[0]
    assert first is not None
    finish(store, first)
    assert claim(store) is not None
    assert claim(store) is None
    store.pauses.limit_scope(SCOPE, None)
    assert claim(store) is not None


def test_limit_of_a_type_counts_the_whole_fleet(store: Store) -> None:
    """Of a limited type no more jobs run than allowed, over all scopes and workers."""
    add_worker(store, "w1", node=LARGE)
    add_worker(store, "w2", node=Node("n2", "n2", cpu_units=100, memory_mb=10**6))
    store.pauses.limit_type("Sleep", 2)
    for project in ("1", "2", "3"):
        submit(store, scope=Scope("t", project))
    first, second = claim(store, "w1"), claim(store, "w2")

    assert first is not None
    assert second is not None
    assert claim(store, "w1") is None
    finish(store, first)
    assert claim(store, "w2") is not None


def pinned(store: Store, job_id: str, host: str = "h1", **changes: object) -> None:
    """Submit a job that is pinned to a host."""
    submit(store, id=job_id, host=host, **changes)


def test_pinned_jobs_run_one_at_a_time_in_order(store: Store) -> None:
    """Of the jobs of one host one runs, the next only after it; other hosts do not wait."""
    add_worker(store, node=LARGE)
    for job in ("a", "b", "c"):
        pinned(store, job)
    pinned(store, "other", "h2")
    first, second = claim(store), claim(store)

    assert first is not None
    assert second is not None
    assert {"a", "other"} == {first.job.id, second.job.id}
    assert claim(store) is None
    assert store.jobs.get(SCOPE, "b").waits_for_host
    assert 0 == store.jobs.get(SCOPE, "b").unmet_dependencies
    order_of_ends = []
    held = first if first.job.id == "a" else second
    while held is not None:
        order_of_ends.append(held.job.id)
        finish(store, held)
        held = claim(store)
    assert ["a", "b", "c"] == order_of_ends


def test_same_host_of_another_scope_is_another_host(store: Store) -> None:
    """Nobody's pinned jobs wait for another tenant's."""
    add_worker(store, node=LARGE)
    pinned(store, "a")
    pinned(store, "b", scope=Scope("other", "project"))

    assert None not in (claim(store), claim(store))


def test_pinned_job_moved_to_the_front_gets_the_turn(store: Store) -> None:
    """Moves and priorities count among the jobs of a host as well."""
    add_worker(store, node=LARGE)
    for job in ("a", "b", "c"):
        pinned(store, job)
    store.queue.move(SCOPE, "c", position=1)
    store.queue.reprioritise(SCOPE, "b", Priority.HIGH)
    taken = []
    for _ in range(3):
        held = claim(store)
        assert held is not None
        taken.append(held.job.id)
        finish(store, held)

    assert ["b", "c", "a"] == taken


@pytest.mark.parametrize("outcome", ["lost", "given_back", "failed", "cancelled"])
def test_host_is_free_after_any_end(store: Store, outcome: str) -> None:
    """However a run ends, the host's turn goes on in queue order."""
    add_worker(store, node=LARGE)
    pinned(store, "a")
    pinned(store, "b")
    held = claim(store)
    assert held is not None
    finish(store, held, outcome)
    following = claim(store)

    assert following is not None
    assert ("a" if outcome in ("lost", "given_back") else "b") == following.job.id
    assert claim(store) is None


def test_cancelled_pinned_job_passes_its_turn_on(store: Store) -> None:
    """The turn of a job that leaves the queue goes to the next."""
    add_worker(store, node=LARGE)
    pinned(store, "a")
    pinned(store, "b", dependencies=())
    pinned(store, "later", scheduled_ms=10**15)
    store.jobs.cancel(SCOPE, "a", by="x", reason=None, force=False, preserve=True, keep_ms=10**9)
    held = claim(store)

    assert held is not None
    assert "b" == held.job.id
    finish(store, held)
    assert claim(store) is None
    store.scripts.call("promote", limit=10, now_ms=10**15)
    last = claim(store, now_ms=10**15)
    assert last is not None
    assert "later" == last.job.id
    finish(store, last, now_ms=10**15)
    assert [] == store.client.keys(store.keys("pin", "*", "*").replace("{", "?").replace("}", "?"))
