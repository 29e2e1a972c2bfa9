"""Predictions over HTTP, from a stored forecast and without one."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from queueapp.domain.report_card import Shown, scored
from queueapp.domain.rollup import DAY_MS
from tests.factories import add_worker, claim, finish, submit
from tests.integration.api.conftest import Api
from tests.integration.api.predicted import AT, HOUR_MS, LISTS, SCOPE, asked, forecast


@pytest.mark.parametrize("horizon", [1, 4, 24])
def test_a_fresh_project_has_its_points_and_no_more(api: Api, horizon: int) -> None:
    """One point for each whole hour ahead, zeros, little confidence, no advice, basis none."""
    found = asked(api, horizon=horizon)
    sizes = found["predictions"]["queueSizeProjection"]
    times = [datetime.fromisoformat(point["time"]) for point in sizes]
    now = datetime.fromisoformat(found["predictionTime"])

    assert horizon == len(sizes) == found["horizon"]
    assert now < times[0] <= now + timedelta(hours=1)
    assert all((t.minute, t.second) == (0, 0) for t in times)
    assert [timedelta(hours=1)] * (horizon - 1) == [b - a for a, b in itertools.pairwise(times)]
    assert {0} == {point["expectedQueueSize"] for point in sizes}
    assert {"0 minutes"} == {
        point["averageWaitTime"] for point in found["predictions"]["waitTimeProjection"]
    }
    assert all(0 < point["confidence"] <= 0.3 for point in sizes)
    assert LISTS == found["recommendations"]
    assert ("none", 0, None, None) == tuple(
        found["modelInfo"][name] for name in ("basis", "dataPoints", "accuracy", "lastTrained")
    )


@pytest.mark.parametrize(
    "query", [{"horizon": 0}, {"horizon": 25}, {"horizon": "x"}, {"days": 1}, {"jobType": "x" * 99}]
)
def test_bad_questions_are_refused(api: Api, query: dict[str, Any]) -> None:
    """The field that is wrong is named."""
    response = api.get(AT, query_string=query)

    assert 400 == response.status_code
    assert f"/{next(iter(query))}" == response.get_json()["errors"][0]["field"]


def test_a_queue_without_a_forecast_is_guessed_from_itself(api: Api) -> None:
    """What waits now stays where nobody can work it off; the range is wide and says so."""
    start = api.store.now_ms() - 3 * HOUR_MS
    add_worker(api.store, types=("Other",))
    for minute in range(8):
        submit(api.store, now_ms=start + minute * 60_000, scope=SCOPE)
    found = asked(api, horizon=24)
    sizes = found["predictions"]["queueSizeProjection"]

    assert {8} == {point["expectedQueueSize"] for point in sizes}
    assert all(point["lower"] < 8 < point["upper"] for point in sizes)
    assert "hours" == found["modelInfo"]["basis"]
    assert 0.3 < sizes[0]["confidence"] <= 0.5
    assert sizes[-1]["confidence"] <= 0.3
    assert LISTS == found["recommendations"]


def test_a_queue_that_drains_is_guessed_to_drain(api: Api) -> None:
    """Once run times are known the guess goes down to what is usual."""
    start = api.store.now_ms() - 2 * HOUR_MS
    for at in range(start, start + 600_000, 100_000):
        submit(api.store, now_ms=at, scope=SCOPE)
        held = claim(api.store, now_ms=at)
        assert held is not None
        finish(api.store, held, now_ms=at + 60_000)
    for n in range(5):
        submit(api.store, now_ms=start + 3_000_000 + n, scope=SCOPE)
    sizes = asked(api, horizon=3)["predictions"]["queueSizeProjection"]

    assert sizes[-1]["expectedQueueSize"] < 5


def test_a_stored_forecast_is_brought_up_to_the_present(api: Api) -> None:
    """Four more jobs than expected move sizes and waits by what each would still be felt then."""
    now = api.store.now_ms()
    api.store.forecasts.put(SCOPE, forecast(now - 60_000))
    for _ in range(10):
        submit(api.store, scope=SCOPE)
    before = asked(api)["predictions"]
    plain, usual = before["queueSizeProjection"][-1], before["waitTimeProjection"][-1]
    for _ in range(4):
        submit(api.store, scope=SCOPE)
    found = asked(api)["predictions"]

    assert plain["expectedQueueSize"] + 2 == found["queueSizeProjection"][-1]["expectedQueueSize"]
    assert found["queueSizeProjection"][-1]["confidence"] == 0.6
    wait = found["waitTimeProjection"][-1]
    usual_s = usual["averageWaitTimeSeconds"]
    assert usual_s < wait["averageWaitTimeSeconds"] <= usual_s + 4 * 30
    assert wait["lowerSeconds"] < wait["averageWaitTimeSeconds"] < wait["upperSeconds"]


def test_a_stored_forecast_is_told_with_what_it_rests_on(api: Api) -> None:
    """Utilisation, advice and the model's report have the stored numbers and the right words."""
    now = api.store.now_ms()
    api.store.forecasts.put(SCOPE, forecast(now))
    found = asked(api, horizon=24)
    load, info = found["predictions"]["resourceUtilization"][0], found["modelInfo"]
    advice = found["recommendations"]

    assert (40, {"lower": 20, "upper": 80}, None, 90.0) == (
        load["cpuUtilization"],
        load["cpuRange"],
        load["memoryUtilization"],
        load["efficiency"],
    )
    assert 24 == len(found["predictions"]["queueSizeProjection"])
    assert ("weeks", 0.551, 0.8, 0.25, 400, False) == tuple(
        info[name]
        for name in (
            "basis",
            "accuracy",
            "coverage80",
            "skillVsSeasonalNaive",
            "dataPoints",
            "stale",
        )
    )
    assert 900 == info["trainedOn"]["jobs"]
    assert "1-4 minutes" == advice["optimalSubmissionTimes"][0]["expectedWaitTime"]
    worker = advice["resourceOptimization"][0]
    assert ("Add 1 worker", "25% reduction in wait times", "Medium", "Medium") == tuple(
        worker[name] for name in ("recommendation", "expectedImprovement", "cost", "priority")
    )
    assert (-25.0, -40.0, -10.0) == (
        worker["waitChange"],
        worker["waitChangeLower"],
        worker["waitChangeUpper"],
    )
    assert "Submit 2 hours earlier" == advice["jobScheduling"][0]["recommendation"]
    assert LISTS == asked(api, includeRecommendations="false")["recommendations"]


