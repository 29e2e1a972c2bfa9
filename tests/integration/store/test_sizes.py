"""How many jobs scopes keep, counted in few calls."""

import pytest

from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store import Store
from tests.factories import add_worker, claim, finish, submit

A, B, EMPTY = Scope("t", "a"), Scope("t", "b"), Scope("t", "empty")


def test_jobs_are_counted_by_status_and_by_tier(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the scopes that are asked for alone, however many calls it takes."""
    monkeypatch.setattr("queueapp.store.meters.AT_ONCE", 2)
    add_worker(store)
    submit(store, scope=A, priority=Priority.CRITICAL)
    held = claim(store)
    assert held is not None
    finish(store, held)
    submit(store, scope=A, priority=Priority.CRITICAL)
    assert claim(store) is not None
    for scope, priority in [(A, Priority.LOW), (A, Priority.LOW), (B, Priority.HIGH)]:
        submit(store, scope=scope, priority=priority)
    whole = store.meters.sizes([A, B, EMPTY])

    assert {
        Status.QUEUED: 3,
        Status.RUNNING: 1,
        Status.COMPLETED: 1,
        Status.FAILED: 0,
        Status.CANCELLED: 0,
    } == whole.statuses
    assert {(A, Priority.LOW): 2, (B, Priority.HIGH): 1} == whole.depths
    assert {(B, Priority.HIGH): 1} == store.meters.sizes([B]).depths
    assert {0} == set(store.meters.sizes([]).statuses.values())
