"""The example clients of the execution API's own document, unmodified, against a running server.

Only the server's address is put in; the key that they name is the server's key.
"""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest

from queueapp.eventlog import write_sample_log
from tests.shared_data import shared
from tests.system.conftest import KEY, Installation
from tests.system.documented import BROWSER, ITS_ADDRESS

COLUMNS = {
    "caseId": "case_id",
    "activityName": "activity",
    "activityTime": "timestamp",
    "resource": "resource",
}
PYTHON_BEGINS, SCRIPT_BEGINS = "Python Example", "// 1. Submit a new job"


@pytest.fixture(scope="module")
def document() -> str:
    """The document's text."""
    return shared("seeds/execution-api.en.txt").read_text()


def prepare(up: Installation, scope: str, dataset: str, pipeline: str, path: Path) -> None:
    """Make the dataset and the pipeline that an example names."""
    up.upload(scope, dataset, path, COLUMNS)
    answer = up.request("PUT", f"/api/{scope}/pipelines/{pipeline}", json={"name": "a pipeline"})
    assert answer.status_code in (200, 201), answer.text


def python_client(up: Installation, document: str, folder: Path) -> str:
    """Run the Python example and return what it printed."""
    code = document.split(PYTHON_BEGINS, 1)[1]
    script = folder / "example.py"
    script.write_text(ITS_ADDRESS.sub(repr(up.address), code))
    command = [sys.executable, str(script)]
    return subprocess.run(command, capture_output=True, text=True, timeout=250, check=True).stdout


def script_client(up: Installation, document: str, folder: Path) -> str:
    """Run the JavaScript example and return what it printed."""
    after = document.split(SCRIPT_BEGINS, 1)[1]
    code = SCRIPT_BEGINS + after.split(PYTHON_BEGINS, 1)[0]
    script = folder / "example.js"
    script.write_text(BROWSER.format(key=KEY, base=up.address) + code)
    command = ["node", str(script)]
    return subprocess.run(command, capture_output=True, text=True, timeout=250, check=True).stdout


@pytest.mark.slow
def test_both_examples_run_to_their_ends(up: Installation, document: str, tmp_path: Path) -> None:
    """Each submits, waits for completion and lists every output of its job."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed, so the JavaScript example cannot run")
    log = tmp_path / "log.csv"
    write_sample_log(log, cases=300, start=date(2023, 12, 18))
    ids = re.findall(r"'([0-9a-f]{8}-[0-9a-f-]{27})'", document.split(SCRIPT_BEGINS, 1)[1])
    literal = f"{quote('{tenantId}')}/{quote('{projectId}')}"
    prepare(up, "tenant-guid/project-guid", "dataset-guid", "pipeline-guid", log)
    prepare(up, literal, ids[1], ids[0], log)
    with ThreadPoolExecutor() as both:
        python = both.submit(python_client, up, document, tmp_path)
        script = both.submit(script_client, up, document, tmp_path)
        said = python.result(), script.result()

    assert "System Status: Healthy" in said[0]
    assert "Job completed successfully!" in said[0]
    assert re.search(r"Records processed: [\d,]+", said[0])
    assert "Error in execution workflow" not in said[0]
    assert "Job completed successfully!" in said[1]
    for text in said:
        for kind in ("EnrichedDataset", "ProcessMap", "AnalyticsModel"):
            assert f"Download {kind}: {up.address}" in text
