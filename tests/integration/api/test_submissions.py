"""Submitting over HTTP: what a job needs to be accepted, and what is said of it."""

import io
from dataclasses import replace
from typing import Any

import pytest

from queueapp.domain.fleet import Worker
from tests.factories import NODE, claim, job_type
from tests.integration.api.conftest import JOB, Api
from tests.integration.api.job_calls import JOBS, SUBMIT, job


def test_a_submitted_job_is_accepted_with_its_address(api: Api) -> None:
    """202, a Location that answers, and a position over all tiers."""
    response = api.post(SUBMIT, JOB)

    body = response.get_json()
    assert response.status_code == 202
    assert body["status"] == "Queued"
    assert body["queuePosition"] == 1
    assert body["estimatedDuration"] == "0-120 minutes"
    assert body["submittedBy"] == "admin"
    assert response.headers["Location"].endswith(job(body["jobId"]))
    assert api.get(response.headers["Location"]).get_json()["jobName"] == "A job"


def test_positions_count_all_better_tiers(api: Api) -> None:
    """A critical job submitted last stands first."""
    api.submit()
    low = api.submit(priority="low")
    urgent = api.post(SUBMIT, {**JOB, "priority": "CRITICAL"}).get_json()

    assert urgent["queuePosition"] == 1
    assert urgent["priority"] == "Critical"
    assert api.get(job(low)).get_json()["queuePosition"] == 3


def test_what_was_asked_is_echoed(api: Api) -> None:
    """A job shows its parameters, requirements, retries, dependencies and schedule."""
    first = api.submit()
    asked = {
        "jobDescription": "Sales",
        "parameters": {"deep": {"list": [1, 2.5, None, "x"]}},
        "scheduling": {
            "executeImmediately": False,
            "scheduledTime": "2999-01-01T00:00:00+01:00",
            "timeoutMinutes": 30,
            "queueTtlSeconds": 86_400,
        },
        "notifications": {"onFailure": True, "emailRecipients": ["ann@example.com"]},
        "resourceRequirements": {"cpuUnits": 2, "memoryGB": 0.1},
        "retries": {"maxAttempts": 3, "delaySeconds": 5, "maxDelaySeconds": 60},
        "dependencies": [first],
        "onDependencyFailure": "run",
    }

    shown = api.get(job(api.submit(**asked))).get_json()

    assert shown["jobDescription"] == "Sales"
    assert shown["parameters"] == asked["parameters"]
    assert shown["scheduling"] == {
        "scheduledTime": "2998-12-31T23:00:00Z",
        "timeoutMinutes": 30,
        "queueTtlSeconds": 86_400,
    }
    assert shown["notifications"] == {
        "onCompletion": False,
        "onFailure": True,
        "emailRecipients": ["ann@example.com"],
    }
    assert shown["resourceRequirements"] == {"cpuUnits": 2, "memoryGB": 0.1}
    assert shown["retries"] == {"maxAttempts": 3, "delaySeconds": 5.0, "maxDelaySeconds": 60.0}
    assert shown["dependencies"] == [first]
    assert shown["onDependencyFailure"] == "run"


def test_null_is_absent_for_every_optional_field(api: Api) -> None:
    """A client that sends null for what it does not know gets the defaults."""
    optional = dict.fromkeys(
        (
            "jobDescription",
            "priority",
            "parameters",
            "scheduling",
            "notifications",
            "dependencies",
            "onDependencyFailure",
            "resourceRequirements",
            "retries",
        )
    )

    response = api.post(SUBMIT, {**JOB, **optional})

    assert response.status_code == 202
    assert response.get_json()["priority"] == "Normal"


def offer_mining(api: Api) -> None:
    """Publish a job type that works on a dataset, as the real one does."""
    kind = replace(
        job_type("ProcessMining"),
        resource_types=("Pipeline", "Dataset"),
        datasets=("datasetId",),
    )
    worker = Worker(name="w2", node=NODE, pid=1, slots=1, born_ms=0, version="0")
    api.store.fleet.register(worker, [kind])


@pytest.mark.parametrize(
    ("kind", "parameters", "field"),
    [
        ("Pipeline", {"datasetId": "d"}, "/resource/resourceId"),
        ("Dataset", {}, "/resource/resourceId"),
    ],
)
def test_an_unknown_resource_is_404_and_named(
    api: Api, kind: str, parameters: dict[str, Any], field: str
) -> None:
    """The field that names what is not there is in the answer; no job is made."""
    offer_mining(api)
    body = {
        **JOB,
        "resource": {"resourceType": kind, "resourceId": "nope"},
        "parameters": parameters,
    }

    response = api.post(SUBMIT, body)

    assert response.status_code == 404
    assert response.get_json()["errors"][0]["field"] == field
    assert "nope" in response.get_json()["detail"]
    assert api.get(JOBS).get_json()["totalCount"] == 0


