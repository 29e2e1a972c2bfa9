"""The seconds of pauses are exact, whether anybody looked or not, and are counted once."""

import random
from collections import Counter

import pytest

from queueapp.domain.rollup import HOUR_MS
from queueapp.store import Store
from queueapp.store.reasons import Seen
from tests.factories import SCOPE, add_worker, claim, spec

AT = 4_000_000_000_000 // HOUR_MS * HOUR_MS
SHAPE = "Sleep.1c1024m"
KIND = "Sleep"
JOBS = 3


def reasons(store: Store, now_ms: int) -> dict[str, int]:
    """Return what the jobs of the first hour have waited for."""
    present = store.history.present(SCOPE, now_ms=now_ms)
    (hour,) = store.history.hours(SCOPE, AT, now_ms, present=present)
    return dict(hour.reasons)


def look(store: Store, at: int, code: str) -> None:
    """Look as upkeep does: at the fleet first, at the scope a little later."""
    before = store.reasons.watched_ms() or at
    seen = [Seen(SHAPE, code, at, JOBS)]
    store.reasons.note(SCOPE, seen, from_ms=before, to_ms=at, now_ms=at + 2)
    store.reasons.watched(at)


def test_a_pause_that_nobody_saw_is_told_to_the_millisecond(store: Store) -> None:
    """A pause of the type inside one of the whole queue is the queue's; nobody looked at all."""
    add_worker(store)
    store.jobs.submit(spec(id="job"), now_ms=AT)
    for after, kind, pauses in (
        (1_000, "*", True),
        (1_200, KIND, True),
        (2_500, "*", False),
        (3_100, KIND, False),
    ):
        verb = store.pauses.pause if pauses else store.pauses.resume
        verb(SCOPE, kind=kind, now_ms=AT + after)
    paused = store.reasons.waited(store.jobs.get(SCOPE, "job"), now_ms=AT + 2_000)
    assert claim(store, now_ms=AT + 4_000) is not None
    told = store.reasons.waited(store.jobs.get(SCOPE, "job"), now_ms=AT + 99_000)

    assert {"Position": 1_000, "QueuePaused": 1_000} == paused
    assert {"Position": 1_900, "QueuePaused": 1_500, "TypePaused": 600} == told


def test_a_pause_that_ends_as_it_begins_has_not_been(store: Store) -> None:
    """Nor one that began later than now, by a clock that was ahead."""
    add_worker(store)
    store.jobs.submit(spec(id="job"), now_ms=AT)
    for began in (1_000, 3_000):
        store.pauses.pause(SCOPE, now_ms=AT + began)
        store.pauses.resume(SCOPE, now_ms=AT + 1_000)
    told = store.reasons.waited(store.jobs.get(SCOPE, "job"), now_ms=AT + 5_000)

    assert {"Position": 5_000} == told


@pytest.mark.parametrize("seed", range(5))
def test_the_hour_has_each_second_once(store: Store, seed: int) -> None:
    """Looks and pauses in any order: pauses are exact, and all of it is what the jobs waited."""
    chance, now = random.Random(seed), AT
    real: Counter[str] = Counter()
    paused: set[str] = set()
    for number in range(JOBS):
        store.jobs.submit(spec(id=f"job{number}"), now_ms=AT)
    look(store, AT, "Position")
    for _ in range(40):
        step = chance.randrange(5, 6_000)
        code = "QueuePaused" if "*" in paused else "TypePaused" if paused else "Position"
        now += step
        real[code] += JOBS * step
        action = chance.choice(("look", "look", "*", KIND))
        if action == "look":
            look(store, now, code)
        elif action in paused:
            store.pauses.resume(SCOPE, kind=action, now_ms=now)
            paused.discard(action)
        else:
            store.pauses.pause(SCOPE, kind=action, now_ms=now)
            paused.add(action)
    # What is on at the end is counted with the next look.
    look(store, now, "Position")
    found = reasons(store, now + 2)
    job = store.jobs.get(SCOPE, "job0")
    told = store.reasons.waited(job, now_ms=now)

    # A look counts a pause that is on up to its own end, which is two milliseconds later.
    off = {code: found.get(code, 0) - real[code] for code in {*found, *real}}
    assert all(abs(ms) <= 2 * JOBS for ms in off.values()), off
    assert {code: ms // JOBS for code, ms in real.items()} == told


def test_jobs_that_came_after_a_look_have_waited_since_they_came(store: Store) -> None:
    """Not since the look: their reasons add up to what they waited, pauses in full."""
    add_worker(store)
    look(store, AT, "Position")
    store.pauses.pause(SCOPE, now_ms=AT + 3_000)
    for number in range(JOBS):
        store.jobs.submit(spec(id=f"job{number}"), now_ms=AT + 3_000)
    look(store, AT + 5_000, "QueuePaused")
    store.pauses.resume(SCOPE, now_ms=AT + 6_000)
    look(store, AT + 6_500, "Position")
    assert {"QueuePaused": JOBS * 3_000, "Position": JOBS * 500} == reasons(store, AT + 6_500)


def test_a_pause_that_ends_during_a_look_is_counted_once(store: Store) -> None:
    """Before its project is noted, and after it; and one that begins then."""
    add_worker(store)
    for number in range(JOBS):
        store.jobs.submit(spec(id=f"job{number}"), now_ms=AT)
    look(store, AT, "Position")
    store.pauses.pause(SCOPE, now_ms=AT + 1_000)
    store.pauses.resume(SCOPE, now_ms=AT + 5_001)
    seen = [Seen(SHAPE, "Position", AT + 5_000, JOBS)]
    store.reasons.note(SCOPE, seen, from_ms=AT, to_ms=AT + 5_000, now_ms=AT + 5_002)
    store.pauses.pause(SCOPE, now_ms=AT + 5_003)
    store.reasons.watched(AT + 5_000)
    look(store, AT + 9_998, "QueuePaused")

    assert {"QueuePaused": JOBS * 8_998, "Position": JOBS * 1_002} == reasons(store, AT + 10_000)


def test_a_pause_of_before_the_notes_is_counted_by_looks(store: Store) -> None:
    """As it was when another release paused."""
    for number in range(JOBS):
        store.jobs.submit(spec(id=f"job{number}"), now_ms=AT)
    store.pauses.pause(SCOPE, now_ms=AT)
    store.client.delete(store.keys("paused", SCOPE.key, "*"))
    look(store, AT, "QueuePaused")
    look(store, AT + 5_000, "QueuePaused")
    store.pauses.resume(SCOPE, now_ms=AT + 7_000)

    assert {"QueuePaused": JOBS * 5_000} == reasons(store, AT + 8_000)
