"""Schedules fire each moment once: by several leaders, after deaths, and as their policies say."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from queueapp.domain.errors import (
    Unavailable,
)
from queueapp.domain.schedule import choose
from queueapp.domain.states import Status
from queueapp.engine.firing import Firing
from queueapp.store import Store
from tests.factories import SCOPE, claim, engine, finish
from tests.integration.engine.scheduled import (
    ACT,
    FLOW,
    HOUR_MS,
    HOURLY,
    JOB,
    NOON_MS,
    end_job,
    fire,
    outcomes,
    put,
    runs,
)

pytestmark = pytest.mark.usefixtures("worker")


def test_a_moment_makes_one_job(store: Store) -> None:
    """In the owner's name, marked with the schedule and the moment; then the next one is due."""
    put(store)
    looks = [fire(store, at) for at in (NOON_MS - 1, NOON_MS + 5, NOON_MS + 6)]
    schedule = store.schedules.get(SCOPE, "hourly")
    (run,) = runs(store)
    job = store.jobs.get(SCOPE, str(run.job_id))

    assert [0, 1, 0] == looks
    assert ("ann", "hourly", NOON_MS) == (
        job.spec.submitted_by,
        job.spec.schedule_id,
        job.spec.scheduled_for_ms,
    )
    assert NOON_MS + HOUR_MS == schedule.next_ms


def test_a_moment_makes_one_workflow(store: Store) -> None:
    """With all of its jobs."""
    put(store, request=FLOW)
    fire(store, NOON_MS)
    (run,) = runs(store)
    workflow = store.workflows.get(SCOPE, str(run.workflow_id))

    assert ("hourly", NOON_MS) == (workflow.schedule_id, workflow.scheduled_for_ms)
    assert {"a", "b"} == store.workflows.jobs(workflow).keys()


def test_leaders_at_once_fire_each_moment_once(store: Store) -> None:
    """Four of them, thirty schedules, two moments."""
    for number in range(30):
        put(store, f"s{number}", request=FLOW if number % 3 else JOB, overlap="allow")
    barrier = Barrier(4)

    def lead(_: int) -> None:
        firing = Firing(engine(store))
        for at in (NOON_MS, NOON_MS + HOUR_MS):
            barrier.wait(60)
            while firing.fire_due(now_ms=at):
                continue  # what a slow machine left over is due at the next look

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lead, range(4)))

    for number in range(30):
        assert [(0, "submitted"), (1, "submitted")] == outcomes(store, f"s{number}")
    assert 2 * (10 + 2 * 20) == store.client.zcard(store.keys("all", SCOPE.key))


