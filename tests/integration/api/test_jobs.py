"""Jobs over HTTP, from submission to results, in every state."""

import io
import uuid
from dataclasses import replace
from typing import Any

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Worker
from queueapp.domain.job import Artifact
from queueapp.domain.outcome import Progress, Usage
from tests.factories import NODE, claim, finish, job_type
from tests.integration.api.conftest import JOB, Api

JOBS = "/api/t/p/execution/jobs"
SUBMIT = "/api/t/p/execution/job"


def job(job_id: str) -> str:
    return f"/api/t/p/execution/job/{job_id}"


def run(api: Api, outcome: str = "completed", **changes: Any) -> None:
    """Claim the next job as a worker would, and end it."""
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, outcome, changes=changes)


def artifact(api: Api, **changes: Any) -> Artifact:
    """Put a file into the object store and return its record."""
    services = api.app.extensions["queueapp"]
    stored = services.objects.put(f"x/{uuid.uuid4()}", [b"<h1>report</h1>"])
    known = {
        "id": uuid.uuid4().hex,
        "job_id": "j",
        "type": "ProcessMiningReport",
        "title": "Report",
        "name": "répört.html",
        "format": "html",
        "media_type": "text/html",
        "size_bytes": stored.size_bytes,
        "sha256": stored.sha256,
        "object_key": stored.key,
        "primary": True,
    }
    return Artifact(**{**known, **changes})


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
        },
        "notifications": {"onFailure": True, "emailRecipients": ["ann@example.com"]},
        "resourceRequirements": {"cpuUnits": 2, "memoryGB": 1.5},
        "retries": {"maxAttempts": 3, "delaySeconds": 5, "maxDelaySeconds": 60},
        "dependencies": [first],
        "onDependencyFailure": "run",
    }

    shown = api.get(job(api.submit(**asked))).get_json()

    assert shown["jobDescription"] == "Sales"
    assert shown["parameters"] == asked["parameters"]
    assert shown["scheduling"] == {"scheduledTime": "2998-12-31T23:00:00Z", "timeoutMinutes": 30}
    assert shown["notifications"] == {
        "onCompletion": False,
        "onFailure": True,
        "emailRecipients": ["ann@example.com"],
    }
    assert shown["resourceRequirements"] == {"cpuUnits": 2, "memoryGB": 1.5}
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


@pytest.mark.parametrize(
    "spelling",
    [
        {"json": {"reason": "why"}},
        {"data": b'{"reason": "why"}'},
        {"query_string": {"reason": "why"}},
    ],
)
def test_cancel_takes_its_wishes_in_any_way(api: Api, spelling: dict[str, Any]) -> None:
    """A JSON body, a body without a type, or query parameters."""
    job_id = api.submit()

    response = api.delete(job(job_id), **spelling)

    assert response.status_code == 200
    assert response.get_json()["reason"] == "why"
    assert response.get_json()["status"] == "Cancelled"
    shown = api.get(job(job_id)).get_json()["cancellation"]
    assert ("admin", "why") == (shown["requestedBy"], shown["reason"])


def test_an_unknown_dependency_is_named(api: Api) -> None:
    """By its place in the list; a job of another project is unknown too."""
    known, foreign = api.submit(), api.submit(at="/api/t/other")

    response = api.post("/api/t/p/execution/job", {**JOB, "dependencies": [known, foreign]})

    assert 400 == response.status_code
    assert ["/dependencies/1"] == [one["field"] for one in response.get_json()["errors"]]


def test_a_job_that_ends_with_another_says_so(api: Api) -> None:
    """Nobody asked for it to end, so it must tell why it did."""
    first = api.submit()
    second = api.submit(dependencies=[first])
    api.delete(job(first))
    api.store.scripts.call("cascade", limit=10, keep_ms=60_000)

    shown = api.get(job(second)).get_json()

    assert "Cancelled" == shown["status"]
    assert "A job it depends on did not complete." == shown["cancellation"]["reason"]


