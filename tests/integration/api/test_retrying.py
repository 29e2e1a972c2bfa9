"""Retrying over HTTP: a new job of one that failed or was cancelled."""

from typing import Any

import pytest

from tests.integration.api.conftest import Api
from tests.integration.api.job_calls import JOBS, job, run


def test_a_retry_makes_a_new_job(api: Api) -> None:
    """The original stays Failed and says what it was retried as."""
    job_id = api.submit(parameters={"a": 1, "b": 2})
    run(api, "failed")
    body = {
        "retryReason": "again",
        "modifyParameters": True,
        "priority": "High",
        "updatedParameters": {
            "b": 3,
            "timeoutMinutes": 180,
            "retryFailedRecords": True,
            "increaseMemoryLimit": True,
        },
    }

    response = api.post(f"{job(job_id)}/retry", body)

    made = response.get_json()
    assert response.status_code == 200
    assert (made["originalJobId"], made["attempt"], made["retryReason"]) == (job_id, 2, "again")
    new = api.get(job(made["jobId"])).get_json()
    assert new["parameters"] == {"a": 1, "b": 3}
    assert new["scheduling"]["timeoutMinutes"] == 180
    assert new["priority"] == "High"
    old = api.get(job(job_id)).get_json()
    assert (old["status"], old["retriedAs"]) == ("Failed", made["jobId"])


@pytest.mark.parametrize("data", [None, b"null", b"{}"])
def test_a_retry_needs_no_body(api: Api, data: bytes | None) -> None:
    """All of the body is optional."""
    job_id = api.submit()
    api.delete(job(job_id))
    kind = {"Content-Type": "application/json"} if data else {}

    assert api.call("POST", f"{job(job_id)}/retry", data=data, headers=kind).status_code == 200


def test_only_failed_or_cancelled_jobs_are_retried(api: Api) -> None:
    """409 otherwise."""
    job_id = api.submit()

    response = api.post(f"{job(job_id)}/retry", {})

    assert response.status_code == 409
    assert response.get_json()["code"] == "job_not_retryable"


@pytest.mark.parametrize(
    "body",
    [
        {"updatedParameters": {"a": 1}},
        {"modifyParameters": True, "updatedParameters": {"timeoutMinutes": 0}},
        {"modifyParameters": True, "updatedParameters": {"timeoutMinutes": "5"}},
        {"modifyParameters": True, "updatedParameters": []},
        {"modifyParameters": "yes"},
        {"status": "Queued"},
    ],
)
def test_a_bad_retry_is_refused(api: Api, body: dict[str, Any]) -> None:
    """400 naming the field, and no job is made."""
    job_id = api.submit()
    run(api, "failed")

    response = api.post(f"{job(job_id)}/retry", body)

    assert response.status_code == 400
    assert response.get_json()["errors"]
    assert api.get(JOBS).get_json()["totalCount"] == 1
