"""A running `queueapp up` as a test sees it: its output, its processes, its API."""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from queueapp.cli.client import ApiError, Client
from queueapp.embedded import start_server
from tests.waiting import eventually

PROJECT = "/api/acme/sales"
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Upped:
    """One run of `queueapp up` on a data directory."""

    data_dir: Path
    workers: int = 1
    threads: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        environ = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "QUEUEAPP_ACTORS": "tests.system.gated_jobs",
            "QUEUEAPP_LEASE_SECONDS": "15",
            **self.settings,
        }
        command = ["up", "--port", "0", "--data-dir", str(self.data_dir)]
        command += ["--workers", str(self.workers), "--threads", str(self.threads)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "queueapp.cli", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environ,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(output)

    def said(self, pattern: str) -> str | None:
        """Return the first group of the first line that fits."""
        found = (re.search(pattern, line) for line in list(self.lines))
        return next((match[1] for match in found if match), None)

    def ready(self) -> "Upped":
        """Wait until the address and the key are printed."""
        try:
            address = eventually(lambda: self.said(r"ready at\s+(\S+)") or self._gone())
        except AssertionError:
            self.kill()
            raise AssertionError("".join(self.lines)) from None
        self.key = eventually(lambda: self.said(r"Admin key\s+(\S+)"))
        self.client = Client(address, self.key)
        return self

    def _gone(self) -> bool:
        assert self.process.poll() is None, "".join(self.lines)
        return False

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job, waiting for a web process that is being started again."""

        def get() -> dict[str, Any] | None:
            try:
                return self.client.get(f"{PROJECT}/execution/job/{job_id}")
            except ApiError as error:
                if error.status in (None, 502, 503):
                    return None
                raise

        found: dict[str, Any] = eventually(get)
        return found

    def status(self, job_id: str) -> str:
        """Return a job's status."""
        return str(self.job(job_id)["status"])

    def ended(self, job_id: str) -> dict[str, Any]:
        """Wait for a job's end and return the job."""
        eventually(lambda: self.status(job_id) not in ("Queued", "Running"))
        return self.job(job_id)

    def interrupt(self) -> int:
        """Press Ctrl-C once and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self._wait()

    def kill(self) -> None:
        """Kill `queueapp up` itself with -9."""
        self.process.kill()
        self._wait()

    def _wait(self) -> int:
        try:
            code = self.process.wait(90)
        finally:
            self.process.kill()  # else nothing: its guardian ends what is below
            self.process.wait()
            self.reader.join(90)
        return code

    def programs(self, part: str) -> list[psutil.Process]:
        """Return the live programs below `up` whose command line has ``part``."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in below if part in " ".join(_command(one))]

    def store_pid(self) -> int:
        """Return the process id of the embedded server."""
        with start_server(self.data_dir) as server:
            pid = server.process_id()
        assert pid is not None
        return pid


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []  # it has just ended


def alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
