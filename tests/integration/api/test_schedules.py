"""Schedules over HTTP: put, look, steer, run; what they make says where it comes from."""

from typing import Any

import pytest

from queueapp.api.services import Services
from queueapp.domain.api_key import Role
from queueapp.domain.scope import Scope
from queueapp.engine.firing import Firing
from tests.integration.api.conftest import Api

ALL = "/api/t/p/schedules"
ONE = f"{ALL}/nightly"
JOB = {"jobName": "A job", "jobType": "Sleep"}
LATER = {"executeImmediately": False, "scheduledTime": "2030-01-01"}
BODY: dict[str, Any] = {"cron": "30 2 * * *", "timeZone": "Europe/Berlin", "job": JOB}


def put(api: Api, path: str = ONE, **options: Any) -> Any:
    """Put a schedule."""
    headers = options.pop("headers", {})
    return api.call("PUT", path, json={**BODY, **options}, headers=headers)


def fire(api: Api) -> None:
    """Handle the next moment now."""
    services: Services = api.app.extensions["queueapp"]
    found, _ = api.store.schedules.page(Scope("t", "p"), 1, 20)
    at = max(one.next_ms for one in found if one.next_ms)
    Firing(services.engine).fire_due(now_ms=at)


def test_a_schedule_is_put_and_shown(api: Api) -> None:
    """As it was sent, with five fire times; the same again changes nothing."""
    made, again = put(api, description="x"), put(api, description="x")
    other = put(api, description="y")
    shown = api.get(ONE)

    assert [201, 200, 200] == [made.status_code, again.status_code, other.status_code]
    assert ['"1"', '"1"', '"2"'] == [one.headers["ETag"] for one in (made, again, other)]
    assert made.headers["Location"].endswith(ONE)
    assert other.get_json() == shown.get_json()
    body = shown.get_json()
    assert (JOB, None, "Active", "skip") == (
        body["job"],
        body["workflow"],
        body["state"],
        body["overlapPolicy"],
    )
    assert 5 == len(body["nextFireTimes"])
    assert all(time.endswith(("00:30:00Z", "01:30:00Z")) for time in body["nextFireTimes"])


def test_what_a_fire_makes_says_so(api: Api) -> None:
    """The job names the schedule and the moment, the schedule the job and its status."""
    moment = put(api).get_json()["nextFireTimes"][0]
    fire(api)
    (run,) = api.get(ONE).get_json()["runs"]
    job = api.get(f"/api/t/p/execution/job/{run['jobId']}").get_json()

    assert (moment, "submitted", "Queued") == (run["scheduledFor"], run["outcome"], run["status"])
    assert ("nightly", moment) == (job["scheduleId"], job["scheduledFor"])


def test_a_workflow_is_scheduled_as_well(api: Api) -> None:
    """With its defaults, as in a submission."""
    jobs = [{"name": "a"}, {"name": "b", "dependsOn": ["a"]}]
    flow = {"workflowName": "F", "defaults": {"jobType": "Sleep"}, "jobs": jobs}
    assert 201 == put(api, job=None, workflow=flow).status_code
    fire(api)
    body = api.get(ONE).get_json()
    row = api.get("/api/t/p/execution/workflow").get_json()["workflows"][0]

    assert (flow, "Queued") == (body["workflow"], body["runs"][0]["status"])
    assert (body["runs"][0]["workflowId"], "nightly") == (row["workflowId"], row["scheduleId"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron": "30 2 * *"}, "/cron"),
        ({"timeZone": "Berlin"}, "/timeZone"),
        ({"job": {**JOB, "jobType": "Nobody"}}, "/job/jobType"),
        ({"job": {**JOB, "priority": "x"}}, "/job/priority"),
        ({"job": None}, "/job"),
        ({"workflow": {"workflowName": "F", "jobs": [{"name": "a", "jobType": "Sleep"}]}}, "/job"),
        ({"job": {**JOB, "scheduling": LATER}}, "/job/scheduling/scheduledTime"),
        ({"overlapPolicy": "x"}, "/overlapPolicy"),
        ({"catchUpLimit": 0}, "/catchUpLimit"),
        ({"startAt": "2030-01-01", "endAt": "2029-01-01"}, "/endAt"),
        ({"cron": "0 0 1 1 *", "startAt": "2030-02-01", "endAt": "2030-03-01"}, "/cron"),
    ],
)  # fmt: skip
def test_a_wrong_schedule_is_refused(api: Api, changes: dict[str, Any], field: str) -> None:
    """With the field named, and nothing stored."""
    response = put(api, **changes)

    assert 400 == response.status_code
    assert [field] == [error["field"] for error in response.get_json()["errors"]]
    assert 0 == api.get(ALL).get_json()["totalCount"]


