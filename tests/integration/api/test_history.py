"""The history of a queue over HTTP, against the contract's names, texts and refusals."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from queueapp.domain.bottlenecks import Bottleneck
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from tests.factories import add_worker, claim, finish, submit
from tests.integration.api.conftest import Api

AT = "/api/t/p/execution/queue/history"
SCOPE = Scope("t", "p")
HOUR_MS = 3_600_000
METRICS = {
    "queue_size": {"queueSize", "priorityDistribution"},
    "wait_time": {"waitTime", "waitReasons"},
    "throughput": {"throughput"},
}


def stamp(at_ms: int) -> str:
    """A moment as the API writes it."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def asked(api: Api, **query: Any) -> dict[str, Any]:
    """The history, answered."""
    response = api.get(AT, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    found: dict[str, Any] = response.get_json()
    return found


def test_a_fresh_project_has_its_buckets_and_no_numbers(api: Api) -> None:
    """Nothing ever happened: every bucket is there with zeros, nulls where there is no number."""
    found = asked(api)

    assert 25 == len(found["hourlyData"])
    assert {"average": 0.0, "peak": 0, "minimum": 0} == found["hourlyData"][3]["queueSize"]
    assert found["hourlyData"][3]["waitTime"]["average"] is None
    assert found["summary"]["efficiency"] is None
    assert "0 minutes" == found["summary"]["averageWaitTime"]
    assert {None} == set(found["trends"].values())
    assert [] == found["bottlenecks"]


def test_an_hour_is_told_exactly(api: Api) -> None:
    """Sizes, waits and counts of an hour that is over are those of its events."""
    start = api.store.now_ms() // HOUR_MS * HOUR_MS - 2 * HOUR_MS
    add_worker(api.store, types=("Sleep",))
    for minute, priority in ((0, "High"), (10, "Normal"), (20, "Normal")):
        submit(api.store, now_ms=start + minute * 60_000, scope=SCOPE, priority=Priority(priority))
    held = claim(api.store, now_ms=start + 30 * 60_000)
    assert held is not None
    finish(api.store, held, now_ms=start + 45 * 60_000)
    found = asked(api, dateFrom=stamp(start), dateTo=stamp(start + HOUR_MS - 1000))
    hour = found["hourlyData"][0]

    assert 1 == len(found["hourlyData"])
    assert "partial" not in hour
    # 10 minutes of 1, 10 of 2, 10 of 3, 30 of 2
    assert {"average": 2.0, "peak": 3, "minimum": 0} == hour["queueSize"]
    assert {"critical": 0, "high": 1, "normal": 2, "low": 0} == hour["priorityDistribution"]
    assert "30 minutes" == hour["waitTime"]["average"] == hour["waitTime"]["maximum"]
    assert (3, 1) == (hour["throughput"]["jobsSubmitted"], hour["throughput"]["jobsCompleted"])
    assert 1 == found["summary"]["totalJobsProcessed"]
    assert 1.0 == found["summary"]["throughputPerHour"]
    # The queue stays as it is: the hour after has two jobs all along.
    after = asked(api, dateFrom=stamp(start + HOUR_MS), dateTo=stamp(start + 2 * HOUR_MS - 1000))
    assert {"average": 2.0, "peak": 2, "minimum": 2} == after["hourlyData"][0]["queueSize"]


@pytest.mark.parametrize(("metric", "keys"), METRICS.items())
def test_metrics_filter_buckets_only(api: Api, metric: str, keys: set[str]) -> None:
    """A bucket has what was asked for; the summary stays whole."""
    found = asked(api, metrics=metric)

    assert {"timestamp", *keys} == set(found["hourlyData"][0])
    assert {"totalJobsProcessed", "peakQueueSize", "throughputPerHour"} <= set(found["summary"])


def test_efficiency_alone_keeps_only_itself(api: Api) -> None:
    """metrics=efficiency leaves the rest of the throughput out."""
    found = asked(api, metrics="Efficiency")

    assert {"efficiency"} == set(found["hourlyData"][0]["throughput"])


@pytest.mark.parametrize(("aggregation", "buckets"), [("hour", 25), ("day", 31), ("week", 13)])
def test_default_windows(api: Api, aggregation: str, buckets: int) -> None:
    """24 hours, 30 days or 12 weeks until now; the first and last bucket may be partial."""
    found = asked(api, aggregation=aggregation.upper())

    assert buckets == len(found["hourlyData"])
    assert found["hourlyData"][-1]["partial"] is True
    if aggregation == "week":
        first = datetime.fromisoformat(found["hourlyData"][0]["timestamp"])
        assert 0 == first.weekday()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"dateFrom": "2026-02-02", "dateTo": "2026-02-01"}, "/dateFrom"),
        ({"dateFrom": "2099-01-01"}, "/dateFrom"),
        ({"dateFrom": "2001-01-01"}, "/dateFrom"),
        ({"dateFrom": "2001-01-01", "dateTo": "2001-01-02"}, "/dateTo"),
        ({"metrics": "queue_size,speed"}, "/metrics"),
        ({"metrics": ""}, "/metrics"),
        ({"aggregation": "month"}, "/aggregation"),
        ({"dateFrom": "yesterday"}, "/dateFrom"),
        ({"from": "2026-02-01"}, "/from"),
    ],
)
def test_what_cannot_be_shown_is_refused(api: Api, query: dict[str, str], field: str) -> None:
    """A window that is none, too many buckets, and names that do not exist are named."""
    response = api.get(AT, query_string=query)

    assert 400 == response.status_code
    assert field in [error["field"] for error in response.get_json()["errors"]]


