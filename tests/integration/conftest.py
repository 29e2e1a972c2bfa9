"""A bucket server that speaks S3, for all tests that need one."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[dict[str, str]]:
    """Run a server that speaks S3, or skip with the reason."""
    program = Path(sys.executable).with_name("moto_server")
    if not program.exists():
        reason = "moto[server] is not installed, so there is no bucket to test with"
        if os.environ.get("QUEUEAPP_TEST_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        create_bucket(server, address)
        yield {**KEYS, "AWS_ENDPOINT_URL": address}
    finally:
        server.terminate()
        server.wait()


def create_bucket(server: subprocess.Popen[bytes], address: str) -> None:
    """Create the bucket as soon as the server answers."""
    deadline = time.monotonic() + 60
    while True:
        request = urllib.request.Request(f"{address}/bucket", method="PUT")
        try:
            urllib.request.urlopen(request, timeout=10).close()
            return
        except OSError:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