def test_a_dataset_must_be_there_whatever_the_job_type(api: Api) -> None:
    """A type that reads no dataset may be about one, by its name, but not about none."""
    body = {**JOB, "resource": {"resourceType": "Dataset", "resourceId": "orders"}}
    unknown = api.post(SUBMIT, body)
    form = {"name": "Orders", "caseId": "c", "activityName": "a", "activityTime": "t"}
    file = (io.BytesIO(b"c,a,t\n1,Pay,2026-01-05\n"), "orders.csv")
    stored = api.call("PUT", "/api/t/p/datasets/orders", data={**form, "file": file})
    assert 201 == stored.status_code
    job_id = api.post(SUBMIT, body).get_json()["jobId"]

    assert (404, "/resource/resourceId") == (
        unknown.status_code,
        unknown.get_json()["errors"][0]["field"],
    )
    assert "Orders" == api.get(job(job_id)).get_json()["resource"]["resourceName"]
    assert "Orders" == api.get(JOBS).get_json()["jobs"][0]["resourceName"]


def test_an_unknown_dataset_of_a_pipeline_is_named(api: Api) -> None:
    """The parameter is named when the pipeline is there and the dataset is not."""
    offer_mining(api)
    api.call("PUT", "/api/t/p/pipelines/pipe", json={"name": "A pipeline"})
    body = {
        **JOB,
        "resource": {"resourceType": "Pipeline", "resourceId": "pipe"},
        "parameters": {"datasetId": "nope"},
    }

    response = api.post(SUBMIT, body)

    assert response.status_code == 404
    assert response.get_json()["errors"][0]["field"] == "/parameters/datasetId"


def test_an_unknown_dependency_is_named(api: Api) -> None:
    """By its place in the list; a job of another project is unknown too."""
    known, foreign = api.submit(), api.submit(at="/api/t/other")

    response = api.post("/api/t/p/execution/job", {**JOB, "dependencies": [known, foreign]})

    assert 400 == response.status_code
    assert ["/dependencies/1"] == [one["field"] for one in response.get_json()["errors"]]


def test_a_full_queue_is_429(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Retry-After."""
    services = api.app.extensions["queueapp"]
    monkeypatch.setattr(services.engine._enqueue.__self__, "max_queued", 1)
    api.submit()

    response = api.post(SUBMIT, JOB)

    assert response.status_code == 429
    assert response.get_json()["code"] == "queue_full"
    assert int(response.headers["Retry-After"]) > 0


def test_a_job_that_is_queued_for_too_long_fails(api: Api) -> None:
    """Its time runs from its submission, or from when it may start."""
    soon = api.submit(scheduling={"queueTtlSeconds": 60})
    late = {"executeImmediately": False, "scheduledTime": "2090-01-01T00:00:00Z"}
    scheduled = api.submit(scheduling={**late, "queueTtlSeconds": 60})
    plain = api.submit()
    asked = [api.get(job(one)).get_json()["scheduling"] for one in (soon, scheduled, plain)]
    assert [60, 60, None] == [one["queueTtlSeconds"] for one in asked]

    def expire_in(ms: int) -> list[str]:
        seconds, _ = api.store.client.time()
        now_ms = seconds * 1000 + ms
        api.store.scripts.call("expire", limit=10, keep_ms=1, now_ms=now_ms)
        return [api.get(job(one)).get_json()["status"] for one in (soon, scheduled, plain)]

    assert ["Queued", "Queued", "Queued"] == expire_in(30_000)
    assert ["Failed", "Queued", "Queued"] == expire_in(62_000)
    assert ["Failed", "Failed", "Queued"] == expire_in(100 * 366 * 86_400_000)
    failed = api.get(job(soon)).get_json()
    assert "queue_ttl_expired" == failed["errorDetails"]["code"]


def test_a_claim_that_comes_too_late_ends_the_job(api: Api) -> None:
    """It takes the next one instead."""
    late = api.submit(scheduling={"queueTtlSeconds": 1})
    following = api.submit(scheduling={"queueTtlSeconds": 60})
    seconds, _ = api.store.client.time()
    held = claim(api.store, now_ms=(seconds + 3) * 1000)

    assert held is not None
    assert (following, "Failed") == (held.job.id, api.get(job(late)).get_json()["status"])


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "60", True, 2_592_001])
def test_a_time_in_the_queue_is_a_number_of_seconds(api: Api, wrong: object) -> None:
    """Up to thirty days."""
    refused = api.post(SUBMIT, {**JOB, "scheduling": {"queueTtlSeconds": wrong}})

    assert 400 == refused.status_code
    assert "/scheduling/queueTtlSeconds" == refused.get_json()["errors"][0]["field"]
