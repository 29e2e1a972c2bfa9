"""Schedules are put, paused, resumed, run by hand and made anew, each safely repeated."""

from dataclasses import replace
from typing import Any

import pytest

from queueapp.domain.errors import (
    NotFound,
    QueueFull,
    ValidationFailed,
    VersionStale,
)
from queueapp.domain.schedule import Plan, ScheduleState
from queueapp.domain.workflow import StepRequest
from queueapp.engine.schedules import Schedules
from queueapp.store import Store
from queueapp.store.answers import Idempotency
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE, engine
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
