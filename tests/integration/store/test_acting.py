"""What acts is done once, is answered again as before, and is written down with who and why."""

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.errors import IdempotencyMismatch, VersionStale
from queueapp.domain.queue import Priority
from queueapp.store import Store
from queueapp.store.answers import Idempotency
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE, submit

ANN = Act("ann", "because", "request-1")
BOB = Act("bob", None, "request-2")
ALL = AuditFilter()


def trail(store: Store, wanted: AuditFilter = ALL) -> list[tuple[str, str, str | None]]:
    """Return who did what to which job, oldest first."""
    page = store.audit.page(SCOPE, wanted, before=None, limit=1_000)
    assert page.following is None
    return [(one.by, one.action, one.job_id) for one in reversed(page.entries)]


def test_a_request_with_a_known_key_gets_the_first_receipt(store: Store) -> None:
    """Nothing is done again, not even when the version that it named is long stale."""
    for job in ("a", "b", "c"):
        submit(store, id=job)
    once = Idempotency("key", "print")
    seen = [(Priority.NORMAL, store.queue.page(SCOPE).versions[Priority.NORMAL])]
    first = store.queue.move(SCOPE, "c", position=1, seen=seen, rows=9, act=ANN, idempotency=once)
    store.queue.move(SCOPE, "a", position=1, act=BOB)
    again = store.queue.move(SCOPE, "c", position=1, seen=seen, rows=9, act=ANN, idempotency=once)

    assert (False, True) == (first.repeated, again.repeated)
    assert (first.position, first.version, first.affected) == (
        again.position,
        again.version,
        again.affected,
    )
    assert ["a", "c", "b"] == [row.job_id for row in store.queue.page(SCOPE).rows]
    with pytest.raises(IdempotencyMismatch):
        store.queue.move(SCOPE, "c", position=1, idempotency=Idempotency("key", "other"))
    assert [("ann", "move", "c"), ("bob", "move", "a")] == trail(store)


def test_a_stale_version_tells_the_fresh_one(store: Store) -> None:
    """With the tier that it belongs to, so that the caller can look again."""
    submit(store, id="a")
    with pytest.raises(VersionStale) as caught:
        store.queue.reprioritise(
            SCOPE, "a", Priority.LOW, seen=[(Priority.NORMAL, 77), (Priority.HIGH, 1)]
        )

    assert {"version": 1, "tier": 2} == caught.value.details
    assert [] == trail(store)


def test_every_action_is_recorded_with_what_it_changed(store: Store) -> None:
    """Moves, priorities, pauses, cancels and whatever else is told; not what changed nothing."""
    for job in ("a", "b"):
        submit(store, id=job)
    store.queue.move(SCOPE, "b", position=1, act=ANN)
    store.queue.move(SCOPE, "b", position=1, act=BOB)
    store.queue.reprioritise(SCOPE, "b", Priority.HIGH, act=ANN)
    store.pauses.pause(SCOPE, kind="Sleep", act=BOB)
    store.pauses.resume(SCOPE, kind="Sleep")
    store.jobs.cancel(SCOPE, "a", by="bob", reason="why", force=False, preserve=True, keep_ms=10**9)
    store.pauses.limit_scope(SCOPE, 3, act=ANN)
    store.pauses.weigh_scope(SCOPE, 1.5)
    entries = store.audit.page(SCOPE, ALL, before=None, limit=100).entries[::-1]

    assert ["move", "priority", "pause", "resume", "cancel", "limit"] == [e.action for e in entries]
    move, priority, pause, resume, cancel, limit = entries
    assert ("ann", "because", "request-1", "b", "ann") == (
        move.by,
        move.reason,
        move.request_id,
        move.job_id,
        move.owner,
    )
    assert ({"position": 2}, {"position": 1}) == (move.before, move.after)
    assert ({"priority": "Normal"}, {"priority": "High"}) == (priority.before, priority.after)
    assert {"kind": "Sleep"} == pause.facts
    assert "system" == resume.by
    assert ("why", "Cancelled") == (cancel.reason, cancel.after["status"])
    assert ("because", {"running": "3"}) == (limit.reason, limit.facts)


def test_pages_of_the_trail(store: Store) -> None:
    """Filters choose entries; pages of any size go on where the last one ended."""
    for number in range(6):
        submit(store, id=f"j{number}", submitted_by="cat")
    for number in range(25):
        store.queue.move(SCOPE, f"j{number % 5}", position=6, act=(ANN, BOB)[number % 2])
    store.pauses.pause(SCOPE, act=Act("per cent%/ä"))

    assert 26 == len(trail(store))
    assert 13 == len(trail(store, AuditFilter(by="ann")))
    assert 5 == len(trail(store, AuditFilter(job_id="j2")))
    assert [("per cent%/ä", "pause", None)] == trail(store, AuditFilter(action="pause"))
    assert 1 == len(trail(store, AuditFilter(concerning="per cent%/ä")))
    assert 25 == len(trail(store, AuditFilter(concerning="cat")))
    whole = store.audit.page(SCOPE, ALL, before=None, limit=100).entries
    middle = whole[10].at_ms
    assert [e for e in whole if e.at_ms >= middle] == store.audit.page(
        SCOPE, AuditFilter(from_ms=middle), before=None, limit=100
    ).entries
    assert [e for e in whole if e.at_ms <= middle] == store.audit.page(
        SCOPE, AuditFilter(to_ms=middle), before=None, limit=100
    ).entries
    seen, before = [], None
    while True:
        page = store.audit.page(SCOPE, AuditFilter(by="bob"), before=before, limit=5)
        seen += page.entries
        before = page.following
        if before is None:
            break
    assert [e for e in whole if e.by == "bob"] == seen
