"""Of the jobs that are pinned to a host one runs at a time, in queue order."""

import pytest

from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import LARGE, SCOPE, add_worker, claim, finish, submit


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
