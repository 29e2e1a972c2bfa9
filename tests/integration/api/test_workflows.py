"""Workflows over HTTP: accepted whole, followed, cancelled, retried in part."""

from dataclasses import replace
from typing import Any

import pytest

from queueapp.config import Config
from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Worker
from queueapp.upkeep.chores import cascade
from tests.factories import NODE, claim, finish, job_type
from tests.integration.api.conftest import Api

WORKFLOW = "/api/t/p/execution/workflow"
DEFAULTS = {"jobType": "Sleep", "parameters": {"seconds": 1}}
CHAIN: list[dict[str, Any]] = [
    {"name": "load"},
    {"name": "mine", "dependsOn": ["load"], "parameters": {"depth": 2}},
    {"name": "report", "dependsOn": ["mine"]},
]


def body(jobs: list[dict[str, Any]] = CHAIN, **changes: Any) -> dict[str, Any]:
    """Return a workflow to submit."""
    return {"workflowName": "A workflow", "defaults": DEFAULTS, "jobs": jobs, **changes}


def submit(api: Api, jobs: list[dict[str, Any]] = CHAIN, **changes: Any) -> str:
    """Submit a workflow and return its id."""
    response = api.post(WORKFLOW, body(jobs, **changes))
    assert response.status_code == 202, response.get_data(as_text=True)
    return str(response.get_json()["workflowId"])


def run(api: Api, outcome: str = "completed") -> None:
    """Run the next job."""
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, outcome)
    cascade(api.store, Config())


def view(api: Api, workflow_id: str) -> dict[str, Any]:
    """Return a workflow with its jobs by name."""
    found = api.get(f"{WORKFLOW}/{workflow_id}").get_json()
    return {**found, "jobs": {job["name"]: job for job in found["jobs"]}}


def test_jobs_take_from_the_defaults_what_they_do_not_say(api: Api) -> None:
    """Parameters are merged, everything else is taken whole; GET job names workflow and step."""
    workflow_id = submit(api, description="For people")
    found = view(api, workflow_id)
    mine = api.get(f"/api/t/p/execution/job/{found['jobs']['mine']['jobId']}").get_json()
    load = found["jobs"]["load"]["jobId"]

    assert {"seconds": 1, "depth": 2} == mine["parameters"]
    assert ("Sleep", "mine", [load]) == (mine["jobType"], mine["jobName"], mine["dependencies"])
    assert (workflow_id, "mine") == (mine["workflowId"], mine["workflowStep"])
    assert ("Queued", "For people") == (found["status"], found["description"])
    assert 3 == found["summary"]["queuedJobs"]


def test_a_workflow_is_followed_to_its_end(api: Api) -> None:
    """Each step's status and wait reason, the whole's status, and the chain that decides."""
    workflow_id = submit(api)
    reasons = {
        name: job["waitReason"]["code"] for name, job in view(api, workflow_id)["jobs"].items()
    }
    run(api)
    half = view(api, workflow_id)
    run(api)
    run(api)
    whole = view(api, workflow_id)

    assert {"load": "Position", "mine": "Dependency", "report": "Dependency"} == reasons
    assert ("Running", 1) == (half["status"], half["summary"]["completedJobs"])
    assert ["load", "mine", "report"] == half["criticalPath"]["jobs"]
    assert half["criticalPath"]["estimatedCompletion"] is not None
    assert not half["criticalPath"]["measured"]
    assert ("Completed", 0.0) == (whole["status"], whole["criticalPath"]["remainingSeconds"])
    assert whole["endTime"] is not None
    row = api.get(f"{WORKFLOW}?status=Completed").get_json()
    assert [(workflow_id, 3)] == [
        (one["workflowId"], one["completedJobs"]) for one in row["workflows"]
    ]
    assert 0 == api.get(f"{WORKFLOW}?status=Running").get_json()["totalCount"]