@pytest.mark.parametrize("before", [True, False])
def test_a_leader_that_dies_neither_loses_nor_doubles(
    store: Store, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Just before its one write or just after it."""
    put(store)
    real: Callable[..., Any] = store.schedules.fire

    def dying(*args: Any, **options: Any) -> Any:
        if not before:
            real(*args, **options)
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(store.schedules, "fire", dying)
        with pytest.raises(Unavailable):
            fire(store, NOON_MS)
    fire(store, NOON_MS + 500)

    assert [(0, "submitted")] == outcomes(store)
    assert 1 == store.client.zcard(store.keys("all", SCOPE.key))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"catch_up": "none"}, [(0, "missed")]),
        ({"catch_up": "latest"}, [(0, "missed"), (5, "submitted")]),
        ({"catch_up": "all"}, [(n, "submitted") for n in range(6)]),
        ({"catch_up": "all", "catch_up_limit": 2},
         [(0, "missed"), (4, "submitted"), (5, "submitted")]),
        ({"catch_up": "all", "catch_up_minutes": 150},
         [(0, "missed"), (4, "submitted"), (5, "submitted")]),
    ],
)  # fmt: skip
def test_what_was_missed_is_made_up_for_as_the_policy_says(
    store: Store, policy: dict[str, Any], expected: list[tuple[int, str]]
) -> None:
    """Nobody fired from noon to half past five."""
    put(store, overlap="allow", **policy)
    fire(store, NOON_MS + 5 * HOUR_MS + HOUR_MS // 2)

    assert expected == outcomes(store)
    assert NOON_MS + 6 * HOUR_MS == store.schedules.get(SCOPE, "hourly").next_ms


def test_missed_moments_are_counted_where_they_were_looked_at(store: Store) -> None:
    """And not guessed where they lie beyond the reach."""
    plan = replace(HOURLY, catch_up="latest")
    later = [NOON_MS + n * HOUR_MS for n in range(1, 4)]
    now = later[-1] + 10
    near = choose(plan, NOON_MS, later, now_ms=now).missed
    far = choose(replace(plan, catch_up_minutes=90), NOON_MS, later[1:], now_ms=now).missed

    assert near is not None
    assert far is not None
    assert (3, later[1]) == (near.count, near.last_ms)
    assert (None, later[1]) == (far.count, far.last_ms)


def test_a_late_worker_still_fires(store: Store) -> None:
    """Within a minute a moment is on time under any policy."""
    put(store)
    fire(store, NOON_MS + 59_000)

    assert [(0, "submitted")] == outcomes(store)


def test_skip_leaves_out_what_would_overlap(store: Store) -> None:
    """Until the run before it has ended."""
    put(store, overlap="skip")
    for hour in (0, 1):
        fire(store, NOON_MS + hour * HOUR_MS)
    end_job(store)
    fire(store, NOON_MS + 2 * HOUR_MS)

    assert [(0, "submitted"), (1, "skipped"), (2, "submitted")] == outcomes(store)


def test_queue_keeps_one_fire_waiting(store: Store) -> None:
    """It starts when the run before it ends; a further one is skipped."""
    put(store, overlap="queue")
    for hour in (0, 1, 2):
        fire(store, NOON_MS + hour * HOUR_MS)
    waiting = store.schedules.get(SCOPE, "hourly").waiting_ms
    end_job(store)
    later = store.now_ms() + 5_000
    for paused in (True, False):
        # After these only what waits is due.
        store.schedules.pause(SCOPE, "hourly", paused=paused, next_ms=None, act=ACT)
    fire(store, later)

    assert NOON_MS + HOUR_MS == waiting
    assert [(0, "submitted"), (2, "skipped"), (1, "submitted")] == outcomes(store)


def test_cancel_running_makes_room_for_the_newest(store: Store) -> None:
    """The run before it is asked to stop, and the new one starts when that has ended."""
    put(store, overlap="cancelRunning", request=FLOW)
    fire(store, NOON_MS)
    held = claim(store)
    assert held is not None
    fire(store, NOON_MS + HOUR_MS)
    (first,) = runs(store)
    stopping = store.jobs.get(SCOPE, held.job.id).cancel
    finish(store, held, "cancelled")
    store.schedules.postpone(SCOPE, "hourly", NOON_MS)
    fire(store, NOON_MS + HOUR_MS + 2_000)

    assert stopping is not None
    assert "The schedule hourly fired again." == stopping.reason
    assert Status.CANCELLED == store.workflows.get(SCOPE, str(first.workflow_id)).status
    assert [(0, "submitted"), (1, "submitted")] == outcomes(store)


def test_a_template_that_became_invalid_fails_that_fire_only(store: Store) -> None:
    """The reason is kept, the schedule stays."""
    put(store, request=replace(JOB, type="Gone"))
    fire(store, NOON_MS)
    (run,) = runs(store)

    assert ("failed", None) == (run.outcome, run.job_id)
    assert "'Gone'" in str(run.reason)
    assert NOON_MS + HOUR_MS == store.schedules.get(SCOPE, "hourly").next_ms


def test_a_full_queue_keeps_the_moment(store: Store) -> None:
    """It is tried again, and fired as soon as there is room."""
    put(store, request=FLOW)
    fire(store, NOON_MS, max_queued_jobs=1)
    kept = store.schedules.get(SCOPE, "hourly")
    later = fire(store, NOON_MS + 5_001)

    assert ((), NOON_MS, 1) == (kept.runs, kept.next_ms, later)
    assert [(0, "submitted")] == outcomes(store)
