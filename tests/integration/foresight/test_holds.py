"""Estimates keep to what holds jobs back: other jobs, pauses, limits, hosts, other projects."""

from queueapp.domain.fleet import Requirements
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, submit
from tests.integration.foresight.starting import ANN, MINUTE, ONE_SLOT, T0, TIMEOUT, outlook, starts


def test_what_never_fits_has_no_start_and_delays_nobody(store: Store) -> None:
    """It waits until a larger node joins; a moment would be made up."""
    add_worker(store, node=ONE_SLOT)
    for size in (Requirements(8, 1024), Requirements(1, 10**9), Requirements(1, 1024)):
        submit(store, now_ms=T0, requirements=size)
    submit(store, now_ms=T0, type="Unoffered")

    assert [None, None, T0, None] == starts(store)


def test_without_a_live_slot_nothing_is_foreseen(store: Store) -> None:
    """Nobody can say when a worker comes; a draining one gives no slot either."""
    submit(store, now_ms=T0)
    assert [None] == starts(store)

    add_worker(store)
    store.fleet.drain("w1")

    assert [None] == starts(store)
    assert outlook(store).foresight(SCOPE).drain_ms() is None


def test_a_job_starts_after_what_holds_it_back(store: Store) -> None:
    """Schedules, dependencies and pauses bound the start; what has no end leaves it open."""
    add_worker(store)
    submit(store, now_ms=T0, id="first")
    submit(store, now_ms=T0, id="second", dependencies=("first",))
    submit(store, now_ms=T0, id="third", dependencies=("second",))
    submit(store, now_ms=T0, scheduled_ms=T0 + 50 * MINUTE)

    assert [T0, T0 + TIMEOUT, T0 + 2 * TIMEOUT, T0 + 50 * MINUTE] == starts(store)

    assert claim(store, now_ms=T0) is not None
    assert [T0 + TIMEOUT, T0 + 2 * TIMEOUT, T0 + 50 * MINUTE] == starts(store)

    store.pauses.pause(SCOPE, act=ANN, until_ms=T0 + 200 * MINUTE, now_ms=T0)
    paused = T0 + 200 * MINUTE
    assert [paused, paused + TIMEOUT, paused] == starts(store)

    store.pauses.pause(SCOPE, act=ANN, now_ms=T0)
    assert [None, None, None] == starts(store)


def test_a_paused_type_waits_alone(store: Store) -> None:
    """Jobs of other types do not wait for it, and are told so."""
    add_worker(store, node=ONE_SLOT, types=("Sleep", "Other"))
    submit(store, now_ms=T0)
    submit(store, now_ms=T0, type="Other")
    store.pauses.pause(SCOPE, kind="Sleep", act=ANN, now_ms=T0)
    assert [None, T0] == starts(store)

    store.pauses.pause(SCOPE, kind="Sleep", act=ANN, until_ms=T0 + MINUTE, now_ms=T0)

    assert [T0 + TIMEOUT, T0] == starts(store)


def test_limits_of_scope_and_type_hold(store: Store) -> None:
    """Free slots are of no use to jobs that may not take them."""
    add_worker(store, types=("Sleep", "Other"))
    for kind in ("Sleep", "Sleep", "Other", "Other"):
        submit(store, now_ms=T0, type=kind)
    store.pauses.limit_type("Sleep", 1)
    assert [T0, T0 + TIMEOUT, T0, T0] == starts(store)

    store.pauses.limit_type("Sleep", None)
    store.pauses.limit_scope(SCOPE, 2)

    assert [T0, T0, T0 + TIMEOUT, T0 + TIMEOUT] == starts(store)


def test_one_job_at_a_time_on_a_host(store: Store) -> None:
    """Pinned jobs follow each other while slots stand free."""
    add_worker(store)
    for host in ("r1", "r1", "r2"):
        submit(store, now_ms=T0, host=host)

    assert [T0, T0 + TIMEOUT, T0] == starts(store)


def test_other_scopes_take_their_turns(store: Store) -> None:
    """However much they have waiting: as many turns as their weight, no more."""
    add_worker(store, node=ONE_SLOT)
    for _ in range(2):
        submit(store, now_ms=T0)
    alone = starts(store)
    for _ in range(50):
        submit(store, now_ms=T0, scope=Scope("other", "p"))

    shared = starts(store)

    assert [T0, T0 + TIMEOUT] == alone
    assert [T0, T0 + 2 * TIMEOUT] == shared
