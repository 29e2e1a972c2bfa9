"""`queueapp up` keeps its word: nothing accepted is lost, whatever is stopped or killed."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from queueapp.embedded.directory import Layout
from queueapp.embedded.locks import is_locked
from tests.system.gate import Gate
from tests.system.upped import ROOT, Upped, alive
from tests.waiting import eventually

pytestmark = pytest.mark.slow


class Runs:
    """The runs of `up` on one data directory; each ends with the test."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.all: list[Upped] = []

    def up(self) -> Upped:
        """Start `up` and wait until it is ready."""
        self.all.append(Upped(self.data_dir))
        return self.all[-1].ready()

    def end(self) -> None:
        for run in self.all:
            if run.process.poll() is None:
                run.interrupt()
        eventually(lambda: not is_locked(self.data_dir / "run.lock"))


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs on one fresh data directory."""
    found = Runs(tmp_path / "data")
    yield found
    found.end()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """One gated job, not yet submitted."""
    return Gate(tmp_path)


def test_one_interrupt_ends_everything_in_order(runs: Runs) -> None:
    """One Ctrl-C ends every process within the time, with exit code 0 and nothing left behind."""
    up = runs.up()
    below = psutil.Process(up.process.pid).children(recursive=True)

    assert 0 == up.interrupt(), "".join(up.lines)
    eventually(lambda: not [one for one in below if alive(one)])
    assert not is_locked(Layout.of(runs.data_dir).server_lock)


def test_a_killed_worker_is_replaced(runs: Runs, gate: Gate) -> None:
    """After kill -9 of the worker's processes the job runs again elsewhere and ends once."""
    up = runs.up()
    gate.submit(up).begun()
    for process in up.programs("queueapp.worker:setup"):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    gate.begun(2).open()
    job = up.ended(gate.job_id)

    assert "Completed" == job["status"]
    assert ["lost", "completed"] == [one["end"] for one in job["attempts"]]
    assert 1 == len(gate.notes("done"))


def test_an_interrupted_job_is_given_back(runs: Runs, gate: Gate) -> None:
    """Ctrl-C during a job gives it back uncounted, and it is finished after the next start."""
    up = runs.up()
    gate.submit(up).begun()
    up.interrupt()
    again = runs.up()
    gate.begun(2).open()
    job = again.ended(gate.job_id)

    assert "Completed" == job["status"]
    assert ["given_back", "completed"] == [one["end"] for one in job["attempts"]]


def test_nothing_is_lost_when_up_is_killed(runs: Runs, gate: Gate, tmp_path: Path) -> None:
    """After kill -9 of `up` its programs end, and the next start finishes all accepted jobs."""
    up = runs.up()
    gate.submit(up).begun()
    waiting = [Gate(tmp_path).submit(up) for _ in range(3)]
    below = psutil.Process(up.process.pid).children(recursive=True)
    up.kill()
    again = runs.up()

    eventually(lambda: not [one for one in below if alive(one)])
    for each in (gate, *waiting):
        each.open()
        assert "Completed" == again.ended(each.job_id)["status"]
        assert 1 == len(each.notes("done"))


def test_a_killed_store_server_comes_back(runs: Runs, gate: Gate) -> None:
    """After kill -9 of the embedded server `up` starts it again and the job goes on."""
    up = runs.up()
    gate.submit(up).begun()
    os.kill(up.store_pid(), signal.SIGKILL)
    eventually(lambda: up.said("(server had ended)"))
    gate.open()

    assert "Completed" == up.ended(gate.job_id)["status"]


def test_a_killed_web_process_keeps_the_port(runs: Runs) -> None:
    """After kill -9 of the web process the same address answers again."""
    up = runs.up()
    for process in up.programs("gunicorn"):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    eventually(lambda: up.said("(web ended)"))

    assert {"status": "ok"} == up.client.get("/readyz")


@pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("QUEUEAPP_TEST_NO_SKIP"),
    reason="curl is not installed",
)
def test_the_readme_can_be_followed(runs: Runs, tmp_path: Path) -> None:
    """The README's lines of curl submit a job and watch it to its results."""
    up = runs.up()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = re.findall(r"^```sh\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)[0]
    ran = subprocess.run(
        ["bash", "-euc", script.replace("http://127.0.0.1:8000", up.client.address)],
        env={**os.environ, "KEY": up.key},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert "" == ran.stderr
    assert '"downloadUrl"' in ran.stdout
    assert '"recordsProcessed":2' in ran.stdout.replace(" ", "")
