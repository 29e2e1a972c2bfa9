"""Schedules fire each moment once: by several leaders, after deaths, and as their policies say."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from queueapp.config import Config
from queueapp.domain.audit import Act
from queueapp.domain.errors import (
    NotFound,
    QueueFull,
    Unavailable,
    ValidationFailed,
    VersionStale,
)
from queueapp.domain.job import JobRequest
from queueapp.domain.schedule import Plan, Run, ScheduleState, choose
from queueapp.domain.states import Status
from queueapp.domain.workflow import StepRequest, WorkflowRequest
from queueapp.engine.engine import Engine
from queueapp.engine.firing import Firing
from queueapp.engine.schedules import Schedules
from queueapp.store import Store
from queueapp.store.answers import Idempotency
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE, add_worker, claim, finish

HOUR_MS = 3_600_000
NOON_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z
ACT = Act("ann")
JOB = JobRequest("A job", "Sleep")
FLOW = WorkflowRequest("A flow", (StepRequest("a", JOB), StepRequest("b", JOB, depends_on=("a",))))
HOURLY = Plan(cron="0 * * * *", time_zone="UTC", request=JOB, template={})


def engine(store: Store, **settings: Any) -> Engine:
    """Return an engine that submits to the store as it is."""

    def enqueue(spec: Any, *, idempotency: Any, head: bool) -> Any:
        return store.jobs.submit(spec, idempotency=idempotency, head=head)

    return Engine(store, Config(**settings), enqueue=enqueue)


def put(store: Store, name: str = "hourly", *, next_ms: int = NOON_MS, **changes: Any) -> None:
    """Store a schedule whose next moment is known."""
    plan = replace(HOURLY, **changes)
    store.schedules.put(SCOPE, name, plan, fingerprint=str(plan), next_ms=next_ms, act=ACT)


def fire(store: Store, at_ms: int, **settings: Any) -> int:
    """Handle what is due at a time."""
    return Firing(engine(store, **settings)).fire_due(now_ms=at_ms)


def runs(store: Store, name: str = "hourly") -> list[Run]:
    """Return the runs of a schedule, oldest first."""
    return list(reversed(store.schedules.get(SCOPE, name).runs))


def outcomes(store: Store, name: str = "hourly") -> list[tuple[int, str]]:
    """Return each run's hour after noon and outcome."""
    return [((run.scheduled_ms - NOON_MS) // HOUR_MS, run.outcome) for run in runs(store, name)]


@pytest.fixture(autouse=True)
def _worker(store: Store) -> None:
    add_worker(store)


def end_job(store: Store) -> None:
    """Run the next job to its end."""
    held = claim(store)
    assert held is not None
    finish(store, held)


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
            barrier.wait()
            firing.fire_due(now_ms=at)

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


def test_a_paused_schedule_does_not_fire(store: Store) -> None:
    """What came while it was paused is not made up for."""
    put(store, catch_up="all")
    schedules = Schedules(engine(store))
    paused = schedules.pause(SCOPE, "hourly", act=replace(ACT, reason="Holidays")).schedule
    looked = fire(store, NOON_MS + HOUR_MS)
    resumed = schedules.resume(SCOPE, "hourly", act=ACT).schedule

    assert (True, "Holidays", None) == (paused.paused, paused.paused_reason, paused.next_ms)
    assert (0, []) == (looked, runs(store))
    assert resumed.next_ms is not None
    assert resumed.next_ms > store.now_ms()


def test_a_schedule_ends(store: Store) -> None:
    """After its last moment it stays, and fires no more."""
    put(store, end_ms=NOON_MS + HOUR_MS)
    for hour in (0, 1, 2):
        fire(store, NOON_MS + hour * HOUR_MS)
    schedule = store.schedules.get(SCOPE, "hourly")

    assert ScheduleState.ENDED == schedule.state
    assert [(0, "submitted"), (1, "skipped")] == outcomes(store)


def test_a_changed_plan_does_not_lose_the_moment_that_has_come(store: Store) -> None:
    """It is fired with the new plan."""
    put(store)
    put(store, next_ms=NOON_MS + 12 * HOUR_MS, cron="0 0 * * *")
    fire(store, NOON_MS)

    assert [(0, "submitted")] == outcomes(store)
    assert NOON_MS + 12 * HOUR_MS == store.schedules.get(SCOPE, "hourly").next_ms


def test_a_put_is_repeated_safely(store: Store) -> None:
    """The same changes nothing; versions guard against changes that were not seen."""
    schedules = Schedules(engine(store))

    def again(plan: Plan = HOURLY, **options: Any) -> tuple[str, int]:
        done = schedules.put(SCOPE, "s", plan, act=ACT, **options)
        return done.how, done.schedule.version

    assert [("new", 1), ("same", 1)] == [again(versions=False), again()]
    with pytest.raises(VersionStale):
        again(versions=False)
    other = replace(HOURLY, description="x")
    with pytest.raises(VersionStale):
        again(other, versions=["7"])
    assert ("replaced", 2) == again(other, versions=["1"])
    assert ("replaced", 3) == again(other, paused=True)
    assert ("same", 3) == again(other)
    schedules.delete(SCOPE, "s", act=ACT, versions=["3"])
    with pytest.raises(NotFound):
        schedules.get(SCOPE, "s")


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(HOURLY, cron="x"), "/cron"),
        (replace(HOURLY, time_zone="x"), "/timeZone"),
        (replace(HOURLY, request=replace(JOB, type="x")), "/job/jobType"),
        (replace(HOURLY, start_ms=NOON_MS + 10**13, end_ms=NOON_MS + 10**13 + 1), "/cron"),
        (
            replace(HOURLY, request=replace(FLOW, steps=(StepRequest("a", JOB, ("b",)),))),
            "/workflow/jobs/0/dependsOn/0",
        ),
    ],
)
def test_a_plan_that_cannot_work_is_refused(store: Store, plan: Plan, field: str) -> None:
    """With the field named, and nothing stored."""
    with pytest.raises(ValidationFailed) as caught:
        Schedules(engine(store)).put(SCOPE, "s", plan, act=ACT)

    assert [field] == [named for named, _ in caught.value.errors]
    assert ([], 0) == store.schedules.page(SCOPE, 1, 20)


