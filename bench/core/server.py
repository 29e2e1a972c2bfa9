"""A real server for the measurements: the embedded binary or one on the PATH, nothing saved.

Every setting is the server's default, unless a measurement is about a setting.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis

from queueapp.embedded import find_binary


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    name: str
    client: Any

    def cpu_s(self) -> float:
        """Return the CPU time the server has used."""
        info = self.client.info("cpu")
        return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])

    def memory(self) -> int:
        """Return the bytes that the server has allocated."""
        return int(self.client.info("memory")["used_memory"])

    def median_us(self, command: str) -> float:
        """Return the median microseconds of a command's calls since the last reset.

        A mean would carry each time that the server had to wait for the processor.
        """
        found = self.client.info("latencystats")[f"latency_percentiles_usec_{command}"]
        return float(found["p50"])

    def reset(self) -> None:
        """Begin to count commands anew."""
        self.client.config_resetstat()


@contextmanager
def running_server(*, core: int | None = None, **settings: str) -> Iterator[Server]:
    """Run a server on a free port of this machine for the length of a ``with``.

    core is where all of it must run; otherwise the kernel places it.
    """
    binary = find_binary(os.environ)
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        wanted = {"port": str(port), "bind": "127.0.0.1", "save": "", "dir": folder, **settings}
        words = [word for name, value in wanted.items() for word in (f"--{name}", value)]
        process = subprocess.Popen([binary.path, *words], stdout=subprocess.DEVNULL)
        if core is not None:
            os.sched_setaffinity(process.pid, {core})  # before it has other threads
        client = redis.Redis(port=port, decode_responses=True, socket_timeout=60)
        try:
            _wait(client)
            yield Server(f"redis://127.0.0.1:{port}/0", binary.name, client)
        finally:
            client.close()
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(client: Any) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