@pytest.mark.parametrize(
    ("jobs", "field"),
    [
        ([], "/jobs"),
        ([{"name": "a"}] * 1_001, "/jobs"),
        ([{"name": "a"}, {"name": "a"}], "/jobs/1/name"),
        ([{"name": "a b"}], "/jobs/0/name"),
        ([{"name": "a", "dependsOn": ["b"]}], "/jobs/0/dependsOn/0"),
        ([{"name": "a", "dependsOn": ["a"]}], "/jobs/0/dependsOn"),
        ([{"name": "a", "jobType": "Nobody"}], "/jobs/0/jobType"),
        ([{"name": "a"}, {"name": "b", "priority": "x"}], "/jobs/1/priority"),
        ([{"name": "a", "dependencies": ["nobody"]}], "/jobs/0/dependencies/0"),
        ([{"name": "a", "retries": {"delaySeconds": 9, "maxDelaySeconds": 1}}],
         "/jobs/0/retries/maxDelaySeconds"),
        ([{"name": "a", "resource": {"resourceType": "Pipeline", "resourceId": "none"}}],
         "/jobs/0/resource/resourceId"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_the_jobs_place(
    api: Api, jobs: list[dict[str, Any]], field: str
) -> None:
    """400, and nothing is stored."""
    response = api.post(WORKFLOW, body(jobs))

    assert 400 == response.status_code
    assert field in [error["field"] for error in response.get_json()["errors"]]
    assert 0 == api.get("/api/t/p/execution/jobs").get_json()["totalCount"]


def test_parameters_are_checked_as_a_single_jobs(api: Api) -> None:
    """Against the schema of the job's type."""
    schema: dict[str, object] = {"properties": {"depth": {"type": "integer"}}}
    typed = replace(job_type("Typed"), parameters_schema=schema)
    api.store.fleet.register(Worker("w2", NODE, 1, 1, 0, "0"), [typed])
    jobs = [{"name": "a"}, {"name": "b", "jobType": "Typed", "parameters": {"depth": "x"}}]
    response = api.post(WORKFLOW, body(jobs))

    assert [
        {"field": "/jobs/1/parameters/depth", "message": "It must be an integer."}
    ] == response.get_json()["errors"]


def test_a_circle_is_told(api: Api) -> None:
    """With the names along it."""
    needs = {"a": [], "b": ["a", "d"], "c": ["b"], "d": ["c"]}
    jobs = [{"name": name, "dependsOn": needed} for name, needed in needs.items()]
    response = api.post(WORKFLOW, body(jobs))

    assert 400 == response.status_code
    assert "b -> d -> c -> b" in response.get_json()["errors"][0]["message"]


def test_wrong_defaults_are_told_once(api: Api) -> None:
    """Where they stand, not once for each job."""
    response = api.post(WORKFLOW, body(defaults={**DEFAULTS, "priority": "x"}))

    assert "/defaults/priority" in [error["field"] for error in response.get_json()["errors"]]


def test_a_job_of_before_may_be_waited_for(api: Api) -> None:
    """By its id."""
    before = api.submit(jobType="Sleep")
    workflow_id = submit(api, [{"name": "a", "dependencies": [before]}])

    assert "Dependency" == view(api, workflow_id)["jobs"]["a"]["waitReason"]["code"]


def test_a_repeat_gets_the_first_answer(api: Api) -> None:
    """Under an idempotency key; another body is refused."""
    key = {"Idempotency-Key": "w"}
    first, again = (api.post(WORKFLOW, body(), headers=key) for _ in range(2))
    other = api.post(WORKFLOW, body(CHAIN[:1]), headers=key)

    assert first.get_json() == again.get_json()
    assert "true" == again.headers["Idempotency-Replayed"]
    assert 422 == other.status_code
    assert 1 == api.get(WORKFLOW).get_json()["totalCount"]


def test_cancelling_ends_what_has_not_ended(api: Api) -> None:
    """What has completed stays; a second time there is nothing left to cancel."""
    workflow_id = submit(api)
    run(api)
    response = api.delete(f"{WORKFLOW}/{workflow_id}", json={"reason": "Wrong month"})
    found = view(api, workflow_id)

    assert (200, "Cancelled") == (response.status_code, response.get_json()["status"])
    assert ["Completed", "Cancelled", "Cancelled"] == [j["status"] for j in found["jobs"].values()]
    job = api.get(f"/api/t/p/execution/job/{found['jobs']['report']['jobId']}").get_json()
    assert "Wrong month" == job["cancellation"]["reason"]
    assert 409 == api.delete(f"{WORKFLOW}/{workflow_id}").status_code


def test_a_retry_runs_what_failed_and_what_was_cancelled(api: Api) -> None:
    """As a new workflow, linked to the old one; it is retried once."""
    workflow_id = submit(api)
    assert 409 == api.post(f"{WORKFLOW}/{workflow_id}/retry").status_code
    run(api)
    run(api, "failed")
    key = {"Idempotency-Key": "r"}
    path = f"{WORKFLOW}/{workflow_id}/retry"
    response, again = (api.post(path, {"retryReason": "x"}, headers=key) for _ in range(2))
    new_id = response.get_json()["workflowId"]
    new, old = view(api, new_id), view(api, workflow_id)

    assert (202, response.get_json()) == (response.status_code, again.get_json())
    assert (workflow_id, new_id) == (new["retryOf"], old["retriedAs"])
    assert {"mine": [], "report": ["mine"]} == {n: j["dependsOn"] for n, j in new["jobs"].items()}
    run(api)
    run(api)
    assert "Completed" == view(api, new_id)["status"]
    job = api.get(f"/api/t/p/execution/job/{old['jobs']['mine']['jobId']}").get_json()
    assert new["jobs"]["mine"]["jobId"] == job["retriedAs"]
    assert 409 == api.post(path).status_code


def test_another_users_workflow_needs_an_operator(api: Api) -> None:
    """To cancel and to retry; to look at it needs a viewer's key."""
    workflow_id = submit(api)
    bob = api.as_user("bob", Role.SUBMITTER, tenant="t")

    assert 403 == bob.delete(f"{WORKFLOW}/{workflow_id}").status_code
    assert 403 == bob.post(f"{WORKFLOW}/{workflow_id}/retry").status_code
    assert 200 == bob.get(f"{WORKFLOW}/{workflow_id}").status_code
    assert 404 == api.get(f"/api/t/q/execution/workflow/{workflow_id}").status_code
    assert 404 == api.get(f"{WORKFLOW}/no-guid").status_code


def test_cancels_and_retries_are_recorded(api: Api) -> None:
    """With who, why and in which request."""
    workflow_id = submit(api)
    api.delete(f"{WORKFLOW}/{workflow_id}", json={"reason": "x"})
    api.post(f"{WORKFLOW}/{workflow_id}/retry", {"retryReason": "y"})
    key = api.store.keys("audit", "t/p")
    entries = [fields for _, fields in api.store.client.xrange(key)]
    told = [(e["action"], e["reason"], e["workflow"]) for e in entries if "workflow" in e]

    assert [("cancel_workflow", "x", workflow_id), ("retry_workflow", "y", workflow_id)] == told