def test_a_job_tells_what_it_waited_for(api: Api) -> None:
    """While it waits and after it ended, to the millisecond where its own time held it."""
    at = api.store.now_ms() - 60_000
    add_worker(api.store, types=("Sleep",))
    submit(api.store, id="5e1f0000-0000-4000-8000-000000000000", now_ms=at, scope=SCOPE)
    held = claim(api.store, now_ms=at + 30_000)
    assert held is not None
    finish(api.store, held, now_ms=at + 31_000)
    found = api.get(f"/api/t/p/execution/job/{held.job.id}").get_json()
    later = {"executeImmediately": False, "scheduledTime": "2099-01-01T00:00:00Z"}
    waiting = api.submit(scheduling=later)
    time.sleep(0.002)
    scheduled = api.get(f"/api/t/p/execution/job/{waiting}").get_json()

    assert [{"code": "Position", "seconds": 30.0}] == found["waited"]
    assert [] == scheduled["waited"] or ["Scheduled"] == [
        one["code"] for one in scheduled["waited"]
    ]


def test_bottlenecks_are_told(api: Api) -> None:
    """One that is over has its end and what ended it, in the contract's words."""
    start = api.store.now_ms() // HOUR_MS * HOUR_MS - 2 * HOUR_MS
    found = Bottleneck(
        start, start + 1_800_000, "The queue was paused", 900_000.0, 7, "Queue resumed"
    )
    api.store.bottlenecks.keep(SCOPE, None, found, keep_ms=10**9)

    assert [
        {
            "timeframe": f"{stamp(start)} - {stamp(start + 1_800_000)}",
            "issue": "The queue was paused",
            "impact": "15 minute delay",
            "impactSeconds": 900.0,
            "affectedJobs": 7,
            "resolution": "Queue resumed",
        }
    ] == asked(api)["bottlenecks"]
    assert [] == asked(api, dateTo=stamp(start - HOUR_MS))["bottlenecks"]


def test_trends_compare_with_the_time_before(api: Api) -> None:
    """Twice the queue and half the wait of the day before; nothing where history is too short."""
    start = api.store.now_ms() // HOUR_MS * HOUR_MS - 2 * HOUR_MS
    add_worker(api.store, types=("Sleep",))
    for hour, wait in ((0, 40), (1, 20)):
        at = start + hour * HOUR_MS
        submit(api.store, now_ms=at, scope=SCOPE)
        held = claim(api.store, now_ms=at + wait * 60_000)
        assert held is not None
        finish(api.store, held, now_ms=at + wait * 60_000 + 60_000)
    second = {"dateFrom": stamp(start + HOUR_MS), "dateTo": stamp(start + 2 * HOUR_MS - 1000)}
    first = {"dateFrom": stamp(start), "dateTo": stamp(start + HOUR_MS - 1000)}
    trends = asked(api, **second)["trends"]

    assert (-50.0, 50.0, 0.0) == (
        trends["queueSizeGrowth"],
        trends["waitTimeImprovement"],
        trends["throughputIncrease"],
    )
    assert {None} == set(asked(api, **first)["trends"].values())
