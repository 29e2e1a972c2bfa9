"""Priority, position and control over HTTP: what is answered is what happened."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from queueapp.domain.api_key import Role
from tests.factories import add_worker, claim, finish
from tests.integration.api.conftest import Api

QUEUE = "/api/t/p/execution/queue"
CONTROL = f"{QUEUE}/control"
KEY = {"Idempotency-Key": "once"}


def put(api: Api, job_id: str, what: str, body: Any, **options: Any) -> TestResponse:
    """Change a queued job."""
    return api.call("PUT", f"{QUEUE}/job/{job_id}/{what}", json=body, **options)


def order(api: Api) -> list[str]:
    """Return the ids of the queued jobs in order."""
    from queueapp.domain.scope import Scope

    return [row.job_id for row in api.store.queue.page(Scope("t", "p")).rows]


def test_a_promoted_job_lands_where_it_was_submitted(api: Api) -> None:
    """Positions before and after are over all tiers; the old name of the field stays."""
    critical, mine, later = (
        api.submit(priority="Critical"),
        api.submit(jobName="mine"),
        api.submit(priority="High"),
    )
    response = put(api, mine, "priority", {"newPriority": "high", "reason": "audit"})
    row = response.get_json()

    assert [critical, mine, later] == order(api)
    assert ("Normal", "High") == (row["previousPriority"], row["newPriority"])
    assert (3, 3, 2) == (
        row["previousQueuePosition"],
        row["previousPosition"],
        row["newQueuePosition"],
    )
    assert ("admin", "audit") == (row["updatedBy"], row["reason"])
    assert f'"High-{row["version"]}"' == response.headers["ETag"]
    again = put(api, mine, "priority", {"newPriority": "High"}).get_json()
    assert (2, 2) == (again["previousQueuePosition"], again["newQueuePosition"])


def test_a_move_tells_whom_it_passed(api: Api) -> None:
    """Tier positions before and after, and each other job whose position changed."""
    critical = api.submit(priority="Critical")
    a, b, c, d = (api.submit() for _ in range(4))
    row = put(api, c, "position", {"newPosition": 1, "reason": "first"}).get_json()

    assert [critical, c, a, b, d] == order(api)
    assert (3, 1) == (row["previousPosition"], row["newPosition"])
    assert (4, 2) == (row["previousOverallPosition"], row["newOverallPosition"])
    affected = [(one["jobId"], one["newPosition"]) for one in row["affectedJobs"]]
    assert [(a, 2), (b, 3)] == affected
    assert 2 == row["affectedJobsCount"]
    row = put(api, c, "position", {"beforeJobId": d}).get_json()
    assert [critical, a, b, c, d] == order(api)
    assert 3 == row["newPosition"]


def test_a_position_past_the_tier(api: Api) -> None:
    """It is refused, or means the end where boundaries need not be respected."""
    a, b = api.submit(), api.submit()
    api.submit(priority="Low")
    refused = put(api, a, "position", {"newPosition": 3})
    assert (409, "crosses_priority_boundary") == (refused.status_code, refused.get_json()["code"])
    body = {"newPosition": 3, "respectPriorityBoundaries": False}

    assert 2 == put(api, a, "position", body).get_json()["newPosition"]
    assert [b, a] == order(api)[:2]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"newPosition": 0},
        {"newPosition": 1.5},
        {"newPosition": "1"},
        {"newPosition": 1, "beforeJobId": "x"},
        {"newPosition": 1, "reason": "x" * 501},
        {"newPosition": 1, "more": 1},
    ],
)
def test_bad_moves_are_refused(api: Api, body: Any) -> None:
    """Each with a list of the fields at fault; nothing moves."""
    api.submit()
    job = api.submit()
    before = order(api)

    assert 400 == put(api, job, "position", body).status_code
    assert before == order(api)


def test_jobs_that_cannot_be_steered(api: Api) -> None:
    """Unknown ones are 404; others than queued ones 409, with their status."""
    for unknown in (str(uuid.uuid4()), "no-guid"):
        assert 404 == put(api, unknown, "priority", {"newPriority": "Low"}).status_code
    job = api.submit()
    held = claim(api.store)
    assert held is not None
    for what, body in (("priority", {"newPriority": "Low"}), ("position", {"newPosition": 1})):
        response = put(api, job, what, body)
        assert 409 == response.status_code
        assert {"currentStatus": "Running"} == response.get_json()["details"]
    finish(api.store, held)


def test_if_match_names_the_tier_that_was_seen(api: Api) -> None:
    """An old version or another tier is 412 with the fresh one; nothing moves."""
    a, b = api.submit(), api.submit()
    tag = put(api, b, "position", {"newPosition": 1}).headers["ETag"]
    fresh = put(api, a, "position", {"newPosition": 1}, headers={"If-Match": tag}).headers["ETag"]
    before = order(api)
    for stale in (tag, '"Low-3"', '"odd"', f'{tag}, "x"'):
        response = put(api, b, "position", {"newPosition": 1}, headers={"If-Match": stale})
        assert (412, fresh) == (response.status_code, response.headers["ETag"])
        problem = response.get_json()
        assert "precondition_failed" == problem["code"]
        assert f'"{problem["details"]["priority"]}-{problem["details"]["version"]}"' == fresh
    assert before == order(api)
    assert 400 == put(api, b, "position", {"newPosition": 1}, headers={"If-Match": "x"}).status_code
    for good in ("*", f"{tag}, {fresh}"):
        done = put(api, b, "priority", {"newPriority": "Normal"}, headers={"If-Match": good})
        assert 200 == done.status_code


def test_a_repeat_with_its_key_is_no_false_412(api: Api) -> None:
    """Who lost the answer gets it again, though the version is long another."""
    a, b = api.submit(), api.submit()
    tag = put(api, b, "position", {"newPosition": 2}).headers["ETag"]
    headers = {**KEY, "If-Match": tag}
    first = put(api, b, "position", {"newPosition": 1}, headers=headers)
    put(api, a, "position", {"newPosition": 1})
    again = put(api, b, "position", {"newPosition": 1}, headers=headers)

    assert 200 == first.status_code == again.status_code
    assert first.get_json() == again.get_json()
    assert first.headers["ETag"] == again.headers["ETag"]
    assert "true" == again.headers["Idempotency-Replayed"]
    assert [a, b] == order(api)
    assert 422 == put(api, b, "position", {"newPosition": 2}, headers=headers).status_code


def test_users_permute_their_own_places(api: Api) -> None:
    """A submitter moves its own jobs over its own places, an operator anyone's."""
    ann, bob = api.as_user("ann", Role.SUBMITTER), api.as_user("bob", Role.SUBMITTER)
    viewer, operator = api.as_user("ann", Role.VIEWER), api.as_user("op", Role.OPERATOR)
    a, b, c = ann.submit(), bob.submit(), ann.submit()
    for client, job, body, code in (
        (ann, b, {"newPosition": 1}, "not_your_job"),
        (ann, c, {"newPosition": 2}, "not_your_place"),
        (ann, c, {"beforeJobId": b}, "not_your_place"),
        (viewer, c, {"newPosition": 1}, "forbidden"),
    ):
        response = put(client, job, "position", body)
        assert (403, code) == (response.status_code, response.get_json()["code"])
    response = put(bob, a, "priority", {"newPriority": "Low"})
    assert (403, "not_your_job") == (response.status_code, response.get_json()["code"])

    assert 200 == put(ann, c, "position", {"newPosition": 1}).status_code
    assert [c, b, a] == order(api)
    assert 200 == put(operator, b, "position", {"newPosition": 1}).status_code
    assert [b, c, a] == order(api)


