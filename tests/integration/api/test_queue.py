"""The queue over HTTP: order, numbers, pages, filters, and the same estimates everywhere."""

import re
from collections.abc import Iterable

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act
from queueapp.domain.job import Job
from queueapp.domain.outcome import Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store.jobs import Jobs
from tests.factories import claim, finish, submit
from tests.integration.api.conftest import JOB, Api

HERE = Scope("t", "p")
QUEUE = "/api/t/p/execution/queue"
EMPTY_TIER = {"jobCount": 0, "jobs": [], "averageWaitTime": "0 minutes"}


@pytest.fixture
def filled(api: Api) -> Api:
    """A queue of two jobs in each of three tiers."""
    for priority in ("Low", "Critical", "Normal"):
        for n in range(2):
            api.submit(priority=priority, jobName=f"{priority} {n}")
    return api


def past_runs(api: Api, times: int = 5, written: int = 500 << 20) -> None:
    """Let jobs of the project complete that wrote some bytes."""
    for _ in range(times):
        api.submit()
        held = claim(api.store)
        assert held is not None
        usage = Usage(written_bytes=written)
        finish(api.store, held, changes={"bases": ("t/ProcessMining", "p"), "usage": usage})


def test_a_fresh_project_has_an_empty_queue(api: Api) -> None:
    """Zeros and nulls, never 404."""
    body = api.get("/api/new/project/execution/queue").get_json()

    assert body["queueStatus"] == "Active"
    assert body["queuedJobs"] == []
    assert body["summary"]["totalQueuedJobs"] == 0
    assert body["summary"]["averageWaitTime"] == "0 minutes"
    assert body["summary"]["estimatedProcessingTime"] == "0 minutes"
    assert body["performanceMetrics"]["averageJobDuration"] is None
    tier = api.get("/api/new/project/execution/queue/priority/low").get_json()
    assert EMPTY_TIER == {key: tier[key] for key in EMPTY_TIER}
    assert tier["estimatedProcessingTime"] == "0 minutes"


def test_jobs_are_listed_in_order_with_their_positions(filled: Api) -> None:
    """Tiers first, inside them as submitted; numbers of the whole queue beside them."""
    body = filled.get(QUEUE).get_json()

    names = [row["jobName"] for row in body["queuedJobs"]]
    assert names == ["Critical 0", "Critical 1", "Normal 0", "Normal 1", "Low 0", "Low 1"]
    assert [1, 2, 3, 4, 5, 6] == [row["queuePosition"] for row in body["queuedJobs"]]
    assert [1, 2, 1, 2, 1, 2] == [row["tierPosition"] for row in body["queuedJobs"]]
    summary = body["summary"]
    assert summary["totalQueuedJobs"] == 6
    assert (2, 0, 2, 2) == tuple(
        summary[f"{tier}PriorityJobs"] for tier in ("critical", "high", "normal", "low")
    )
    assert body["processingCapacity"] == {
        "totalWorkers": 1,
        "activeWorkers": 0,
        "currentLoad": 0,
        "maxConcurrentJobs": 4,
        "currentlyRunning": 0,
    }


