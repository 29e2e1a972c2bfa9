"""Estimates from one simulation of the present queue on the live slots."""

from itertools import pairwise

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.fleet import Node, Requirements
from queueapp.domain.job import Job, Resource
from queueapp.domain.outcome import Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.foresight.outlook import HEAD, Outlook
from queueapp.store import Store
from tests.factories import NODE, SCOPE, add_worker, claim, finish, spec, submit

MINUTE = 60_000
T0 = 1_000 * MINUTE
ANN = Act("ann")
TIMEOUT = 120 * MINUTE
ONE_SLOT = Node("node-1", "host-1", cpu_units=1, memory_mb=16_384)


def outlook(store: Store, now_ms: int = T0) -> Outlook:
    """Return an outlook at one moment."""
    return Outlook(store, now_ms=lambda: now_ms)


def starts(store: Store, now_ms: int = T0) -> list[float | None]:
    """Return the starts of all queued jobs, in order."""
    return [found.start_ms for found in outlook(store, now_ms).starts(SCOPE, 1, 10_000)]


def run_for(store: Store, minutes: int, *, times: int = 1) -> None:
    """Let jobs complete that ran for ``minutes`` and wrote as many MiB, and end at T0."""
    for _ in range(times):
        begun = T0 - minutes * MINUTE
        submit(store, now_ms=begun)
        held = claim(store, now_ms=begun)
        assert held is not None
        usage = Usage(written_bytes=minutes << 20)
        finish(store, held, changes={"bases": ("t/Sleep", "p"), "usage": usage}, now_ms=T0)


def test_jobs_start_as_slots_become_free(store: Store) -> None:
    """In order, each on the slot that is free first, each for the high end of its range."""
    add_worker(store, node=ONE_SLOT)
    run_for(store, 8, times=5)
    submit(store, now_ms=T0)
    assert claim(store, now_ms=T0) is not None
    for _ in range(3):
        submit(store, now_ms=T0)

    found = outlook(store, T0 + MINUTE).starts(SCOPE, 1, 3)

    assert [T0 + 8 * MINUTE, T0 + 16 * MINUTE, T0 + 24 * MINUTE] == [one.start_ms for one in found]
    assert found[0].completion_ms == T0 + 16 * MINUTE
    assert ("type", 5) == (found[0].duration.basis, found[0].duration.samples)
    assert [1, 2, 3] == [one.position for one in found]


def test_failed_and_cancelled_runs_are_no_samples(store: Store) -> None:
    """Only completed runs tell how long the work takes."""
    add_worker(store)
    for outcome in ("failed", "cancelled") * 3:
        submit(store, now_ms=T0)
        held = claim(store, now_ms=T0)
        assert held is not None
        finish(store, held, outcome, changes={"bases": ("t/Sleep", "p")}, now_ms=T0 + MINUTE)

    duration = outlook(store).duration(spec())

    assert ("none", 0, None) == (duration.basis, duration.samples, duration.mean_ms)
    assert (0, 120) == duration.minutes


def test_a_clock_that_is_put_back_makes_no_time_negative(store: Store) -> None:
    """A run that ended before it began, by a job that began before it came, took no time."""
    add_worker(store)
    for _ in range(5):
        submit(store, now_ms=T0)
        held = claim(store, now_ms=T0 - MINUTE)
        assert held is not None
        finish(store, held, changes={"bases": ("t/Sleep", "p")}, now_ms=T0 - 2 * MINUTE)
    found = outlook(store).duration(spec())
    hours = store.history.hours(SCOPE, T0 - 120 * MINUTE, T0 + 60 * MINUTE)

    assert (0, 0, 0) == (found.low_ms, found.high_ms, found.mean_ms)
    assert {(0, 0)} == {(hour.total("run"), hour.total("wait")) for hour in hours}


def test_a_longer_history_is_seen_at_once(store: Store) -> None:
    """What was summed up is dropped as soon as a basis has a newer run."""
    add_worker(store)
    sight = outlook(store)
    run_for(store, 2, times=5)
    before = sight.duration(spec())
    run_for(store, 9, times=5)

    after = sight.duration(spec())

    assert (2, 5) == (before.high_ms / MINUTE, before.samples)
    assert (9, 10) == (after.high_ms / MINUTE, after.samples)
    assert after.written_bytes == 9 << 20


def test_the_most_specific_basis_is_taken(store: Store) -> None:
    """A resource's own runs before those of its job type."""
    add_worker(store)
    run_for(store, 2, times=5)
    mine = spec(resource=Resource("Dataset", "d1"))
    for _ in range(5):
        submit(store, now_ms=T0 - 3 * MINUTE, resource=mine.resource)
        held = claim(store, now_ms=T0 - 3 * MINUTE)
        assert held is not None
        finish(store, held, changes={"bases": ("r/Sleep/Dataset/d1",)}, now_ms=T0)

    assert outlook(store).duration(mine).basis == "resource"
    assert outlook(store).duration(spec()).basis == "type"


def test_nothing_starts_in_the_past(store: Store) -> None:
    """A running job that is over its time ends now."""
    add_worker(store, node=ONE_SLOT)
    submit(store, now_ms=T0)
    assert claim(store, now_ms=T0) is not None
    submit(store, now_ms=T0)
    late = T0 + 2 * TIMEOUT

    assert [late] == starts(store, late)


