"""One reader hands the news of many scopes to many listeners, and misses none."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from queueapp.domain.events import START, Event, EventFilter, place_of
from queueapp.domain.scope import Scope
from queueapp.engine.feed import EventFeed, Subscription
from queueapp.store import Store
from tests.factories import SCOPE, submit
from tests.waiting import eventually

ALL = EventFilter()
OTHER = Scope("tenant", "other")


def heard(listener: Subscription, wanted: int, within_s: float = 60.0) -> list[Event]:
    """Return what a listener hears until it has heard enough, or is overrun."""
    found: list[Event] = []
    deadline_s = time.monotonic() + within_s
    while len(found) < wanted and not listener.overrun and time.monotonic() < deadline_s:
        found += listener.take(0.2)
    return found


def is_later(event: Event, place: str) -> bool:
    return event.id is not None and place_of(event.id) > place_of(place)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "event-feed"]


def test_each_listener_hears_its_scope_only(store: Store) -> None:
    """Two listeners of one scope hear the same; that of another scope hears its own."""
    feed = EventFeed(store.events)
    eventually(lambda: not readers())  # those of the tests before
    with (
        feed.subscribe(SCOPE, ALL) as one,
        feed.subscribe(SCOPE, ALL) as two,
        feed.subscribe(OTHER, ALL) as far,
    ):
        mine = submit(store).job_id
        theirs = submit(store, scope=OTHER).job_id

        assert [mine] == [event.job_id for event in heard(one, 1)]
        assert [mine] == [event.job_id for event in heard(two, 1)]
        assert [theirs] == [event.job_id for event in heard(far, 1)]
        assert 1 == len(readers())


@contextmanager
def coming(store: Store) -> Iterator[list[str]]:
    """Submit jobs from another thread meanwhile; the list is whole when this ends."""
    jobs, stop = [submit(store).job_id], threading.Event()

    def come() -> None:
        while not stop.wait(0.002):
            jobs.append(submit(store).job_id)

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield jobs
    finally:
        stop.set()
        thread.join()


def test_nothing_falls_between_the_past_and_the_news(store: Store) -> None:
    """Whoever listens first and reads the past then has every event, while jobs keep coming."""
    feed = EventFeed(store.events)
    accounts: list[list[str | None]] = []
    with coming(store) as jobs:
        for _ in range(10):
            time.sleep(0.01)
            with feed.subscribe(SCOPE, ALL) as listener:
                past = store.events.after(SCOPE, START, limit=10_000)
                news: list[Event] = []
                while len(news) < 5:
                    news += [e for e in listener.take(1.0) if is_later(e, past.last)]
            accounts.append([event.job_id for event in (*past.events, *news)])

    # News of a job may be here before its submission has returned: compared when all have.
    assert 10 == len(accounts)
    for told in accounts:
        assert jobs[: len(told)] == told


def test_a_slow_listener_is_let_go(store: Store) -> None:
    """It is not kept for without bound, the others are served, and it can be woken."""
    feed, woken = EventFeed(store.events, most_waiting=5), threading.Event()
    with feed.subscribe(SCOPE, ALL) as slow, feed.subscribe(SCOPE, ALL) as quick:
        slow.on_overrun = woken.set
        found: list[Event] = []
        for _ in range(12):
            submit(store)
            found += heard(quick, 1)

        assert woken.wait(60)
        assert slow.overrun
        assert [] == slow.take(0)
        assert 12 == len(found)


def test_only_what_is_wanted_is_kept_for_a_listener(store: Store) -> None:
    """The filter applies before an event waits."""
    feed = EventFeed(store.events, most_waiting=2)
    job_id = submit(store).job_id
    with feed.subscribe(SCOPE, EventFilter(job_id, frozenset({"cancelled"}))) as listener:
        for _ in range(5):
            submit(store)
        wish = {"reason": None, "force": False, "preserve": True}
        store.jobs.cancel(SCOPE, job_id, by="ann", keep_ms=1_000, **wish)

        assert ["cancelled"] == [event.kind for event in heard(listener, 1)]
        assert not listener.overrun


def test_reading_ends_with_the_last_listener_and_begins_again(store: Store) -> None:
    """Nobody listens: no thread, no connection; the next listener starts anew."""
    feed = EventFeed(store.events)
    for _ in range(2):
        with feed.subscribe(SCOPE, ALL) as listener:
            submit(store)
            assert 1 == len(heard(listener, 1))
        eventually(lambda: not readers())