def test_jobs_that_start_meanwhile_leave_no_gap(
    filled: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read after the order; one that started between is gone, the others moved up."""
    read = Jobs.get_many

    def late(jobs: Jobs, wanted: Iterable[str]) -> list[Job]:
        claim(filled.store)
        return read(jobs, wanted)

    monkeypatch.setattr(Jobs, "get_many", late)
    page = filled.get(QUEUE).get_json()

    rows = [
        (row["jobName"], row["queuePosition"], row["tierPosition"]) for row in page["queuedJobs"]
    ]
    assert [("Critical 1", 1, 1), ("Normal 0", 2, 1), ("Normal 1", 3, 2)] == rows[:3]
    assert (5, 1) == tuple(
        page["summary"][name] for name in ("totalQueuedJobs", "criticalPriorityJobs")
    )
    assert 5 == page["totalCount"]


def test_jobs_of_another_priority_meanwhile_are_read_again(
    filled: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row stands where its priority cannot stand."""
    read = Jobs.get_many
    last = filled.get(QUEUE).get_json()["queuedJobs"][-1]["jobId"]
    pending = [last]

    def late(jobs: Jobs, wanted: Iterable[str]) -> list[Job]:
        if pending:
            act = Act("ann")
            filled.store.queue.reprioritise(HERE, pending.pop(), Priority.CRITICAL, act=act)
        return read(jobs, wanted)

    monkeypatch.setattr(Jobs, "get_many", late)
    page = filled.get(QUEUE).get_json()["queuedJobs"]

    found = [row["priority"] for row in page]
    assert ["Critical"] * 3 + ["Normal"] * 2 + ["Low"] == found
    assert list(range(1, 7)) == [row["queuePosition"] for row in page]


def test_filters_and_pages_choose_jobs_and_change_no_number(filled: Api) -> None:
    """Neither positions nor the summary move."""
    whole = filled.get(QUEUE).get_json()
    low = filled.get(f"{QUEUE}?priority=LOW").get_json()
    page = filled.get(f"{QUEUE}?page=2&pageSize=4").get_json()
    none = filled.get(f"{QUEUE}?jobType=Sleep").get_json()

    assert whole["summary"]["totalQueuedJobs"] == low["summary"]["totalQueuedJobs"] == 6
    assert [5, 6] == [row["queuePosition"] for row in low["queuedJobs"]]
    assert [5, 6] == [row["queuePosition"] for row in page["queuedJobs"]]
    assert (False, True) == (
        page["hasNextPage"],
        filled.get(f"{QUEUE}?pageSize=4").get_json()["hasNextPage"],
    )
    assert [] == none["queuedJobs"]
    assert 6 == none["summary"]["totalQueuedJobs"]


@pytest.mark.parametrize(
    "path",
    [
        f"{QUEUE}?priority=Medium",
        f"{QUEUE}?includeEstimates=maybe",
        f"{QUEUE}?page=0",
        f"{QUEUE}?pageSize=many",
        f"{QUEUE}?unknown=1",
        f"{QUEUE}/priority/Medium",
    ],
)
def test_bad_values_are_refused(api: Api, path: str) -> None:
    """With the reason; nothing is guessed."""
    assert api.get(path).status_code == 400


def test_large_pages_are_clamped_and_echoed(api: Api) -> None:
    """The list is never cut without saying so."""
    assert api.get(f"{QUEUE}?pageSize=1000000").get_json()["pageSize"] == 10_000
    assert api.get(QUEUE).get_json()["pageSize"] == 1_000


def test_one_tier_is_listed_by_its_own_positions(filled: Api) -> None:
    """The overall position stands beside them, and what a job still depends on."""
    first = filled.get(f"{QUEUE}?priority=Normal").get_json()["queuedJobs"][0]["jobId"]
    filled.submit(jobName="after", dependencies=[first])

    body = filled.get(f"{QUEUE}/priority/normal").get_json()

    assert "Normal" == body["priority"]
    assert 3 == body["jobCount"]
    assert [1, 2, 3] == [row["queuePosition"] for row in body["jobs"]]
    assert [3, 4, 5] == [row["overallQueuePosition"] for row in body["jobs"]]
    assert [[], [], [first]] == [row["dependencies"] for row in body["jobs"]]
    assert "Dependency" == body["jobs"][2]["waitReason"]["code"]
    assert "0 minutes" == body["jobs"][0]["waitTime"]


def test_every_answer_tells_the_same_of_a_job(api: Api, still: None) -> None:
    """Submit, job, queue, tier and system status come from one model."""
    past_runs(api)
    for _ in range(4):
        api.submit()
        assert claim(api.store) is not None
    submitted = api.post("/api/t/p/execution/job", JOB).get_json()
    job = api.get(f"/api/t/p/execution/job/{submitted['jobId']}").get_json()
    queue = api.get(QUEUE).get_json()
    tier = api.get(f"{QUEUE}/priority/Normal").get_json()
    status = api.get("/api/t/execution/system/status").get_json()

    rows = [submitted, job, queue["queuedJobs"][0], tier["jobs"][0]]
    assert 1 == len({row["estimatedDuration"] for row in rows})
    assert {("type", 5, False, None, None, None)} == {
        tuple(row["estimateBasis"].values()) for row in rows
    }
    assert 1 == len({row["estimatedStartTime"] for row in rows})
    drains = [
        part["estimatedProcessingTime"]
        for part in (queue["summary"], tier, status["queueStatistics"])
    ]
    assert 1 == len(set(drains))
    assert "500 MB" == queue["queuedJobs"][0]["resourceRequirements"]["estimatedDiskUsage"]


def test_without_estimates_the_keys_stay(filled: Api) -> None:
    """Their values are null, the rest is as ever."""
    body = filled.get(f"{QUEUE}?includeEstimates=false").get_json()
    row = body["queuedJobs"][0]

    assert body["summary"]["estimatedProcessingTime"] is None
    assert row["estimatedStartTime"] is row["estimatedDuration"] is row["estimateBasis"] is None
    assert "Position" == row["waitReason"]["code"]


def test_pauses_are_shown_with_who_and_until_when(filled: Api) -> None:
    """Of the queue and of single types; estimates and reasons know them."""
    filled.store.pauses.pause(HERE, kind="ProcessMining", act=Act("ann", "licence"))
    typed = filled.get(QUEUE).get_json()
    assert ("Active", "ProcessMining", "ann", "licence") == (
        typed["queueStatus"],
        *(typed["pausedJobTypes"][0][key] for key in ("jobType", "pausedBy", "reason")),
    )
    assert "TypePaused" == typed["queuedJobs"][0]["waitReason"]["code"]
    assert typed["queuedJobs"][0]["estimatedStartTime"] is None

    filled.store.pauses.pause(HERE, act=Act("bob"))

    whole = filled.get(QUEUE).get_json()
    assert ("Paused", "bob", None) == tuple(
        whole[key] for key in ("queueStatus", "pausedBy", "scheduledResume")
    )
    assert "QueuePaused" == whole["queuedJobs"][0]["waitReason"]["code"]
    assert whole["summary"]["estimatedProcessingTime"] is None


def test_the_etag_names_what_a_move_may_rely_on(filled: Api) -> None:
    """The queue's tag and the tier's fit If-Match until the tier's order changes."""
    whole, tier = filled.get(QUEUE), filled.get(f"{QUEUE}/priority/Normal")
    assert whole.get_json()["versions"]["normal"] == tier.get_json()["version"]
    job = tier.get_json()["jobs"][0]["jobId"]

    def move(tag: str, position: int) -> int:
        body = {"newPosition": position}
        headers = {"If-Match": tag}
        return filled.call(
            "PUT", f"{QUEUE}/job/{job}/position", json=body, headers=headers
        ).status_code

    assert 200 == move(whole.headers["ETag"], 2)
    assert 412 == move(whole.headers["ETag"], 1)
    assert 412 == move(tier.headers["ETag"], 1)
    assert 200 == move(filled.get(f"{QUEUE}/priority/Normal").headers["ETag"], 1)


def test_the_queue_belongs_to_its_project(filled: Api) -> None:
    """Another tenant's key does not see it; the same tenant's other project is empty."""
    stranger = filled.as_user("eve", Role.VIEWER, tenant="other")

    assert 404 == stranger.get(QUEUE).status_code
    assert [] == filled.get("/api/t/q/execution/queue").get_json()["queuedJobs"]


def test_a_deep_page_reads_as_the_first(api: Api) -> None:
    """Beyond the jobs that are simulated one by one, too: every key, every row valid."""
    for n in range(260):
        submit(api.store, scope=HERE, priority=list(Priority)[n % 4])

    body = api.get(f"{QUEUE}?page=26&pageSize=10").get_json()

    assert list(range(251, 261)) == [row["queuePosition"] for row in body["queuedJobs"]]
    assert all(row["estimatedStartTime"] for row in body["queuedJobs"])
    assert (False, 260) == (body["hasNextPage"], body["totalCount"])


def test_what_happened_lately_stands_beside_the_queue(api: Api) -> None:
    """Completed jobs and their run times, submissions by hour: from the history, not from rows."""
    past_runs(api, times=3)
    api.submit()

    found = api.get(QUEUE).get_json()["performanceMetrics"]

    assert 3 == found["throughputLastHour"]
    assert found["averageJobDuration"].endswith("minutes")
    assert 4 == found["queueTrends"]["currentHourSubmissions"]
    assert re.fullmatch(r"[0-9]{2}:00-[0-9]{2}:00", found["queueTrends"]["peakHourToday"])
    assert found["queueTrends"]["averageQueueSize"] >= 0
