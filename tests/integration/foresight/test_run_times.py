"""Estimates from what training learnt, and how the numbers of one answer agree."""

import random
from itertools import pairwise

import pytest

from queueapp.domain.fleet import Node, Requirements
from queueapp.domain.job import Job, Resource
from queueapp.domain.queue import Priority
from queueapp.domain.states import Status
from queueapp.foresight.durations import NEWS_MS
from queueapp.foresight.outlook import HEAD, Outlook
from queueapp.store import Store
from queueapp.store.run_times import KEPT_MS
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit

MINUTE = 60_000
T0 = 1_000 * MINUTE
A, B = Resource("Dataset", "a/1"), Resource("Dataset", "b")
BASES = ("r/Sleep/Dataset/a%2F1", "t/Sleep", "p")
LEARNT = (2 * MINUTE, 3 * MINUTE, 5 * MINUTE, 4 * MINUTE, 9)
OF_TYPE = (6 * MINUTE, 8 * MINUTE, 20 * MINUTE, 9 * MINUTE, 40)


def outlook(store: Store, now_ms: int = T0) -> Outlook:
    """Return an outlook at one moment."""
    return Outlook(store, now_ms=lambda: now_ms)


def run_for(store: Store, minutes: int, *, ended_ms: int = T0 - MINUTE) -> None:
    """Let five jobs complete that need the resource A."""
    for _ in range(5):
        begun = ended_ms - minutes * MINUTE
        submit(store, now_ms=begun, resource=A)
        held = claim(store, now_ms=begun)
        assert held is not None
        finish(store, held, changes={"bases": BASES}, now_ms=ended_ms)


def learn(store: Store, at_ms: int = T0) -> None:
    """Keep what was learnt of Ann's runs."""
    rows = {"ann%20b/r/Sleep/Dataset/a%2F1": LEARNT, "ann%20b/t/Sleep": OF_TYPE}
    store.run_times.put(SCOPE, rows, learnt_ms=at_ms)


def test_what_was_learnt_of_a_user_comes_first(store: Store) -> None:
    """Her own of the resource, else the resource's, else her own of the type, else the type's."""
    add_worker(store)
    sight = outlook(store)
    run_for(store, 30)
    assert 30 * MINUTE == sight.duration(spec(resource=A, submitted_by="ann b")).high_ms
    learn(store)
    own = sight.duration(spec(resource=A, submitted_by="ann b"))
    others = [
        sight.duration(spec(resource=resource, submitted_by=user))
        for resource, user in ((A, "bob"), (B, "ann b"), (B, "bob"))
    ]

    assert ("resource", 9, True) == (own.basis, own.samples, own.learnt)
    assert LEARNT[:4] == (own.low_ms, own.middle_ms, own.high_ms, own.mean_ms)
    assert [("resource", False), ("type", True), ("type", False)] == [
        (one.basis, one.learnt) for one in others
    ]
    assert OF_TYPE[2] == others[1].high_ms


def test_what_was_learnt_gives_way_to_newer_runs(store: Store) -> None:
    """Training that stands still for an hour tells less than what ended since."""
    add_worker(store)
    run_for(store, 30)
    learn(store, T0 - MINUTE - NEWS_MS)
    assert outlook(store).duration(spec(resource=A, submitted_by="ann b")).learnt
    learn(store, T0 - MINUTE - NEWS_MS - 1)

    assert not outlook(store).duration(spec(resource=A, submitted_by="ann b")).learnt


def test_a_timeout_bounds_what_was_learnt(store: Store) -> None:
    """A job that runs longer is stopped."""
    learn(store)
    found = outlook(store).duration(spec(resource=B, submitted_by="ann b", timeout_minutes=7))

    assert (6, 7, 7, 7) == tuple(
        (ms or 0) / MINUTE for ms in (found.low_ms, found.middle_ms, found.high_ms, found.mean_ms)
    )


def test_each_training_replaces_the_one_before_and_ends(store: Store) -> None:
    """Also by nothing, where too little was left to learn from."""
    sight = outlook(store)
    learn(store)
    mine = spec(resource=A, submitted_by="ann b")
    assert 5 * MINUTE == sight.duration(mine).high_ms
    assert 0 < store.client.pttl(store.keys("run_times", SCOPE.key)) <= KEPT_MS
    store.run_times.put(SCOPE, {"ann%20b/t/Sleep": OF_TYPE}, learnt_ms=T0 + 1)
    assert 20 * MINUTE == sight.duration(mine).high_ms
    store.run_times.put(SCOPE, {}, learnt_ms=T0 + 2)

    assert "none" == sight.duration(mine).basis
    assert not store.client.exists(store.keys("run_times", SCOPE.key))


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_of_an_answer_agree(store: Store, seed: int) -> None:
    """Whoever asks and however: never in the past, in order, ends by run times, work by means."""
    rng = random.Random(seed)
    add_worker(store, node=Node("node-1", "host-1", cpu_units=4, memory_mb=16_384))
    run_for(store, 30)
    learn(store)
    sizes = (Requirements(1, 1024), Requirements(2, 2048))
    for _ in range(rng.choice((20, HEAD + 40))):
        submit(
            store,
            now_ms=T0,
            resource=rng.choice((A, B)),
            submitted_by=rng.choice(("ann b", "bob")),
            requirements=rng.choice(sizes),
            priority=rng.choice(list(Priority)),
        )
    claim(store, now_ms=T0)
    sight = outlook(store)
    found = sight.starts(SCOPE, 1, 1_000)
    jobs = store.jobs.get_many(one.job_id for one in found)
    rows: dict[object, list[int]] = {}
    for job, one in zip(jobs, found, strict=True):
        assert one.start_ms is not None
        assert one.start_ms >= T0
        assert abs(one.start_ms + one.duration.high_ms - (one.completion_ms or 0)) <= 1
        assert one.duration == sight.duration(job.spec)
        rows.setdefault((job.spec.priority, job.spec.requirements), []).append(one.start_ms)
    assert all(a <= b for starts in rows.values() for a, b in pairwise(starts))
    assert found == [sight.queued(job, one.position) for job, one in zip(jobs, found, strict=True)]
    drained = sight.foresight(SCOPE).drain_ms()
    assert drained is not None
    assert 0 < drained <= max(one.completion_ms or 0 for one in found) - T0


def test_what_is_tried_is_what_is_then_told(store: Store) -> None:
    """A dry run and the job itself: the same run time, start and end."""
    add_worker(store, node=Node("node-1", "host-1", cpu_units=1, memory_mb=16_384))
    learn(store)
    for resource in (A, B, A):
        submit(store, now_ms=T0, resource=resource, submitted_by="ann b")
    mine = spec(resource=A, submitted_by="ann b")
    _, tried = outlook(store).trial(Job(mine, Status.QUEUED, T0, T0))
    store.jobs.submit(mine, now_ms=T0)
    told = outlook(store).starts(SCOPE, 4, 4)[0]

    assert (tried.start_ms, tried.completion_ms) == (told.start_ms, told.completion_ms)
    assert T0 + (5 + 20 + 5) * MINUTE == told.start_ms
    assert tried.duration == told.duration


def test_a_short_queues_work_is_its_own_jobs(store: Store) -> None:
    """Their own mean run times, not those of their type, as their ends are."""
    add_worker(store, node=Node("node-1", "host-1", cpu_units=1, memory_mb=16_384))
    run_for(store, 30)
    learn(store)
    for user in ("ann b", "ann b", "bob"):
        submit(store, now_ms=T0, resource=A, submitted_by=user)

    assert (4 + 4 + 30) * MINUTE == outlook(store).foresight(SCOPE).drain_ms()
