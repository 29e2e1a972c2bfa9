"""The same estimates wherever they are told, with run times that training learnt."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from queueapp.domain import text
from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Node
from queueapp.domain.scope import Scope
from tests.factories import add_worker, claim
from tests.integration.api.conftest import JOB, Api

HERE = Scope("t", "p")
EXECUTION = "/api/t/p/execution"
NOTEBOOK = {"resourceType": "Notebook"}
MINUTE = 60_000
LEARNT = {
    "admin/r/Sleep/Notebook/a": (5 * MINUTE, 6 * MINUTE, 10 * MINUTE, 7 * MINUTE, 9),
    "admin/t/Sleep": (10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 21 * MINUTE, 40),
    "bob/r/Sleep/Notebook/a": (MINUTE, 2 * MINUTE, 4 * MINUTE, 2 * MINUTE, 7),
}
SHOWN = ("estimatedStartTime", "estimatedDuration")
Rows = dict[str, dict[str, Any]]


@pytest.fixture
def line(api: Api, still: None) -> list[str]:
    """Eight jobs of two users and two tiers behind one that runs on the only slot."""
    one_slot = Node("node-1", "host-1", cpu_units=1, memory_mb=16_384)
    api.store.run_times.put(HERE, LEARNT, learnt_ms=api.store.now_ms())
    add_worker(api.store, "w1", node=one_slot, types=("Sleep",))
    bob = api.as_user("bob", Role.SUBMITTER)
    ids = []
    for n in range(9):
        who = bob if n % 3 == 2 else api
        about = {**NOTEBOOK, "resourceId": "ab"[n % 2]}
        priority = "Low" if n % 4 == 3 else "Normal"
        ids.append(who.submit(jobType="Sleep", resource=about, priority=priority))
    held = claim(api.store)
    assert held is not None
    return [job_id for job_id in ids if job_id != held.job.id]


def told(api: Api) -> Rows:
    """The rows of the queue, by job."""
    rows = api.get(f"{EXECUTION}/queue").get_json()["queuedJobs"]
    return {row["jobId"]: row for row in rows}


def at(stamp: str) -> datetime:
    """A moment that was told."""
    return datetime.fromisoformat(stamp)


def test_every_listing_tells_the_same(api: Api, line: list[str]) -> None:
    """The queue, a tier of it, a job alone; ends follow from starts and upper ends."""
    rows = told(api)
    tiers = [api.get(f"{EXECUTION}/queue/priority/{p}").get_json() for p in ("Normal", "Low")]
    by_tier = {row["jobId"]: row for tier in tiers for row in tier["jobs"]}

    assert set(line) == rows.keys() == by_tier.keys()
    assert {True, False} == {row["estimateBasis"]["learnt"] for row in rows.values()}
    for job_id, row in rows.items():
        alone = api.get(f"{EXECUTION}/job/{job_id}").get_json()
        assert [row[name] for name in SHOWN] == [alone[name] for name in SHOWN]
        assert row["estimateBasis"] == alone["estimateBasis"] == by_tier[job_id]["estimateBasis"]
        assert row["estimatedStartTime"] == by_tier[job_id]["estimatedStartTime"]
        if row["estimateBasis"]["learnt"]:
            length = at(row["estimatedCompletion"]) - at(row["estimatedStartTime"])
            assert abs(length.total_seconds() - row["estimateBasis"]["p90"]) <= 1


def test_a_move_tells_what_the_queue_then_tells(api: Api, line: list[str]) -> None:
    """The start before and after, and those of all whom it moved."""
    before = told(api)
    last = [job_id for job_id in line if before[job_id]["priority"] == "Normal"][-1]
    moved = api.call("PUT", f"{EXECUTION}/queue/job/{last}/position", json={"newPosition": 1})
    row, after = moved.get_json(), told(api)

    assert before[last]["estimatedStartTime"] == row["previousEstimatedStart"]
    assert after[last]["estimatedStartTime"] == row["newEstimatedStart"]
    assert row["affectedJobs"]
    for one in row["affectedJobs"]:
        assert after[one["jobId"]]["estimatedStartTime"] == one["newEstimatedStart"]
        assert after[one["jobId"]]["tierPosition"] == one["newPosition"]


def test_a_priority_tells_what_the_queue_then_tells(api: Api, line: list[str]) -> None:
    """The time saved is the difference of two starts that were told."""
    before = told(api)
    low = next(job_id for job_id in line if before[job_id]["priority"] == "Low")
    body = {"newPriority": "Critical"}
    row = api.call("PUT", f"{EXECUTION}/queue/job/{low}/priority", json=body).get_json()
    was, now = before[low]["estimatedStartTime"], told(api)[low]["estimatedStartTime"]

    assert (was, now) == (row["previousEstimatedStart"], row["newEstimatedStart"])
    saved = (at(was) - at(now)).total_seconds() * 1000
    assert row["timeSaved"] in {text.saved(saved + off) for off in (-1000, 0, 1000)}
    assert not row["timeSaved"].startswith("-")


def test_a_trial_a_schedule_and_a_pause_agree_with_the_queue(api: Api, line: list[str]) -> None:
    """What is tried is what is told once it is submitted; nothing starts before it may."""
    body = {**JOB, "jobType": "Sleep", "resource": {**NOTEBOOK, "resourceId": "a"}}
    tried = api.post(f"{EXECUTION}/job?dryRun=true", body).get_json()
    submitted = api.post(f"{EXECUTION}/job", body).get_json()
    mine = told(api)[submitted["jobId"]]
    due = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
    later = api.submit(
        **{**body, "scheduling": {"scheduledTime": due, "executeImmediately": False}}
    )
    control = {"action": "pause", "duration": 600}
    paused = api.post(f"{EXECUTION}/queue/control", control).get_json()
    rows = told(api)

    assert [tried[name] for name in SHOWN] == [submitted[name] for name in SHOWN]
    assert [mine[name] for name in SHOWN] == [submitted[name] for name in SHOWN]
    assert tried["estimatedCompletion"] == mine["estimatedCompletion"]
    assert at(rows[later]["estimatedStartTime"]) >= at(due).replace(microsecond=0)
    assert 600 == paused["estimatedDelayMinutes"]
    assert all(
        at(row["estimatedStartTime"]) >= at(paused["scheduledResume"]) for row in rows.values()
    )
