"""Forecasts from the store's own records: what is gathered, what comes of it, when it is due."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.forecast_refresh import RESULT
from queueapp.domain.job import JobRequest, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.report_card import Mark, Scored, Shown, marks
from queueapp.domain.scope import Scope
from queueapp.domain.states import AttemptEnd
from queueapp.engine.engine import Engine
from queueapp.forecasts import (
    FORECAST_TYPE,
    OWN,
    ForecastErrand,
    ForecastsDue,
    due,
)
from queueapp.foresight.predictions import Predictions
from queueapp.gathering import gathered
from queueapp.store import Store
from queueapp.store.forecasts import Turn
from tests.factories import SCOPE, add_worker, claim, finish, job_type, spec, submit
from tests.integration.foresight.forecast_making import (
    DAY_MS,
    HOUR_MS,
    KEEP_MS,
    LOG,
    RUN_MS,
    live_through,
    made,
)


def look(store: Store, engine: Engine, horizon: int = 24, **query: Any) -> Any:
    """The predictions of the scope."""
    return Predictions(store, engine.outlook).look(SCOPE, horizon, **query)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for an attempt."""
    return tmp_path / "attempt"


def test_a_day_of_jobs_makes_a_forecast(store: Store, engine: Engine, folder: Path) -> None:
    """Points for each hour, of the whole and of a type, run times, and what it rests on."""
    live_through(store, 26, until_ms=store.now_ms())
    outcome = made(store, folder)
    kept = store.forecasts.get(SCOPE)
    found = look(store, engine)

    assert kept is not None
    assert () == outcome.outputs
    assert "days" == kept["basis"] == found.basis
    assert 24 == len(found.sizes) == len(look(store, engine, kind="Sleep").waits)
    assert all(0 <= p.lower <= p.middle <= p.upper < 100 for p in found.sizes)
    assert all(0 <= p.confidence <= 1 for p in [*found.sizes, *found.waits])
    told = engine.outlook.duration(spec(resource=LOG, submitted_by="user 0"))
    assert ("resource", True) == (told.basis, told.learnt)
    assert [RUN_MS] * 3 == [told.low_ms, told.middle_ms, told.high_ms]
    assert kept["data"]["jobs"] >= 40
    assert [None, None] == [found.loads[0].cpu, found.loads[0].memory]


def test_a_second_forecast_keeps_what_the_first_learnt(store: Store, folder: Path) -> None:
    """A refresh within the day spares the comparison with the past."""
    live_through(store, 26, until_ms=store.now_ms())
    assert gathered(store, SCOPE, store.now_ms(), KEEP_MS)["learnt"] is None
    made(store, folder)
    first = store.forecasts.get(SCOPE)
    assert first is not None
    again = gathered(store, SCOPE, store.now_ms(), KEEP_MS)
    much_later = gathered(store, SCOPE, store.now_ms() + 2 * DAY_MS, KEEP_MS)

    assert (first["learnt"], first["learnt_at"]) == (again["learnt"], again["learnt_at"])
    assert much_later["learnt"] is None


def _burst(store: Store) -> None:
    add_worker(store)
    for n in range(300):
        submit(store, now_ms=store.now_ms() - 2 * HOUR_MS + n)


def _paused_for_good(store: Store) -> None:
    live_through(store, 3, until_ms=store.now_ms())
    store.pauses.pause(SCOPE)
    store.pauses.pause(SCOPE, kind="Sleep")
    submit(store)


def _blocked(store: Store) -> None:
    add_worker(store)
    first = spec()
    store.jobs.submit(first, now_ms=store.now_ms() - 2 * HOUR_MS)
    submit(store, dependencies=(first.id,), name='"resource":{', submitted_by="bob")
    submit(store, scheduled_ms=store.now_ms() + DAY_MS, priority=Priority.LOW)


CASES = [
    _burst,
    _paused_for_good,
    _blocked,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.strip("_"))