def test_running_now_is_done_once_under_its_key(store: Store) -> None:
    """Beside whatever runs; the next moment stays."""
    put(store)
    schedules = Schedules(engine(store))
    keys = (Idempotency("x", "print"), Idempotency("x", "print"), Idempotency("y", "print"))
    done = [schedules.run_now(SCOPE, "hourly", act=ACT, idempotency=key) for key in keys]
    made = [one.run.job_id for one in done]

    assert [False, True, False] == [one.repeated for one in done]
    assert 2 == len(set(made)) == len(runs(store))
    assert all(run.manual for run in runs(store))
    assert NOON_MS == store.schedules.get(SCOPE, "hourly").next_ms


def test_a_refused_run_leaves_no_trace(store: Store) -> None:
    """Neither in the trail nor among the runs, and the key may be used again."""
    put(store)
    schedules, key = Schedules(engine(store, max_queued_jobs=0)), Idempotency("x", "print")
    with pytest.raises(QueueFull):
        schedules.run_now(SCOPE, "hourly", act=ACT, idempotency=key)

    assert [] == runs(store)
    entries = store.audit.page(SCOPE, AuditFilter(), before=None, limit=9).entries
    assert ["create_schedule"] == [one.action for one in entries]
    assert not Schedules(engine(store)).run_now(SCOPE, "hourly", act=ACT, idempotency=key).repeated


def test_a_schedule_made_anew_makes_new_jobs(store: Store) -> None:
    """Under the id of one that was deleted, for the same moment."""
    for _ in range(2):
        put(store)
        fire(store, NOON_MS)
        store.schedules.delete(SCOPE, "hourly", act=ACT)
        end_job(store)

    assert 2 == store.client.zcard(store.keys("all", SCOPE.key))
