"""Results over HTTP: in both forms, with their files, and not before there are any."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from queueapp.domain.job import Artifact
from queueapp.domain.outcome import Progress, Usage
from tests.factories import artifact, claim
from tests.integration.api.conftest import Api
from tests.integration.api.job_calls import job, run


def stored(api: Api, **changes: Any) -> Artifact:
    """Put a file into the object store and return its record."""
    services = api.app.extensions["queueapp"]
    file = services.objects.put(f"x/{uuid.uuid4()}", [b"<h1>report</h1>"])
    report = artifact(
        id=uuid.uuid4().hex,
        type="ProcessMiningReport",
        name="répört.html",
        format="html",
        media_type="text/html",
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        object_key=file.key,
        primary=True,
    )
    return replace(report, **changes)


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


def test_partial_results_are_shown_as_no_success(api: Api) -> None:
    """A failed job with kept results answers 200 with success false."""
    job_id = api.submit()
    run(api, "failed", result={"partial": True, "summary": {"cases": 3}})

    body = api.get(f"{job(job_id)}/results").get_json()

    assert body["success"] is False
    assert body["summary"]["cases"] == 3


def completed(api: Api) -> str:
    job_id = api.submit()
    report = stored(api)
    data = stored(api, primary=False, type="EnrichedDataset", format="csv", record_count=7)
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