def test_whatever_the_queue_was_like_there_are_points(
    store: Store, engine: Engine, folder: Path, case: Any
) -> None:
    """Finite, not negative, wide where little is known, with a forecast and without one."""
    case(store)
    guessed = look(store, engine)
    made(store, folder)
    found = look(store, engine)

    for predicted in (guessed, found):
        points = [*predicted.sizes, *predicted.waits]
        assert 48 == len(points)
        assert all(0 <= p.lower <= p.middle <= p.upper < 1e10 for p in points)
        assert all(0 <= p.confidence <= 0.5 for p in points)
        assert json.dumps([p.upper for p in points], allow_nan=False)
    assert found.basis in ("none", "hours")


def test_a_failure_leaves_the_forecast_and_says_so(store: Store, folder: Path) -> None:
    """What stands is marked as stale until the next one is made."""
    errand = ForecastErrand(store, store.now_ms, KEEP_MS)
    job: JobSpec = spec(type=FORECAST_TYPE, scope=OWN, parameters={"scope": SCOPE.key})
    errand.take(job, Outcome(AttemptEnd.FAILED))
    assert store.forecasts.get(SCOPE) is None
    live_through(store, 3, until_ms=store.now_ms())
    made(store, folder)
    errand.take(job, Outcome(AttemptEnd.FAILED))
    kept = store.forecasts.get(SCOPE)

    assert kept is not None
    assert kept["failed_at"] > kept["made_at"]
    assert 0 < store.client.pttl(store.keys("forecast", SCOPE.key)) <= DAY_MS


@pytest.mark.parametrize(
    ("turn", "wanted"),
    [
        (Turn("a", "", 0, None, asked=True), False),  # no history
        (Turn("a", "", 0, 99_500_000, asked=True), False),  # half an hour of history
        (Turn("a", "", 0, 0, asked=False), True),  # never made
        (Turn("b", "a", 99_500_000, 0, asked=True), False),  # made lately
        (Turn("b", "a", 99_300_000, 0, asked=False), True),  # something changed since
        (Turn("a", "a", 99_300_000, 0, asked=True), False),  # nothing changed, and not old
        (Turn("a", "a", 96_300_000, 0, asked=True), True),  # old, and somebody asks
        (Turn("a", "a", 96_300_000, 0, asked=False), False),  # old, and nobody asks
    ],
)
def test_forecasts_are_due_where_something_changed(turn: Turn, wanted: bool) -> None:
    """At most every ten minutes, and each hour while somebody asks."""
    assert wanted == due(turn, now_ms=100_000_000, every_ms=600_000)


def test_a_chore_orders_each_forecast_once(store: Store, engine: Engine) -> None:
    """It goes to a scope of queueapp's own, last of all, and first when it has waited long."""
    live_through(store, 3, until_ms=store.now_ms())
    submit(store, scope=Scope("t", "new"))
    add_worker(store, "w2", types=(FORECAST_TYPE,))
    store.fleet.register(_worker(), [job_type(FORECAST_TYPE, internal=True)])
    chore = ForecastsDue(engine, every_ms=600_000)
    assert [1, 0] == [chore.ask(), chore.ask()]
    [job] = store.jobs.get_many(row.job_id for row in store.queue.page(OWN).rows)

    assert (FORECAST_TYPE, Priority.LOW) == (job.spec.type, job.spec.priority)
    assert {"scope": SCOPE.key} == job.spec.parameters
    assert store.queue.page(SCOPE).matching == 0
    later = Engine(
        store, engine.config, enqueue=engine._enqueue, clock=lambda: job.created_ms / 1000 + 400
    )
    ForecastsDue(later, every_ms=600_000).ask()
    assert Priority.CRITICAL in {
        one.spec.priority
        for one in store.jobs.get_many(row.job_id for row in store.queue.page(OWN).rows)
    }


def _worker() -> Any:
    from queueapp.domain.fleet import Worker
    from tests.factories import NODE

    return Worker(name="w2", node=NODE, pid=1, slots=4, born_ms=0, version="0")


def test_a_forecast_only_changes_its_own_file(store: Store, folder: Path) -> None:
    """The job publishes nothing: its file is what the worker keeps."""
    live_through(store, 3, until_ms=store.now_ms())

    assert RESULT not in {one.name for one in made(store, folder).outputs}


