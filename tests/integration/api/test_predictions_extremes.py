"""Predictions over HTTP where there is little to predict from, or much, or something odd."""

import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from bench.core.queue import Filling
from queueapp.domain.job import Resource
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import add_worker, claim, finish, spec, submit
from tests.integration.api.conftest import Api
from tests.integration.api.predicted import AT, asked
from tests.integration.foresight.forecast_making import KEEP_MS, made

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SCOPE = Scope("t", "p")
BURST = 10_000
MOST_CONFIDENCE = {"none": 0.3, "hours": 0.5, "days": 1.0, "weeks": 1.0}


def lived(
    store: Store, *times: tuple[int, int], outcome: str = "completed", **changes: Any
) -> None:
    """Let jobs come that began at once, (came, ended) each."""
    for came, ended in times:
        submit(store, now_ms=came, scope=SCOPE, **changes)
        held = claim(store, now_ms=came + 1)
        assert held is not None
        finish(
            store, held, outcome, now_ms=ended, keep_ms=KEEP_MS, changes={"bases": ("t/Sleep", "p")}
        )


def _no_jobs_ever(store: Store, now: int) -> None:
    add_worker(store)


def _one_job(store: Store, now: int) -> None:
    add_worker(store)
    submit(store, now_ms=now - 2 * HOUR_MS, scope=SCOPE)


def _all_identical(store: Store, now: int) -> None:
    add_worker(store)
    begin = now - 26 * HOUR_MS
    lived(store, *((begin + n * HOUR_MS, begin + n * HOUR_MS + MINUTE_MS) for n in range(26)))


def _a_day_of_silence(store: Store, now: int) -> None:
    add_worker(store)
    begin = now - 3 * DAY_MS
    lived(store, *((at, at + MINUTE_MS) for at in range(begin, begin + DAY_MS, 20 * MINUTE_MS)))


def _a_burst_of_ten_thousand(store: Store, now: int) -> None:
    add_worker(store)
    lived(
        store, *((at, at + 2 * MINUTE_MS) for at in range(now - 3 * HOUR_MS, now, 10 * MINUTE_MS))
    )
    filling = Filling(store.client)
    for n in range(BURST):
        Store(filling, store.keys.prefix).jobs.submit(
            spec(scope=SCOPE, priority=(Priority.NORMAL, Priority.LOW)[n % 2]), max_queued=BURST
        )
    filling.flush()


def _clocks_that_jump(store: Store, now: int) -> None:
    add_worker(store)
    lived(store, *((now - n * HOUR_MS, now - n * HOUR_MS + MINUTE_MS) for n in range(9, 0, -1)))
    lived(
        store, (now + DAY_MS, now - DAY_MS), (now - 40 * DAY_MS, now + DAY_MS), (now, now - HOUR_MS)
    )
    submit(store, now_ms=now + 3 * DAY_MS, scope=SCOPE)


def _a_type_of_a_minute_ago(store: Store, now: int) -> None:
    add_worker(store, types=("Sleep", "New"))
    lived(store, *((now - n * HOUR_MS, now - n * HOUR_MS + MINUTE_MS) for n in range(30, 0, -1)))
    for n in range(5):
        submit(
            store, now_ms=now - MINUTE_MS + n, scope=SCOPE, type="New", resource=Resource("D", "x")
        )


def _only_failed_runs(store: Store, now: int) -> None:
    add_worker(store)
    times = ((now - n * HOUR_MS, now - n * HOUR_MS + 100) for n in range(40, 0, -1))
    lived(store, *times, outcome="failed")
    submit(store, scope=SCOPE)


def _paused_for_a_week(store: Store, now: int) -> None:
    add_worker(store)
    for n in range(300):
        submit(store, now_ms=now - 5 * HOUR_MS + n, scope=SCOPE)
    store.pauses.pause(SCOPE, duration_ms=7 * DAY_MS)


def _no_workers(store: Store, now: int) -> None:
    for n in range(20):
        submit(store, now_ms=now - 5 * HOUR_MS + n, scope=SCOPE)


def _an_hour_of_history(store: Store, now: int) -> None:
    add_worker(store)
    begin = now - HOUR_MS - 5 * MINUTE_MS
    lived(store, *((at, at + 4 * MINUTE_MS) for at in range(begin, now, 5 * MINUTE_MS)))
    submit(store, scope=SCOPE)


CASES = [
    _no_jobs_ever,
    _one_job,
    _all_identical,
    _a_day_of_silence,
    pytest.param(_a_burst_of_ten_thousand, marks=pytest.mark.faults),  # half a minute of laws
    _clocks_that_jump,
    _a_type_of_a_minute_ago,
    _only_failed_runs,
    _paused_for_a_week,
    _no_workers,
    _an_hour_of_history,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.strip("_"))
def test_there_are_points_whatever_the_queue_was_like(api: Api, tmp_path: Path, case: Any) -> None:
    """A day of them: finite, not negative, little sure of where little is known; never an error."""
    case(api.store, api.store.now_ms())
    guessed = asked(api, horizon=24)
    made(api.store, tmp_path / "attempt", SCOPE)
    found = asked(api, horizon=24)

    for answer in (guessed, found, asked(api, horizon=24, jobType="Sleep")):
        _check(answer)
    for path in ("", "?pageSize=50", "/priority/Normal", "/predictions/accuracy", "/history"):
        assert 200 == api.get(f"{AT.removesuffix('/predictions')}{path}").status_code
    assert 200 == api.get("/api/t/execution/system/status").status_code
    if case is _a_burst_of_ten_thousand:
        _check_burst(guessed, found)
    if case is _paused_for_a_week:
        sizes = found["predictions"]["queueSizeProjection"]
        assert all(280 <= point["expectedQueueSize"] for point in sizes)


def _check(answer: dict[str, Any]) -> None:
    most = MOST_CONFIDENCE[answer["modelInfo"]["basis"]]
    for name, value in (
        ("queueSizeProjection", "expectedQueueSize"),
        ("waitTimeProjection", "averageWaitTimeSeconds"),
    ):
        points = answer["predictions"][name]
        suffix = "Seconds" if value.endswith("Seconds") else ""
        assert 24 == len(points)
        for point in points:
            low, middle, high = point[f"lower{suffix}"], point[value], point[f"upper{suffix}"]
            assert 0 <= low <= middle + 0.5 <= high + 1, point
            assert math.isfinite(high)
            assert 0 <= point["confidence"] <= most
    if most < 1:
        last = answer["predictions"]["queueSizeProjection"][-1]
        assert last["upper"] - last["lower"] >= max(5, 0.05 * last["expectedQueueSize"]), last
        assert last["confidence"] <= 0.3


def _check_burst(guessed: dict[str, Any], found: dict[str, Any]) -> None:
    """Four workers and jobs of two minutes: 120 an hour, whatever the past was like."""
    for answer in (guessed, found):
        sizes = [p["expectedQueueSize"] for p in answer["predictions"]["queueSizeProjection"]]
        assert all(later <= earlier for earlier, later in itertools.pairwise(sizes))
        assert BURST - 24 * 120 - 500 < sizes[-1] < BURST - 24 * 120 + 500, sizes
    waits = found["predictions"]["waitTimeProjection"]
    assert 20 * 3600 < waits[0]["averageWaitTimeSeconds"] < 120 * 3600
