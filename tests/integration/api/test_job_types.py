"""The catalogue over HTTP, and what it means for submissions: parameters and resources."""

from dataclasses import replace
from typing import Any

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Worker
from tests.factories import NODE, job_type
from tests.integration.api.conftest import JOB, Api

TYPES = "/api/t/p/execution/job-types"
SUBMIT = "/api/t/p/execution/job"


def offer(api: Api, *kinds: Any) -> None:
    """Let one more worker publish job types."""
    worker = Worker(name="w2", node=NODE, pid=2, slots=1, born_ms=0, version="0")
    api.store.fleet.register(worker, kinds)


def test_types_are_listed_with_all_that_a_submission_needs(api: Api) -> None:
    """Each type says its parameters, resources, requirements, retries and live workers."""
    offer(
        api,
        job_type("Words", cpu_units=2, memory_gb=0.5, max_attempts=3, isolation="thread"),
        job_type("Own", internal=True),
        job_type("Sleep"),
    )
    found = {row["name"]: row for row in api.get(TYPES).get_json()["jobTypes"]}

    assert ["ProcessMining", "Sleep", "Words"] == list(found)
    assert {
        "name": "Words",
        "description": "Sleeps.",
        "parameters": {"type": "object"},
        "resourceTypes": [],
        "datasets": [],
        "stages": [],
        "outputs": [],
        "resourceRequirements": {"cpuUnits": 2, "memoryGB": 0.5},
        "retries": {"maxAttempts": 3, "delaySeconds": 30.0, "maxDelaySeconds": 3600.0},
        "isolation": "thread",
        "workers": 1,
    } == found["Words"]
    assert (2, 1) == (found["Sleep"]["workers"], found["ProcessMining"]["workers"])


def test_types_without_workers_stay_listed(api: Api) -> None:
    """What was offered once can be submitted and waits; the list says that nobody offers it."""
    offer(api, job_type("Rare"))
    api.store.fleet.leave("w2")
    found = {row["name"]: row["workers"] for row in api.get(TYPES).get_json()["jobTypes"]}

    assert 0 == found["Rare"]


def test_list_needs_a_key_that_covers_the_project(api: Api) -> None:
    """No key 401, another project's 404, a viewer's is enough."""
    other = api.as_user("eve", Role.ADMIN, tenant="t", project="other")

    assert 401 == api.get(TYPES, headers={"Authorization": None}).status_code
    assert 404 == other.get(TYPES).status_code
    assert 200 == api.as_user("vic", Role.VIEWER).get(TYPES).status_code


def test_list_is_unavailable_before_the_first_worker(api: Api) -> None:
    """An empty catalogue is no answer but a reason to come again."""
    api.store.client.flushall()

    assert 503 == api.get(TYPES).status_code


def test_resource_may_be_left_out_of_types_that_name_none(api: Api) -> None:
    """Absent and null are the same; the job then shows resource null, everywhere."""
    plain = {name: value for name, value in JOB.items() if name != "resource"}
    for body in (plain, {**plain, "resource": None}):
        job_id = api.post(SUBMIT, {**body, "jobType": "Sleep"}).get_json()["jobId"]
        shown = api.get(f"{SUBMIT}/{job_id}").get_json()
        assert ("resource", None) == ("resource", shown["resource"])
    rows = api.get("/api/t/p/execution/jobs").get_json()["jobs"]

    assert 2 == len(rows)
    assert all("resourceName" not in row for row in rows)


def test_resource_of_a_type_that_names_none_is_kept(api: Api) -> None:
    """Whoever gives a resource nevertheless sees it again."""
    resource = {"resourceType": "Notebook", "resourceId": "n1"}
    job_id = api.submit(jobType="Sleep", resource=resource)

    assert {**resource, "resourceName": None} == api.get(f"{SUBMIT}/{job_id}").get_json()[
        "resource"
    ]


@pytest.mark.parametrize("given", [{}, {"resource": None}])
def test_resource_is_required_of_types_that_name_one(api: Api, given: dict[str, None]) -> None:
    """The type, not the form of the request, asks for it; 400 names the field."""
    offer(api, replace(job_type("Mining"), resource_types=("Dataset",)))
    plain = {name: value for name, value in JOB.items() if name != "resource"}
    response = api.post(SUBMIT, {**plain, "jobType": "Mining", **given})

    assert 400 == response.status_code
    assert ["/resource"] == [error["field"] for error in response.get_json()["errors"]]


def test_retry_of_a_job_without_resource_has_none(api: Api) -> None:
    """A retry is the same job again."""
    plain = {name: value for name, value in JOB.items() if name != "resource"}
    job_id = api.post(SUBMIT, {**plain, "jobType": "Sleep"}).get_json()["jobId"]
    api.delete(f"{SUBMIT}/{job_id}")
    again = api.post(f"{SUBMIT}/{job_id}/retry").get_json()["jobId"]

    assert api.get(f"{SUBMIT}/{again}").get_json()["resource"] is None


def test_document_says_that_a_resource_may_be_null(api: Api) -> None:
    """Generators must offer the field as optional and nullable."""
    submission = api.document.document["components"]["schemas"]["JobSubmission"]

    assert "resource" not in submission["required"]
    reference = {"$ref": "#/components/schemas/ResourceReference"}
    assert [reference, {"type": "null"}] == submission["properties"]["resource"]["anyOf"]