def test_what_was_shown_is_compared_with_what_came(store: Store, engine: Engine) -> None:
    """Sizes, waits, run times and starts, each when it is known; a failed run tells no run time."""
    hour = store.now_ms() // HOUR_MS * HOUR_MS
    told = hour - 3 * HOUR_MS
    add_worker(store)
    for n in range(6):
        submit(store, now_ms=told + n)
        held = claim(store, now_ms=told + 60_000)
        assert held is not None
        finish(store, held, now_ms=told + 180_000)
        plain = {"told_ms": told, "about_ms": told + 60_000, "job_id": held.job.id}
        store.shown.remember(
            SCOPE,
            [
                Shown("start", due_ms=hour, lower=0.0, middle=5e4, upper=5e4 + 1e4 * n, **plain),
                Shown("duration", due_ms=hour, lower=1e5, middle=1.5e5, upper=2e5, **plain),
                Shown("size", told, hour, told + (1 + n % 2) * HOUR_MS, 0.0, 1.0 + n, 0.5),
                Shown("wait", told, hour, told + HOUR_MS, 0.0, float(n), 60_000.0),
            ],
        )
    submit(store)
    waiting = store.queue.page(SCOPE).rows[0].job_id
    later = Shown("start", told, hour, hour, 0.0, 1.0, 1.0, waiting)
    gone = Shown("start", told, hour, hour, 0.0, 1.0, 1.0, "gone")
    store.shown.remember(SCOPE, [later, gone])
    assert 24 == engine.report_card.compare()
    found = store.shown.compared(SCOPE, since_ms=told, now_ms=store.now_ms())
    [known] = marks(found, [told])
    start, by_lead = known["start"]

    assert 0 == engine.report_card.compare()
    assert (6, 5 / 6) == (start.samples, start.coverage)
    assert 10_000 - 5 <= (start.median_error or 0) <= 10_000
    assert 6 == by_lead["under 10 minutes"].samples
    assert Mark(6, 1.0, 30_000.0) == known["duration"][0]
    assert (1.0, 3.5) == (
        known["size"][0].coverage,
        known["size"][0].median_error,
    )
    assert (6, 1.0) == (known["wait"][0].samples, known["wait"][0].coverage)
    left = store.shown.due([SCOPE], now_ms=store.now_ms() + HOUR_MS, limit=9)[0]
    assert [waiting] == [one.job_id for one in left]


def test_what_is_too_much_pushes_out_the_oldest(store: Store) -> None:
    """Half a megabyte of comparisons, by whole spans; a span that is full takes no more."""
    now, span = store.now_ms(), 6 * HOUR_MS
    some = [Scored("size", now, HOUR_MS, held=True, error=1e9 / 3) for _ in range(9_000)]

    def come(ago: int) -> None:
        told = [replace(one, at_ms=now - ago * span) for one in some]
        store.shown.settle(SCOPE, [], told, now_ms=now - ago * span)

    def kept() -> int:
        found = store.shown.compared(SCOPE, since_ms=now - 30 * DAY_MS, now_ms=now)
        return marks(found, [0])[0]["size"][0].samples

    for ago in (3, 2, 1):
        come(ago)
    before = kept()
    for _ in range(4):
        come(0)

    assert 18_000 <= before <= 27_000
    assert 18_000 <= kept() <= 27_000
    assert [] == store.shown.compared(SCOPE, since_ms=now + DAY_MS, now_ms=now + DAY_MS).codes


def test_estimates_of_submitted_jobs_are_remembered_now_and_then(
    store: Store, engine: Engine
) -> None:
    """One of a burst, with its start and its run time; none where nothing was measured."""
    live_through(store, 3, until_ms=store.now_ms())
    engine.submit(SCOPE, JobRequest(name="a", type="Sleep"), by="ann")
    engine.submit(SCOPE, JobRequest(name="b", type="Sleep"), by="ann")
    engine.submit(Scope("t", "new"), JobRequest(name="c", type="Sleep"), by="ann")
    shown = store.shown.due([SCOPE, Scope("t", "new")], now_ms=store.now_ms() + DAY_MS, limit=9)

    assert ["start", "duration"] == [one.what for one in shown[0]]
    assert [] == shown[1]
