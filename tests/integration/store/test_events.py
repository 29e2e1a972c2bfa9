"""Every fact in the life of a job is an event, and the streams can be read from any place on."""

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.events import START, place_of
from queueapp.domain.job import RetryPolicy
from queueapp.domain.outcome import Failure, Progress, Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit


def kinds(store: Store) -> list[str]:
    """Return what happened in the scope, in order."""
    return [event.kind for event in store.events.after(SCOPE, START, limit=100).events]


def cancel(store: Store, job_id: str) -> None:
    """Cancel as an operator does."""
    wish = {"reason": None, "force": False, "preserve": True}
    store.jobs.cancel(SCOPE, job_id, by="ann", keep_ms=1_000, **wish)


def test_each_fact_of_a_life_is_an_event(store: Store) -> None:
    """From submission to the end, over a move, a change of priority, a retry and a giving back."""
    add_worker(store)
    other = submit(store).job_id
    job_id = submit(store, retry=RetryPolicy(max_attempts=2)).job_id
    store.queue.move(SCOPE, job_id, position=1)
    store.queue.reprioritise(SCOPE, job_id, Priority.HIGH)
    held = claim(store)
    assert held is not None
    finish(store, held, "given_back")
    held = claim(store)
    assert held is not None
    finish(store, held, "lost")
    held = claim(store)
    assert held is not None
    finish(
        store, held, "failed", changes={"failure": Failure("job_error", "it broke", retryable=True)}
    )
    later = store.jobs.get(SCOPE, job_id).due_ms
    assert later is not None
    store.scripts.call("promote", limit=10, now_ms=later)
    held = claim(store)
    assert held is not None
    finish(store, held, "failed")
    cancel(store, other)

    assert [
        *("submitted", "submitted", "moved", "reprioritised"),
        *("started", "given_back", "started", "lost", "started", "retrying"),
        *("started", "failed", "cancelled"),
    ] == kinds(store)


def test_what_an_event_tells(store: Store) -> None:
    """Who submitted what; why an attempt failed and when it is tried again; who paused what."""
    add_worker(store)
    job = spec()
    store.jobs.submit(job, now_ms=5)
    store.pauses.pause(SCOPE, act=Act("ann", "rain"), until_ms=10**14)
    store.pauses.resume(SCOPE, act=Act("bob"))
    told = store.events.after(SCOPE, START, limit=10).events

    assert ("submitted", job.id, 5) == (told[0].kind, told[0].job_id, told[0].at_ms)
    assert {"type": "Sleep", "tier": "2", "user": "ann"} == dict(told[0].facts)
    assert {"type": "*", "by": "ann", "reason": "rain", "until": f"{10**14}"} == told[1].facts
    assert ("resumed", None, {"type": "*", "by": "bob"}) == (
        *(told[2].kind, told[2].job_id),
        told[2].facts,
    )


def test_progress_is_told_once_per_change_and_not_kept(store: Store) -> None:
    """It stands in a stream of its own that expires."""
    add_worker(store)
    submit(store)
    held = claim(store)
    assert held is not None
    newest = {SCOPE.key: store.events.newest(SCOPE)}
    for done in (1, 1, 2):
        store.attempts.report(held.job.id, held.epoch, Progress(done, 10), Usage())
    reader = store.events.reader()
    now, told = reader.wait(newest, block_ms=10)[SCOPE.key]
    reader.close()

    assert [None, None] == [event.id for event in told]
    assert [("progress", held.job.id)] * 2 == [(event.kind, event.job_id) for event in told]
    assert now == store.events.newest(SCOPE)
    assert ["submitted", "started"] == kinds(store)
    assert 0 < store.client.ttl(store.keys("progress", SCOPE.key)) <= 120


def test_a_place_is_resumed_without_gap_or_repeat(store: Store) -> None:
    """Page by page, the next begins where the last one ended."""
    jobs = [submit(store).job_id for _ in range(7)]
    place, seen, full = START, [], True
    while full:
        page = store.events.after(SCOPE, place, limit=3)
        seen += [event.job_id for event in page.events]
        place, full = page.last, page.full

    assert jobs == seen
    assert [] == store.events.after(SCOPE, place, limit=3).events


def test_forgotten_events_are_told(store: Store) -> None:
    """A place whose own event is gone has missed some; one of another stream has too."""
    for _ in range(6):
        submit(store)
    events = store.events.after(SCOPE, START, limit=10).events
    places = [str(event.id) for event in events]
    store.client.xtrim(store.keys("events", SCOPE.key), minid=places[3], approximate=False)

    def missed(place: str) -> bool:
        return store.events.after(SCOPE, place, limit=10).missed

    assert [True] * 3 == [missed(place) for place in places[:3]]
    assert [False] * 3 == [missed(place) for place in places[3:]]
    assert missed("99999999999999-0")
    assert not missed(START)
    assert store.events.after(Scope("no", "body"), places[0], limit=1).missed


def test_another_scopes_events_are_not_there(store: Store) -> None:
    """A stream belongs to one scope."""
    submit(store)

    assert [] == store.events.after(Scope("other", "project"), START, limit=10).events


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "01-0", "1-2-3", "1.5", f"{2**64}", "١"])
def test_what_is_no_place_is_refused(text: str) -> None:
    """An event's id is two whole numbers of 64 bits."""
    with pytest.raises(ValueError, match="not an event's id"):
        place_of(text)
