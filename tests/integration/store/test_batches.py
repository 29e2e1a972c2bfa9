"""Batches: the jobs of one request are accepted in one step, each as if it came alone."""

from typing import Any

import pytest

from queueapp.domain.errors import IdempotencyMismatch
from queueapp.domain.job import RetryPolicy
from queueapp.domain.queue import Priority
from queueapp.store import Store
from queueapp.store.answers import Idempotency
from tests.factories import SCOPE, spec, submit

KINDS: list[dict[str, Any]] = [
    {},
    {"priority": Priority.CRITICAL, "timeout_minutes": 7, "retry": RetryPolicy(3, 1_000, 9_000)},
    {"host": "h", "device": "h", "queue_ttl_ms": 60_000, "keep_ms": 1_000, "once": True},
    {"device": "h", "queue_ttl_ms": 60_000, "keep_ms": 1_000},
    {"scheduled_ms": 4_000_000_000_000},
    {"dependencies": ("before",), "on_dependency_failure": "run"},
]
# What differs between two jobs that came one after the other.
OF_ITS_OWN = frozenset({"score", "created", "eligible", "expires", "held_at"})


def record(store: Store, job_id: str) -> dict[str, str]:
    """Return what is kept of a job, and which of the sets it stands in, but for times."""
    client, keys = store.client, store.keys
    fields = client.hgetall(keys("job", job_id))
    sets = [
        name
        for name in client.scan_iter("*", _type="zset")
        if client.zscore(name, job_id) is not None
    ]
    assert OF_ITS_OWN >= {"score", "created"} <= fields.keys()
    told = {name: "" if name in OF_ITS_OWN else value for name, value in fields.items()}
    return {**told, "sets": str(sorted(sets))}


@pytest.mark.parametrize("changes", KINDS, ids=lambda one: "-".join(one) or "plain")
def test_a_job_of_a_batch_is_like_one_that_came_alone(
    store: Store, changes: dict[str, Any]
) -> None:
    """The same fields in the same sets; on a host each waits for the one before it."""
    submit(store, id="before", host="h")
    store.jobs.submit(spec(id="alone", **changes))
    store.batches.submit(SCOPE, [spec(id="one", **changes), spec(id="two", **changes)])

    assert record(store, "alone") == record(store, "one") == record(store, "two")


def test_a_batch_fills_what_room_there_is(store: Store) -> None:
    """The first jobs are accepted; a repeat is told the same, though there is room by then."""
    submit(store, id="before")
    key, specs = Idempotency("key", "print"), [spec(id=name) for name in "abc"]
    first = store.batches.submit(SCOPE, specs, max_queued=3, idempotency=key, told={"x": []})
    again = store.batches.submit(SCOPE, specs, max_queued=9, idempotency=key)
    full = store.batches.submit(SCOPE, [spec()], max_queued=3)

    assert (("a", "b"), {"x": []}, False) == (first.job_ids, first.told, first.repeated)
    assert (("a", "b"), {"x": []}, True) == (again.job_ids, again.told, again.repeated)
    assert () == full.job_ids
    assert 3 == store.client.zcard(store.keys("queue", SCOPE.key))
    with pytest.raises(IdempotencyMismatch):
        store.batches.submit(SCOPE, specs, idempotency=Idempotency("key", "other"))
