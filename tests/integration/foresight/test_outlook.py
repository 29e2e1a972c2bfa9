"""Estimates from one simulation of the present queue on the live slots."""

from itertools import pairwise

from queueapp.domain.fleet import Requirements
from queueapp.domain.job import Job, Resource
from queueapp.domain.queue import Priority
from queueapp.domain.states import Status
from queueapp.foresight.outlook import HEAD
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit
from tests.integration.foresight.starting import (
    MINUTE,
    ONE_SLOT,
    T0,
    TIMEOUT,
    outlook,
    run_for,
    starts,
)


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