def test_versions_guard_changes(api: Api) -> None:
    """Those that were seen may be replaced, nothing else."""
    none = {"If-None-Match": "*"}
    assert [201, 412] == [put(api, headers=none).status_code for _ in range(2)]
    answers = [
        put(api, description=str(number), headers={"If-Match": tag}).status_code
        for number, tag in enumerate(('"7"', '"1"', '"1"', '"1", "2"', "*", "x"))
    ]

    assert [412, 200, 412, 200, 200, 400] == answers
    assert 412 == api.delete(ONE, headers={"If-Match": '"1"'}).status_code
    assert 412 == put(api, f"{ALL}/other", headers={"If-Match": "*"}).status_code
    assert 204 == api.delete(ONE, headers={"If-Match": '"4"'}).status_code
    assert 404 == api.get(ONE).status_code
    assert 404 == api.delete(ONE).status_code


def test_a_schedule_is_paused_and_resumed(api: Api) -> None:
    """By hand or by a put; who and why are shown."""
    put(api)
    paused = api.post(f"{ONE}/pause", {"reason": "Repair"}).get_json()
    kept = put(api).get_json()
    resumed = api.post(f"{ONE}/resume").get_json()
    again = put(api, paused=True).get_json()

    assert ("Paused", "Repair", []) == (
        paused["state"],
        paused["pausedReason"],
        paused["nextFireTimes"],
    )
    assert ["Paused", "Active", "Paused"] == [one["state"] for one in (kept, resumed, again)]
    assert 404 == api.post(f"{ALL}/none/pause").status_code
    assert 412 == api.post(f"{ONE}/resume", headers={"If-Match": '"1"'}).status_code


def test_running_now_is_done_once_under_a_key(api: Api) -> None:
    """Also of a paused schedule."""
    put(api, paused=True)
    key = {"Idempotency-Key": "now"}
    first, again = (api.post(f"{ONE}/run", headers=key) for _ in range(2))

    assert (202, first.get_json()) == (first.status_code, again.get_json())
    assert 1 == api.get("/api/t/p/execution/jobs").get_json()["totalCount"]
    (run,) = api.get(ONE).get_json()["runs"]
    assert (True, first.get_json()["jobId"]) == (run["manual"], run["jobId"])


def test_schedules_are_listed(api: Api) -> None:
    """In pages, the newest first, for those who may see the project."""
    for number in range(3):
        put(api, f"{ALL}/s{number}")
    page = api.get(f"{ALL}?page=1&pageSize=2").get_json()

    assert (["s2", "s1"], 3) == (
        [one["scheduleId"] for one in page["schedules"]],
        page["totalCount"],
    )
    assert page["schedules"][0]["nextFireTime"] is not None
    assert 0 == api.get("/api/t/q/schedules").get_json()["totalCount"]


def test_another_users_schedule_needs_an_operator(api: Api) -> None:
    """Who replaces it does not become its owner."""
    ann, bob = (api.as_user(name, Role.SUBMITTER, tenant="t") for name in ("ann", "bob"))
    assert 201 == put(ann).status_code
    refused = [
        put(bob, description="x"),
        bob.delete(ONE),
        *(bob.post(f"{ONE}/{verb}") for verb in ("pause", "resume", "run")),
    ]
    operator = api.as_user("oda", Role.OPERATOR, tenant="t")

    assert {403} == {response.status_code for response in refused}
    assert "ann" == put(operator, description="x").get_json()["owner"]
    fire(api)
    jobs = api.get("/api/t/p/execution/jobs").get_json()["jobs"]
    assert ["ann"] == [job["submittedBy"] for job in jobs]


def test_each_change_is_recorded(api: Api) -> None:
    """With who, why and which schedule."""
    put(api)
    put(api, description="x")
    api.post(f"{ONE}/pause", {"reason": "y"})
    api.post(f"{ONE}/resume")
    api.post(f"{ONE}/run")
    api.delete(ONE)
    rows = api.store.client.xrange(api.store.keys("audit", "t/p"))
    verbs = ("create", "replace", "pause", "resume", "run", "delete")

    assert [f"{verb}_schedule" for verb in verbs] == [fields["action"] for _, fields in rows]
    assert {"nightly"} == {fields["schedule"] for _, fields in rows}
    assert "y" == rows[2][1]["reason"]
