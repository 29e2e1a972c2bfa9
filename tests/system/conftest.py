"""The whole product as real processes: `queueapp up` on a free port and a fresh directory."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

KEY = "your-auth-token"
ANYTHING = {"resourceType": "Notebook", "resourceId": "any"}
ROOT = Path(__file__).resolve().parents[2]
XES = {"caseId": "case:concept:name", "activityName": "concept:name"}
STANDARD = {**XES, "activityTime": "time:timestamp", "resource": "org:resource"}


class Installation:
    """One data directory, and the `queueapp up` that runs on it."""

    def __init__(self, data_dir: Path, **environ: str) -> None:
        self.data_dir = data_dir
        self.environ = {**os.environ, "QUEUEAPP_ADMIN_KEY": KEY, **environ}
        self.environ.pop("REDIS_URL", None)
        self.process: subprocess.Popen[str] | None = None
        self.address = ""
        self.log = data_dir.parent / f"{data_dir.name}.log"

    def start(self, *options: str) -> None:
        """Start and wait until it says that it is ready."""
        command = [sys.executable, "-m", "queueapp.cli", "up", "--port", "0"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.data_dir), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ,
                cwd=ROOT,
                text=True,
                start_new_session=True,
            )
        self.address = self._announced()

    def _announced(self) -> str:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            found = re.search(r"ready at\s+(http://\S+)", self.log.read_text())
            if found:
                return found[1]
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stop with a signal and return the exit code."""
        assert self.process is not None
        try:
            self.process.send_signal(number)
            return self.process.wait(90)
        finally:
            self.process.kill()  # else nothing: its guardian ends what is below
            self.process.wait()

    def pids(self, part: str) -> list[int]:
        """Return the processes below ours whose command line holds ``part``."""
        assert self.process is not None
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [child.pid for child in below if part in " ".join(_command(child))]

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the API with the admin key."""
        headers = {"Authorization": f"Bearer {KEY}", **options.pop("headers", {})}
        return requests.request(
            method, f"{self.address}{path}", headers=headers, timeout=200, **options
        )

    def upload(
        self, scope: str, dataset: str, path: Path, columns: dict[str, str], **fields: str
    ) -> dict[str, Any]:
        """Upload a dataset under a chosen id."""
        with path.open("rb") as file:
            answer = self.request(
                "PUT",
                f"/api/{scope}/datasets/{dataset}",
                files={"file": (path.name, file)},
                data={"name": dataset, **columns, **fields},
            )
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def submit(self, scope: str, **body: Any) -> str:
        """Submit a job and return its id."""
        answer = self.request(
            "POST",
            f"/api/{scope}/execution/job",
            json={"jobName": "a job", "resource": ANYTHING, **body},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobId"])

    def job(self, scope: str, job_id: str) -> dict[str, Any]:
        """Return a job."""
        return dict(self.request("GET", f"/api/{scope}/execution/job/{job_id}").json())

    def until(
        self,
        scope: str,
        job_id: str,
        wanted: Callable[[dict[str, Any]], bool],
        within_s: float = 120,
    ) -> dict[str, Any]:
        """Wait until a job is as wanted."""
        deadline = time.monotonic() + within_s
        while not wanted(job := self.job(scope, job_id)):
            assert time.monotonic() < deadline, (job, self.log.read_text())
            time.sleep(0.05)
        return job

    def ended(self, scope: str, job_id: str, within_s: float = 120) -> dict[str, Any]:
        """Wait for a job's end."""
        return self.until(
            scope, job_id, lambda job: job["status"] not in ("Queued", "Running"), within_s
        )


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _stopped(installation: Installation) -> None:
    process = installation.process
    if process is not None and process.poll() is None:
        installation.stop()


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation that the tests of the whole session share."""
    data = tmp_path_factory.mktemp("up") / "data"
    installation = Installation(data, QUEUEAPP_ACTORS="tests.system.gated_jobs")
    try:
        installation.start()
        yield installation
    finally:
        _stopped(installation)