@pytest.mark.parametrize("data", [None, b"", b"null", b"{}", b"  "])
def test_an_empty_cancel_is_a_cancel(api: Api, data: bytes | None) -> None:
    """Absent, empty, null and {} all mean the defaults."""
    job_id = api.submit()

    assert api.delete(job(job_id), data=data).status_code == 200


def test_a_running_job_that_does_not_stop_is_202(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 must mean done, so a job that is still stopping is 202 and still Running."""
    engine = api.app.extensions["queueapp"].engine
    cancel = engine.cancel
    monkeypatch.setattr(engine, "cancel", lambda *a, **k: cancel(*a, **k, wait_s=0))
    job_id = api.submit()
    held = claim(api.store)
    assert held is not None

    response = api.delete(job(job_id))

    assert response.status_code == 202
    assert response.get_json()["status"] == "Running"
    assert response.get_json()["cancelledAt"] is None
    assert api.get(job(job_id)).get_json()["cancellationRequested"] is True


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_an_ended_job_cannot_be_cancelled(api: Api, outcome: str) -> None:
    """409, and nothing changes."""
    job_id = api.submit()
    run(api, outcome)

    response = api.delete(job(job_id))

    assert response.status_code == 409
    assert response.get_json()["code"] == "job_not_cancellable"


def test_a_cancelled_job_cannot_be_cancelled_again(api: Api) -> None:
    """The second cancel is a conflict."""
    job_id = api.submit()
    api.delete(job(job_id))

    assert api.delete(job(job_id)).status_code == 409


@pytest.mark.parametrize("state", ["Queued", "Running", "Failed", "Cancelled"])
def test_there_are_no_results_before_completion(api: Api, state: str) -> None:
    """409 job_not_completed unless partial results were kept."""
    job_id = api.submit()
    if state == "Running":
        claim(api.store)
    elif state == "Failed":
        run(api, "failed")
    elif state == "Cancelled":
        api.delete(job(job_id))

    response = api.get(f"{job(job_id)}/results")

    assert response.status_code == 409
    assert response.get_json()["code"] == "job_not_completed"


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


def test_partial_results_are_shown_as_no_success(api: Api) -> None:
    """A failed job with kept results answers 200 with success false."""
    job_id = api.submit()
    run(api, "failed", result={"partial": True, "summary": {"cases": 3}})

    body = api.get(f"{job(job_id)}/results").get_json()

    assert body["success"] is False
    assert body["summary"]["cases"] == 3


def completed(api: Api) -> str:
    job_id = api.submit()
    report = artifact(api)
    data = artifact(api, primary=False, type="EnrichedDataset", format="csv", record_count=7)
    result = {
        "artifacts": [vars(report), vars(data)],
        "summary": {"cases": 3},
        "quality": {"total": 10, "valid": 7, "duplicates_removed": 1, "invalid": 2, "score": 70.0},
        "warnings": [{"type": "DataQuality", "message": "odd", "count": 2}],
    }
    run(
        api,
        result=result,
        artifacts=(report, data),
        usage=Usage(cpu_seconds=0.5),
        progress=Progress(10, 10, "Done", warning_count=2),
    )
    return job_id


def test_results_in_both_forms(api: Api) -> None:
    """summary leaves out the metrics, detailed has them."""
    job_id = completed(api)

    summary = api.get(f"{job(job_id)}/results").get_json()
    detailed = api.get(f"{job(job_id)}/results?format=Detailed").get_json()

    assert summary["success"] is True
    assert summary["summary"]["recordsProcessed"] == 7
    assert "executionMetrics" not in summary
    assert detailed["qualityMetrics"]["dataValidation"] == {
        "totalRecords": 10,
        "validRecords": 7,
        "duplicatesRemoved": 1,
        "invalidRecords": 2,
    }
    assert detailed["executionMetrics"]["cpuSeconds"] == 0.5
    assert detailed["results"]["additionalOutputs"][0]["recordCount"] == 7


def test_links_need_no_key_and_downloads_are_attachments(api: Api) -> None:
    """The primary output can be had by its signed link and by format=download alike."""
    job_id = completed(api)
    link = api.get(f"{job(job_id)}/results").get_json()["results"]["primaryOutput"]["downloadUrl"]

    by_link = api.get(link, headers={"Authorization": None})
    by_key = api.get(f"{job(job_id)}/results?format=download")

    assert by_link.status_code == by_key.status_code == 200
    assert by_link.data == by_key.data == b"<h1>report</h1>"
    assert "attachment" in by_key.headers["Content-Disposition"]
    assert "filename*=UTF-8''r%C3%A9p%C3%B6rt.html" in by_key.headers["Content-Disposition"]


def test_artifacts_can_be_left_out_and_filtered(api: Api) -> None:
    """No links without artifacts; the filter takes the primary output too."""
    path = f"{job(completed(api))}/results"

    without = api.get(f"{path}?includeArtifacts=FALSE").get_json()["results"]
    data = api.get(f"{path}?outputType=data").get_json()["results"]

    assert without["primaryOutput"]["downloadUrl"] is None
    assert data["primaryOutput"] is None
    assert len(data["additionalOutputs"]) == 1
    assert api.get(f"{path}?format=download&outputType=reports").status_code == 200
    refused = api.get(f"{path}?format=download&outputType=models")
    assert (409, "job_not_completed") == (refused.status_code, refused.get_json()["code"])


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


def test_a_fresh_project_has_an_empty_list(api: Api) -> None:
    """Zeros and an empty list, never 404."""
    body = api.get(JOBS).get_json()

    assert body["jobs"] == []
    assert set(body["summary"].values()) == {0}
    assert body["hasNextPage"] is False


def test_lists_are_paged_newest_first(api: Api) -> None:
    """Every job is on exactly one page."""
    ids = [api.submit() for _ in range(5)]

    pages = [api.get(f"{JOBS}?page={n}&pageSize=2").get_json() for n in (1, 2, 3, 4)]

    listed = [row["jobId"] for page in pages for row in page["jobs"]]
    assert sorted(listed) == sorted(ids)
    assert [page["hasNextPage"] for page in pages] == [True, True, False, False]
    assert pages[0]["totalCount"] == 5


def test_summaries_ignore_the_status_filter_and_add_up(api: Api) -> None:
    """The parts sum to the total under the other filters."""
    api.submit()
    cancelled = api.submit()
    api.delete(job(cancelled))

    body = api.get(f"{JOBS}?status=cancelled&jobType=processmining&submittedBy=admin").get_json()

    assert [row["jobId"] for row in body["jobs"]] == [cancelled]
    assert body["summary"]["totalJobs"] == 2
    assert body["summary"]["queuedJobs"] == 1
    assert body["summary"]["cancelledJobs"] == 1


def test_large_pages_are_clamped_and_echoed(api: Api) -> None:
    """A page larger than allowed is the largest allowed."""
    assert api.get(f"{JOBS}?pageSize=5000").get_json()["pageSize"] == 100


@pytest.mark.parametrize(
    "spelling",
    [
        "dateFrom=2000-01-01",
        "dateTo=2999-12-31T00:00:00.123456",
        "dateFrom=2000-01-01T00:00:00+08:00",
        "dateFrom=0001-01-01&dateTo=9999-12-31",
    ],
)
def test_dates_filter_in_any_spelling(api: Api, spelling: str) -> None:
    """Naive, offset with an unescaped plus and plain dates are all read."""
    api.submit()

    assert api.get(f"{JOBS}?{spelling}").get_json()["totalCount"] == 1
    assert api.get(f"{JOBS}?dateTo=2000-01-01").get_json()["totalCount"] == 0


def test_the_shown_second_is_within_its_own_bounds(api: Api) -> None:
    """Filtering from and to the shown creation time finds the job."""
    created = api.get(job(api.submit())).get_json()["dateCreated"]

    found = api.get(f"{JOBS}?dateFrom={created}&dateTo={created}").get_json()

    assert found["totalCount"] == 1


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
