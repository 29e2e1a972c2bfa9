"""Real event logs over HTTP: what the report says equals what is known of each log."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from queueapp.eventlog import write_sample_log
from tests.shared_data import shared
from tests.system.conftest import STANDARD, Installation

SCOPE = "acme/logs"
DIRTY = {"caseId": "Ticket", "activityName": "Step", "activityTime": "When", "resource": "Who"}
CHECKS = {"validateTimestamps": True, "checkDuplicates": True, "validateActivities": True}


def mined(
    up: Installation, dataset: str, path: Path, columns: dict[str, str], **parameters: Any
) -> dict[str, Any]:
    """Upload, mine, and return the detailed results."""
    up.upload(SCOPE, dataset, path, columns)
    job = up.submit(
        SCOPE,
        jobType="ProcessMining",
        resource={"resourceType": "Dataset", "resourceId": dataset},
        parameters=parameters,
    )
    ended = up.ended(SCOPE, job)
    assert "Completed" == ended["status"], ended
    path_ = f"/api/{SCOPE}/execution/job/{job}/results"
    return dict(up.request("GET", path_, params={"format": "detailed"}).json())


@pytest.mark.parametrize(
    ("name", "columns"),
    [("receipt.csv", STANDARD), ("receipt.xes.gz", {}), ("helpdesk.xes.gz", {})],
)
def test_results_equal_the_known_facts(
    up: Installation, name: str, columns: dict[str, str]
) -> None:
    """Cases, events, activities, variants and the median duration are as published."""
    path = shared(f"eventlogs/{name}")
    facts = next(
        one for one in json.loads(shared("eventlogs/facts.json").read_text()) if one["file"] == name
    )
    summary = mined(up, name, path, columns)["summary"]

    for key in ("cases", "events", "activities", "variants"):
        assert facts[key] == summary[key], key
    median = facts["case_duration_s"]["median"]
    assert summary["medianCaseDurationSeconds"] == pytest.approx(median, abs=0.001)
    assert facts["events"] == summary["recordsProcessed"]


def test_dirty_log_is_cleaned_and_counted(up: Installation) -> None:
    """With all three checks on, every known defect is found, mended or left out, and counted."""
    facts = json.loads(shared("eventlogs/helpdesk_dirty_facts.json").read_text())
    results = mined(
        up, "dirty", shared("eventlogs/helpdesk_dirty.csv"), DIRTY, qualityChecks=CHECKS
    )
    validation = results["qualityMetrics"]["dataValidation"]
    summary, after = results["summary"], facts["after_cleaning"]

    for key in ("totalRecords", "validRecords", "duplicatesRemoved", "invalidRecords"):
        assert facts[key] == validation[key], key
    assert after["cases"] == summary["cases"]
    assert after["events"] == summary["events"]
    assert after["activities"] == summary["activities"]
    assert after["variants_with_label_normalisation"] == summary["variants"]
    counts = [warning["count"] for warning in results["qualityMetrics"]["warnings"]]
    assert facts["timestampsInferred"] in counts


def test_dirty_log_by_default_is_only_counted(up: Installation) -> None:
    """Without checks nothing is removed or mended but what cannot be used at all."""
    facts = json.loads(shared("eventlogs/helpdesk_dirty_facts.json").read_text())
    results = mined(up, "dirty", shared("eventlogs/helpdesk_dirty.csv"), DIRTY)
    validation = results["qualityMetrics"]["dataValidation"]

    assert facts["totalRecords"] == validation["totalRecords"]
    assert 0 == validation["duplicatesRemoved"]
    assert facts["invalidRecords"] + facts["timestampsInferred"] == validation["invalidRecords"]
    assert (
        facts["after_cleaning"]["activities_without_label_normalisation"]
        == (results["summary"]["activities"])
    )


def test_downloads_are_what_the_results_say(up: Installation, tmp_path: Path) -> None:
    """Each link gives, without a key, bytes of the size and digest that the results name."""
    path = tmp_path / "sample.csv"
    write_sample_log(path, cases=60)
    columns = {"caseId": "case_id", "activityName": "activity", "activityTime": "timestamp"}
    results = mined(up, "sample", path, columns)["results"]
    outputs = [results["primaryOutput"], *results["additionalOutputs"]]

    assert {"html", "svg", "csv", "pkl", "json"} == {output["format"] for output in outputs}
    for output in outputs:
        answer = requests.get(output["downloadUrl"], timeout=200)
        assert 200 == answer.status_code
        assert output["bytes"] == len(answer.content)
        assert output["sha256"] == hashlib.sha256(answer.content).hexdigest()
