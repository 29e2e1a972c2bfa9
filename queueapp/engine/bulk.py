"""Carries operations on many jobs out: while a request waits, or in upkeep after it gave up.

Each step is one script of the store that is done once, so two drivers do no harm.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from queueapp.domain.bulk import Bulk, BulkAction, BulkState, Kept
from queueapp.domain.errors import NotFound, QueueappError, Unavailable
from queueapp.domain.scope import Scope
from queueapp.store import Store

#: How long nobody must have driven an operation before upkeep does.
LEFT_ALONE_MS = 5_000
UPKEEP_S = 1.0
AT_ONCE = 20
RETRIES = 25

#: The engine's retry.
Retry = Callable[..., Any]


def drive(
    store: Store,
    scope: Scope,
    bulk_id: str,
    *,
    keep_ms: int,
    retry: Retry,
    wait_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Bulk:
    """Do the steps of an operation until it is over or ``wait_s`` have passed; return it.

    Raises: NotFound when it has expired.
    """
    deadline = clock() + wait_s
    bulk = store.bulks.get(scope, bulk_id)
    while not bulk.over and clock() < deadline:
        if bulk.action is BulkAction.RETRY and bulk.state is BulkState.ACTING:
            state, step = _retry_next(store, scope, bulk, retry)
        else:
            state, step = store.bulks.step(scope, bulk, keep_ms=keep_ms)
        bulk = bulk.at(state, step)
    return store.bulks.get(scope, bulk_id)


def _retry_next(store: Store, scope: Scope, bulk: Bulk, retry: Retry) -> tuple[BulkState, int]:
    ids = store.bulks.upcoming(scope, bulk, RETRIES)
    found = {job.id: job for job in store.jobs.get_many(ids)}
    results: list[tuple[str, Kept | None]] = []
    for job_id in ids:
        # The same for every driver, so that a step which is done twice makes no second job.
        new_id = str(uuid.uuid5(uuid.UUID(bulk.id), job_id))
        if job_id not in found:
            results.append((job_id, Kept.ENDED))
        elif found[job_id].retried_as not in (None, new_id):
            results.append((job_id, Kept.RETRIED))
        else:
            results.append((job_id, _retried(scope, bulk, job_id, new_id, retry)))
    return store.bulks.retried(scope, bulk, results)


def _retried(scope: Scope, bulk: Bulk, job_id: str, new_id: str, retry: Retry) -> Kept | None:
    act = bulk.act
    try:
        retry(scope, job_id, by=act.by, reason=act.reason, request_id=act.request_id, new_id=new_id)
    except Unavailable:
        raise
    except QueueappError:
        return Kept.REFUSED
    return None


def drive_waiting(store: Store, *, keep_ms: int, retry: Retry) -> None:
    """Go on with the operations whose driver is gone; for upkeep, a second at a time."""
    before_ms = store.now_ms() - LEFT_ALONE_MS
    deadline = time.monotonic() + UPKEEP_S
    for scope, bulk_id in store.bulks.waiting(before_ms=before_ms, limit=AT_ONCE):
        try:
            drive(
                store,
                scope,
                bulk_id,
                keep_ms=keep_ms,
                retry=retry,
                wait_s=deadline - time.monotonic(),
            )
        except NotFound:
            store.bulks.forget(scope, bulk_id)
