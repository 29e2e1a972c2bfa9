"""A web process as in production (gunicorn with our settings), and what it has used of the CPU."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
KEY = "bench-admin-key"
SETTINGS = "python:queueapp.web.server"


@dataclass(frozen=True)
class Web:
    """A running web process."""

    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Return the CPU time that it and its workers have used."""
        family = [self.process, *self.process.children(recursive=True)]
        times = [one.cpu_times() for one in family]
        return sum(one.user + one.system for one in times)


@contextmanager
def serving(application: str, **environ: str) -> Iterator[Web]:
    """Serve an application on a free port for the length of a ``with``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "-c", SETTINGS, "--log-level", "error"),
                *("-b", f"127.0.0.1:{port}", application),
            ],
            env={**os.environ, **_settings(folder), **environ},
            cwd=ROOT,
        )
        try:
            _wait(port)
            yield Web(port, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(40)


def _settings(folder: str) -> dict[str, str]:
    return {
        "QUEUEAPP_DATA_DIR": folder,
        "QUEUEAPP_ADMIN_KEY": KEY,
        "QUEUEAPP_SECRET_KEY": "bench",
        "QUEUEAPP_REQUESTS_PER_MINUTE": "0",
        "QUEUEAPP_MAX_QUEUED_JOBS": "100000000",
    }


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The web process did not start.")
