"""A workflow over HTTP against the whole product: real web, workers and job processes."""

import time
from pathlib import Path

from queueapp.eventlog import write_sample_log
from tests.system.conftest import Installation

SCOPE = "acme/flows"
COLUMNS = {
    "caseId": "case_id",
    "activityName": "activity",
    "activityTime": "timestamp",
    "resource": "resource",
}


def test_a_workflow_is_mined_from_end_to_end(up: Installation, tmp_path: Path) -> None:
    """Two analyses, then a third that waits for both; its results can be read."""
    log = tmp_path / "orders.csv"
    write_sample_log(log, cases=50)
    up.upload(SCOPE, "orders", log, COLUMNS)
    defaults = {
        "jobType": "ProcessMining",
        "resource": {"resourceType": "Dataset", "resourceId": "orders"},
    }
    jobs = [{"name": "a"}, {"name": "b"}, {"name": "c", "dependsOn": ["a", "b"]}]
    body = {"workflowName": "Orders", "defaults": defaults, "jobs": jobs}
    path = f"/api/{SCOPE}/execution/workflow"
    accepted = up.request("POST", path, json=body)
    assert 202 == accepted.status_code, accepted.text
    address = f"{path}/{accepted.json()['workflowId']}"
    deadline = time.monotonic() + 180
    while (found := up.request("GET", address).json())["endTime"] is None:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)

    assert ("Completed", 3) == (found["status"], found["summary"]["completedJobs"])
    steps = {job["name"]: job for job in found["jobs"]}
    assert steps["c"]["startTime"] >= max(steps["a"]["endTime"], steps["b"]["endTime"])
    results = f"/api/{SCOPE}/execution/job/{steps['c']['jobId']}/results"
    assert up.request("GET", results).json()["success"]