def test_advice_counts_workers_by_all_that_they_run(api: Api) -> None:
    """A worker of several threads makes room for as many jobs."""
    effect = forecast(0)["advice"]["workers"][0]
    effects = [{**effect, "workers": jobs} for jobs in (6, 8, 2)]
    changed = {"step": 2, "advice": {"workers": effects, "windows": []}}
    api.store.forecasts.put(SCOPE, forecast(api.store.now_ms(), **changed))
    found = asked(api)["recommendations"]["resourceOptimization"]

    assert [
        ("Add 1 worker (2 more jobs at once)", 6),
        ("Add 2 workers (4 more jobs at once)", 8),
        ("Remove 1 worker (2 fewer jobs at once)", 2),
    ] == [(one["recommendation"], one["jobsAtOnce"]) for one in found]


def test_one_job_type_has_its_own_points(api: Api) -> None:
    """A type is found in any case; one that the forecast does not know is guessed."""
    now = api.store.now_ms()
    api.store.forecasts.put(SCOPE, forecast(now))
    mine = asked(api, jobType="sleep")
    other = asked(api, jobType="ProcessMining")

    assert 4 == mine["predictions"]["queueSizeProjection"][3]["expectedQueueSize"]
    assert 0 == other["predictions"]["queueSizeProjection"][3]["expectedQueueSize"]
    assert other["predictions"]["queueSizeProjection"][3]["confidence"] <= 0.3
    assert [] == other["recommendations"]["jobScheduling"]


def test_a_forecast_of_another_release_is_not_read(api: Api) -> None:
    """It is as if there were none."""
    api.store.forecasts.put(SCOPE, {**forecast(api.store.now_ms()), "version": 99})

    assert ("none", None) == tuple(
        asked(api)["modelInfo"][name] for name in ("basis", "lastTrained")
    )


def test_an_old_forecast_still_has_a_point_for_each_hour(api: Api) -> None:
    """Past its last point the same hour of the day stands in."""
    api.store.forecasts.put(SCOPE, forecast(api.store.now_ms() - 20 * HOUR_MS))

    assert 24 == len(asked(api, horizon=24)["predictions"]["queueSizeProjection"])


def test_predictions_that_were_shown_get_marks(api: Api) -> None:
    """Null until there are a few samples; then coverage and error, all in all and by lead."""
    at = f"{AT}/accuracy"
    fresh = asked(api, at)
    asked(api)
    asked(api)
    shown = api.store.shown.due([SCOPE], now_ms=api.store.now_ms() + 9 * HOUR_MS, limit=99)[0]
    results = [scored(one, 7.0, api.store.now_ms()) for one in shown for _ in range(2)]
    api.store.shown.settle(SCOPE, shown, results, now_ms=api.store.now_ms())
    size = asked(api, at)["periods"][0]["targets"][0]

    assert [7, 30] == [period["days"] for period in fresh["periods"]]
    assert ["size", "wait", "duration", "start"] == [
        target["target"] for target in fresh["periods"][1]["targets"]
    ]
    assert (0, None, None) == tuple(
        fresh["periods"][0]["targets"][0][name] for name in ("samples", "coverage", "medianError")
    )
    assert 8 == len(shown)
    assert ("size", 8, 7.0) == (size["target"], size["samples"], size["medianError"])
    assert {"1-4 hours", "5-12 hours", "13-24 hours"} == {one["lead"] for one in size["byLead"]}


def test_accuracy_is_that_of_points_shown_once_they_are_a_hundred(api: Api) -> None:
    """Of the last 14 days; until then that of the replay, and the basis says which."""
    now = api.store.now_ms()
    api.store.forecasts.put(SCOPE, forecast(now))

    def come(n: int, truth: float, at_ms: int = now) -> None:
        shown = Shown("size", at_ms - HOUR_MS, at_ms, at_ms, 2.0, 10.0, 14.0)
        waits = Shown("wait", at_ms - HOUR_MS, at_ms, at_ms, 2.0, 10.0, 14.0)
        results = [scored(one, truth, at_ms) for one in (shown, waits) for _ in range(n)]
        api.store.shown.settle(SCOPE, [], results[: n + 1], now_ms=at_ms)

    come(500, 90.0, now - 15 * DAY_MS)
    come(59, 12.0)
    come(40, 13.0)
    early = asked(api)["modelInfo"]
    come(20, 20.0)
    late = asked(api)["modelInfo"]

    assert (0.551, "replay", 0.8) == (
        early["accuracy"],
        early["accuracyBasis"],
        early["coverage80"],
    )
    assert {"target": "size", "points": 99, "accuracy": None, "coverage80": None} == early["shown"][
        0
    ]
    assert ("shown", 119) == (late["accuracyBasis"], late["shown"][0]["points"])
    assert (round(59 / 119, 3), round(99 / 119, 3)) == (late["accuracy"], late["coverage80"])
    assert ("wait", 3) == (late["shown"][1]["target"], late["shown"][1]["points"])
