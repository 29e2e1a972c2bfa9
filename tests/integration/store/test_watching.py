"""Upkeep's looks: why jobs wait, what is a bottleneck, how nodes are loaded."""

import time
from dataclasses import replace

from queueapp.domain.bottlenecks import Bottleneck, Watch
from queueapp.domain.fleet import NodeLoad, NodeSample
from queueapp.store import Store
from queueapp.store.reasons import Seen
from queueapp.upkeep.watching import Watching
from tests.factories import SCOPE, add_worker, beat, claim, spec, submit

KEEP_MS = 10**9
SHAPE = "Sleep.1c1024m"


def test_a_look_notes_each_shape_and_closes_what_went(store: Store) -> None:
    """A pause is dated by itself; a shape without jobs has no reason any more."""
    add_worker(store)
    store.pauses.pause(SCOPE)
    paused = store.pauses.of(SCOPE)["*"].at_ms
    submit(store, id="job")
    watching = Watching(store, keep_ms=KEEP_MS)
    store.client.hset(store.keys("clock"), "watched", paused - 4_000)
    watching.look()
    key = store.keys("reasons", SCOPE.key, SHAPE)
    seen = store.client.zrange(key, 0, -1)
    store.pauses.resume(SCOPE)
    watching.look()
    assert claim(store) is not None
    watching.look()

    assert [f"{paused}|QueuePaused"] == seen
    codes = [text.partition("|")[2] for text in store.client.zrange(key, 0, -1)]
    assert ["QueuePaused", "Position", ""] == codes


def test_looks_become_the_hours_reasons(store: Store) -> None:
    """Job-seconds by reason stand in the roll-up of the hour, and cost no look at jobs."""
    begun = store.now_ms() - 5_000
    for _ in range(3):
        submit(store, now_ms=begun)
    watching = Watching(store, keep_ms=KEEP_MS)
    store.client.hset(store.keys("clock"), "watched", begun)
    watching.look()
    now = store.history.present(SCOPE)
    (hour,) = store.history.hours(
        SCOPE, now.now_ms - now.now_ms % 3_600_000, now.now_ms, present=now
    )

    assert ["NoWorkers"] == list(hour.reasons)
    assert min(15_000, hour.size_ms) <= hour.reasons["NoWorkers"] <= hour.size_ms


def test_a_time_without_looks_was_one_without_workers(store: Store) -> None:
    """Nobody looked for a minute: nobody was there; since then it is the job's turn."""
    add_worker(store)
    now = store.now_ms()
    store.client.hset(store.keys("clock"), "watched", now - 60_000)
    store.jobs.submit(spec(id="job"), now_ms=now - 60_000)
    Watching(store, keep_ms=KEEP_MS).look()
    later = store.now_ms() + 2_000
    found = store.reasons.waited(store.jobs.get(SCOPE, "job"), now_ms=later)

    assert {"NoWorkers", "Position"} == set(found)
    assert later - (now - 60_000) == sum(found.values())
    assert found["NoWorkers"] >= 60_000


def test_a_bottleneck_is_watched_and_kept(store: Store) -> None:
    """Five jobs and no worker: it is watched; one that is over stays to be read."""
    for _ in range(5):
        submit(store)
    watching = Watching(store, keep_ms=KEEP_MS)
    watching.look()
    time.sleep(0.01)
    watching.look()
    watch = store.bottlenecks.watched([SCOPE])[SCOPE]
    assert watch.seen_ms > watch.start_ms
    long_ago = replace(watch, start_ms=watch.start_ms - 3_600_000)
    store.bottlenecks.keep(SCOPE, long_ago, None, keep_ms=KEEP_MS)
    (open_,) = store.bottlenecks.between(SCOPE, long_ago.start_ms, store.now_ms())
    ended = Bottleneck(1_000, 2_000, "why", 5.0, 3, "Backlog drained")
    store.bottlenecks.keep(SCOPE, None, ended, keep_ms=KEEP_MS)

    assert isinstance(watch, Watch)
    assert ("No worker was live", "Unresolved") == (open_.issue, open_.resolution)
    assert [ended] == store.bottlenecks.between(SCOPE, 0, 1_500)
    assert [] == store.bottlenecks.between(SCOPE, 2_500, 9_999)


def test_the_load_of_live_nodes_is_kept(store: Store) -> None:
    """A sample a call, newest first; a silent node has none."""
    add_worker(store)
    for at, cpu in ((100_000, 20.0), (160_000, 40.0)):
        beat(store, "w1", [], sample=NodeSample(cpu, 50.0, 2**40), now_ms=at)
        store.nodes.note_load(now_ms=at)
    store.nodes.note_load(now_ms=10**10)
    told = [(160_000, 40.0, 50.0, 0, 4), (100_000, 20.0, 50.0, 0, 4)]

    assert [NodeLoad(*row, 2**40) for row in told] == store.nodes.loads("node-1")
    assert [[*row] for row in told] == store.nodes.load_rows("node-1")


def test_a_held_job_knows_what_for(store: Store) -> None:
    """A scheduled job's wait is told to the millisecond, while it waits and after."""
    add_worker(store)
    at = 4_000_000_000_000
    store.jobs.submit(spec(id="job", scheduled_ms=at + 7_000), now_ms=at)
    waiting = store.reasons.waited(store.jobs.get(SCOPE, "job"), now_ms=at + 2_000)
    store.scripts.call("promote", limit=9, now_ms=at + 7_250)
    assert claim(store, now_ms=at + 8_000) is not None
    told = store.reasons.waited(store.jobs.get(SCOPE, "job"), now_ms=at + 99_000)

    assert {"Scheduled": 2_000} == waiting
    assert {"Scheduled": 7_250, "Position": 750} == told


def test_a_look_notes_the_same_twice_without_a_new_stretch(store: Store) -> None:
    """Only a change begins a new stretch of a shape's timeline."""
    submit(store)
    for at in (1_000, 2_000):
        store.reasons.note(SCOPE, [Seen(SHAPE, "Position", at, 1)], from_ms=at - 10, to_ms=at)

    assert ["1000|Position"] == store.client.zrange(store.keys("reasons", SCOPE.key, SHAPE), 0, -1)


def test_a_watched_bottleneck_is_closed_after_its_queue_is_empty(store: Store) -> None:
    """Nothing is queued any more: what was watched is told half an hour later all the same."""
    add_worker(store)
    submit(store)
    Watching(store, keep_ms=KEEP_MS).look()
    now = store.now_ms()
    watch = Watch(
        start_ms=now - 7_200_000,
        seen_ms=now - 3_600_000,
        held_ms=now - 3_600_000,
        first_size=9,
        first_submitted=0,
        submitted=9,
        slots=4,
        usual_per_hour=1.0,
        resolution="Backlog drained",
    )
    store.bottlenecks.keep(SCOPE, watch, None, keep_ms=KEEP_MS)
    assert claim(store) is not None
    Watching(store, keep_ms=KEEP_MS).look()
    (told,) = store.bottlenecks.between(SCOPE, now - 7_200_000, now)

    assert {} == store.bottlenecks.watched([SCOPE])
    assert (watch.start_ms, watch.held_ms) == (told.start_ms, told.end_ms)
