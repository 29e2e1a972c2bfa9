"""The server's clock is put back into an hour that has a roll-up: history goes on from there."""

from queueapp.domain.rollup import HOUR_MS
from queueapp.store import Store
from queueapp.upkeep.watching import Watching
from tests.factories import SCOPE, add_worker, claim, finish, submit
from tests.laws import check

MINUTE_MS = 60_000


def live_through(store: Store, hour: int) -> None:
    """Two jobs come at 30 minutes, one is run from 70 to 75: then the clock is put back to 50."""
    add_worker(store)
    for _ in range(2):
        submit(store, now_ms=hour + 30 * MINUTE_MS)
    held = claim(store, now_ms=hour + 70 * MINUTE_MS)
    assert held is not None
    finish(store, held, now_ms=hour + 75 * MINUTE_MS)


def test_what_lay_ahead_is_forgotten_and_the_hour_goes_on(store: Store) -> None:
    """Its size and busy slots are as if the change had come when the clock was found put back."""
    hour = 4_000_000_000_000 // HOUR_MS * HOUR_MS
    live_through(store, hour)
    for _ in range(2):
        store.history.go_on(SCOPE, now_ms=hour + 50 * MINUTE_MS)
    submit(store, now_ms=hour + 55 * MINUTE_MS)
    held = claim(store, now_ms=hour + 58 * MINUTE_MS)
    assert held is not None
    present = store.history.present(SCOPE, now_ms=hour + 62 * MINUTE_MS)
    first, second = store.history.hours(SCOPE, hour, hour + 2 * HOUR_MS, present=present)

    assert 2 * 20 + 1 * 5 + 2 * 3 + 1 * 2 == first.size_ms / MINUTE_MS
    assert (1 * 2, 1 * 2) == (first.busy_ms / MINUTE_MS, second.busy_ms / MINUTE_MS)
    assert (3, 1, 2) == (first.total("submitted"), first.total("started"), first.peak_size)
    assert (0, 0, 1) == (second.total("started"), second.total("completed"), second.peak_size)
    # One of four slots is busy, the others idle, while a job waits: for two minutes.
    assert first.idle_ms + second.idle_ms <= 4 * 12 * MINUTE_MS


def test_upkeep_notices_and_sees_to_it(store: Store) -> None:
    """At its next look, for every project; before it, the laws tell."""
    live_through(store, store.now_ms() // HOUR_MS * HOUR_MS)
    store.reasons.watched(store.now_ms() + 2 * HOUR_MS)
    submit(store)
    Watching(store, keep_ms=10**9).look()
    ahead = f"({store.now_ms() // HOUR_MS}"
    marks = store.keys("idle_marks")

    assert [] == store.client.zrange(store.keys("hours", SCOPE.key), ahead, "+inf", byscore=True)
    assert [] == store.client.zrange(marks, ahead, "+inf", byscore=True)
    check(store)