def test_an_estimate_outlives_a_queue_that_empties(store: Store) -> None:
    """A position that is out of date when the queue is read makes a guess, never an error."""
    add_worker(store)
    gone = Job(spec(), Status.QUEUED, T0, T0)

    assert outlook(store).queued(gone, 7).start_ms == T0


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


def test_equal_jobs_of_a_tier_start_in_order(store: Store) -> None:
    """Also where sizes differ, across the edge of what is simulated one by one."""
    add_worker(store)
    sizes = (Requirements(1, 1024), Requirements(3, 4096), Requirements(2, 1024))
    priorities = (Priority.NORMAL, Priority.LOW)
    for n in range(HEAD + 60):
        submit(store, now_ms=T0, requirements=sizes[n % 3], priority=priorities[n % 2])

    found = outlook(store).starts(SCOPE, 1, HEAD + 60)
    jobs = store.jobs.get_many(one.job_id for one in found)
    classes: dict[object, list[float]] = {}
    for job, one in zip(jobs, found, strict=True):
        assert one.start_ms is not None
        assert one.start_ms >= T0
        key = (job.spec.priority, job.spec.requirements)
        classes.setdefault(key, []).append(one.start_ms)

    assert len(classes) == 6
    for row in classes.values():
        assert all(earlier <= later for earlier, later in pairwise(row))


def test_a_deep_position_is_told_alone_as_in_a_page(store: Store) -> None:
    """Whoever asks, for one job or for many: the same queue, the same numbers."""
    add_worker(store)
    for _ in range(HEAD + 30):
        submit(store, now_ms=T0)
    sight = outlook(store)
    page = sight.starts(SCOPE, HEAD - 5, HEAD + 30)
    jobs = store.jobs.get_many(one.job_id for one in page)

    alone = [outlook(store).queued(job, one.position) for job, one in zip(jobs, page, strict=True)]

    assert page == alone
    assert [one.job_id for one in page] == [one.job_id for one in alone]


def test_far_behind_dependencies_hosts_and_schedules_still_bound(store: Store) -> None:
    """What a single record tells counts beyond the jobs simulated one by one, too."""
    node = Node("node-1", "host-1", cpu_units=1_000, memory_mb=10**9)
    add_worker(store, node=node)
    for _ in range(HEAD):
        submit(store, now_ms=T0)
    submit(store, now_ms=T0, id="due", scheduled_ms=T0 + 10**9)
    submit(store, now_ms=T0, id="host-1", host="r1")
    submit(store, now_ms=T0, id="host-2", host="r1")
    submit(store, now_ms=T0, id="after", dependencies=("host-1",))
    submit(store, now_ms=T0, id="open", dependencies=("after", "due"))

    found = {one.job_id: one.start_ms for one in outlook(store).starts(SCOPE, HEAD + 1, HEAD + 5)}
    base = found["host-1"]

    assert base is not None
    assert found["due"] == T0 + 10**9
    assert found["host-2"] is not None
    assert found["host-2"] >= T0 + TIMEOUT
    assert found["after"] == base + TIMEOUT
    assert found["open"] is None


def test_the_queues_end_is_work_over_slots(store: Store) -> None:
    """By mean run times; null without samples; a tier's end counts the tiers above it."""
    add_worker(store)  # four slots
    run_for(store, 10, times=5)
    for priority in (Priority.HIGH, Priority.HIGH, Priority.LOW):
        for _ in range(2):
            submit(store, now_ms=T0, priority=priority)

    sight = outlook(store).foresight(SCOPE)

    assert 15 * MINUTE == sight.drain_ms()
    assert 10 * MINUTE == sight.drain_ms(Priority.HIGH)
    assert 0.0 == sight.drain_ms(Priority.CRITICAL)
    assert 15 * MINUTE == outlook(store).system(SCOPE.tenant).drain_ms


def test_without_samples_the_queues_end_is_unknown(store: Store) -> None:
    """No number is made up; an empty queue has ended."""
    add_worker(store)
    assert 0.0 == outlook(store).foresight(SCOPE).drain_ms()

    submit(store, now_ms=T0)

    assert outlook(store).foresight(SCOPE).drain_ms() is None


def test_a_trial_stores_nothing(store: Store) -> None:
    """It is told what would be, at the place that it would take."""
    add_worker(store, node=ONE_SLOT)
    for priority in (Priority.HIGH, Priority.LOW):
        submit(store, now_ms=T0, priority=priority)
    before = sorted(store.client.scan_iter())

    _, found = outlook(store).trial(Job(spec(), Status.QUEUED, T0, T0))

    assert (2, T0 + TIMEOUT) == (found.position, found.start_ms)
    assert before == sorted(store.client.scan_iter())


@pytest.mark.parametrize("queued", [1, HEAD, HEAD + 1, 2_000])
def test_a_page_costs_the_page(store: Store, queued: int) -> None:
    """However long the queue, the store is asked as often and answers as much."""
    add_worker(store, node=NODE)
    for _ in range(queued):
        submit(store, now_ms=T0)
    sight = outlook(store)
    sight.starts(SCOPE, 1, 1)
    before = store.client.info("stats")["total_net_output_bytes"]

    sight.starts(SCOPE, max(1, queued - 10), queued)

    assert store.client.info("stats")["total_net_output_bytes"] - before < 150_000