def test_pause_and_resume(api: Api) -> None:
    """The numbers are those of the moment; the end is computed from this request."""
    running = api.submit()
    held = claim(api.store)
    assert held is not None
    assert running == held.job.id
    api.submit()
    paused = api.post(CONTROL, {"action": "PAUSE", "duration": 73, "reason": "work"}).get_json()

    assert ("pause", "Paused", 1, 1) == (
        paused["action"],
        paused["status"],
        paused["affectedJobs"],
        paused["runningJobsCount"],
    )
    assert (73, "work", "admin") == (
        paused["estimatedDelayMinutes"],
        paused["reason"],
        paused["pausedBy"],
    )
    assert paused["scheduledResume"] > paused["pausedAt"]
    assert claim(api.store) is None
    body = {"action": "pause", "scheduledResume": "2999-01-01T00:00:00", "duration": 5}
    again = api.post(CONTROL, body).get_json()
    assert ("2999-01-01T00:00:00Z", paused["pausedAt"]) == (
        again["scheduledResume"],
        again["pausedAt"],
    )
    resumed = api.post(CONTROL, {"action": "resume"}).get_json()
    assert ("Active", paused["pausedAt"], "admin", 0) == (
        resumed["status"],
        resumed["pausedAt"],
        resumed["resumedBy"],
        resumed["estimatedDelayMinutes"],
    )
    assert claim(api.store) is not None
    idle = api.post(CONTROL, {"action": "resume"})
    assert (200, None) == (idle.status_code, idle.get_json()["pausedAt"])


def test_pause_of_one_type(api: Api) -> None:
    """Only its jobs are counted and wait."""
    api.submit()
    sleeping = api.submit(jobType="Sleep")
    paused = api.post(CONTROL, {"action": "pause", "jobType": "processmining"}).get_json()
    held = claim(api.store)

    assert ("ProcessMining", 1, None) == (
        paused["jobType"],
        paused["affectedJobs"],
        paused["estimatedDelayMinutes"],
    )
    assert held is not None
    assert sleeping == held.job.id
    assert claim(api.store) is None
    odd = api.post(CONTROL, {"action": "pause", "jobType": "Odd"})
    assert (400, "job_type_unavailable") == (odd.status_code, odd.get_json()["code"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "stop"},
        {"action": "pause", "duration": 0},
        {"action": "pause", "duration": 10_081},
        {"action": "pause", "scheduledResume": "2001-01-01"},
        {"action": "pause", "scheduledResume": "soon"},
    ],
)
def test_bad_controls_are_refused(api: Api, body: Any) -> None:
    """Nothing is paused by them."""
    assert 400 == api.post(CONTROL, body).status_code
    api.submit()
    assert claim(api.store) is not None


def test_a_repeated_pause_is_done_once(api: Api) -> None:
    """The key is stored by the script that pauses: a resume in between is not undone."""
    first = api.post(CONTROL, {"action": "pause", "duration": 5}, headers=KEY)
    api.post(CONTROL, {"action": "resume"})
    again = api.post(CONTROL, {"action": "pause", "duration": 5}, headers=KEY)

    assert first.get_json() == again.get_json()
    assert "true" == again.headers["Idempotency-Replayed"]
    api.submit()
    assert claim(api.store) is not None
    assert 422 == api.post(CONTROL, {"action": "resume"}, headers=KEY).status_code


def test_only_operators_pause(api: Api) -> None:
    """A submitter is told the role that it lacks."""
    add_worker(api.store, "w2", types=("ProcessMining",))
    ann = api.as_user("ann", Role.SUBMITTER)

    assert 403 == ann.post(CONTROL, {"action": "pause"}).status_code
    assert 200 == api.as_user("op", Role.OPERATOR).post(CONTROL, {"action": "pause"}).status_code
