"""Single jobs over HTTP: whose they are, how they are found, how a failure is shown."""

import pytest

from queueapp.domain.api_key import Role
from tests.integration.api.conftest import JOB, Api
from tests.integration.api.job_calls import job, run


def test_literal_braces_are_ids_like_any_other(api: Api) -> None:
    """The documented JavaScript sends its placeholders as they stand."""
    response = api.post("/api/%7BtenantId%7D/%7BprojectId%7D/execution/job", JOB)

    assert response.status_code == 202
    assert "/api/%7BtenantId%7D/%7BprojectId%7D/" in response.headers["Location"]
    assert api.get(response.headers["Location"]).get_json()["projectId"] == "{projectId}"


@pytest.mark.parametrize(
    "job_id",
    ["important-job-id-1", "5cadd219-32cb-4985-93ca-00e1fb76f709", "0" * 32, "%F0%9F%90%98"],
)
def test_unknown_jobs_are_404(api: Api, job_id: str) -> None:
    """An id that is no GUID is unknown, not malformed."""
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/results"), ("POST", "/retry")):
        assert api.call(method, job(job_id) + path).status_code == 404


def test_a_job_of_another_project_is_unknown(api: Api) -> None:
    """Ids are looked up within their project only."""
    job_id = api.submit("/api/t/other")

    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/results"), ("POST", "/retry")):
        assert api.call(method, job(job_id) + path).status_code == 404
    assert api.get(f"/api/t/other/execution/job/{job_id}").get_json()["status"] == "Queued"


def test_a_failed_job_shows_its_error_and_its_attempt(api: Api) -> None:
    """The message, the code and the attempt are there."""
    job_id = api.submit()
    run(api, "failed")

    body = api.get(job(job_id)).get_json()

    assert body["status"] == "Failed"
    assert body["error"] == "it broke"
    assert body["errorDetails"]["code"] == "job_error"
    assert body["attempts"][0]["end"] == "failed"
    assert body["progress"]["percentage"] < 100


def test_submitters_change_their_own_jobs_only(api: Api) -> None:
    """Another user's job is visible, but only an operator may change it."""
    ann = api.as_user("ann", Role.SUBMITTER, tenant="t")
    ben = api.as_user("ben", Role.SUBMITTER, tenant="t")
    operator = api.as_user("olga", Role.OPERATOR, tenant="t")
    first, second = ann.submit(), ann.submit()

    assert ben.get(job(first)).status_code == 200
    assert ben.delete(job(first)).status_code == 403
    assert ann.delete(job(first)).status_code == 200
    assert operator.delete(job(second)).status_code == 200
    assert ben.post(f"{job(second)}/retry", {}).status_code == 403
    assert ann.post(f"{job(second)}/retry", {}).status_code == 200
