"""Carries operations on many jobs out: while a request waits, or in upkeep after it gave up.

Each step is one script of the store that is done once, so two drivers do no harm.
"""

import time
from collections.abc import Callable

from queueapp.domain.bulk import Bulk
from queueapp.domain.errors import NotFound
from queueapp.domain.scope import Scope
from queueapp.store import Store

#: How long nobody must have driven an operation before upkeep does.
LEFT_ALONE_MS = 5_000
UPKEEP_S = 1.0
AT_ONCE = 20


def drive(
    store: Store,
    scope: Scope,
    bulk_id: str,
    *,
    keep_ms: int,
    wait_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Bulk:
    """Do the steps of an operation until it is over or ``wait_s`` have passed; return it.

    Raises: NotFound when it has expired.
    """
    deadline = clock() + wait_s
    bulk = store.bulks.get(scope, bulk_id)
    while not bulk.over and clock() < deadline:
        bulk = _next(store, scope, bulk, keep_ms=keep_ms)
    return store.bulks.get(scope, bulk_id)


def _next(store: Store, scope: Scope, bulk: Bulk, *, keep_ms: int) -> Bulk:
    state, step = store.bulks.step(scope, bulk, keep_ms=keep_ms)
    return bulk.at(state, step)


def drive_waiting(store: Store, *, keep_ms: int) -> None:
    """Go on with the operations whose driver is gone; for upkeep, a second at a time."""
    seconds, micros = store.client.time()
    before_ms = seconds * 1000 + micros // 1000 - LEFT_ALONE_MS
    deadline = time.monotonic() + UPKEEP_S
    for scope, bulk_id in store.bulks.waiting(before_ms=before_ms, limit=AT_ONCE):
        try:
            drive(store, scope, bulk_id, keep_ms=keep_ms, wait_s=deadline - time.monotonic())
        except NotFound:
            store.bulks.forget(scope, bulk_id)
