"""The whole application behind the real web server: streams, and requests as they come in."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from queueapp.store import Store
from tests.factories import add_worker

KEY = "wire-admin-key"
EVENTS = "/api/t/p/execution/events"
LAST_STREAMS = 4
STREAM = {"Accept": "text/event-stream", "Connection": "close"}


class Server:
    """A web server of its own."""

    def __init__(self, redis_url: str, folder: Path, *options: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        command = [sys.executable, "-m", "gunicorn", "-c", "python:queueapp.web.server"]
        command += ["--bind", f"fd://{self.listener.fileno()}", "--log-level", "error"]
        command += options
        environ = {
            **os.environ,
            "REDIS_URL": redis_url,
            "QUEUEAPP_DATA_DIR": str(folder),
            "QUEUEAPP_ADMIN_KEY": KEY,
            "QUEUEAPP_MAX_STREAMS_PER_KEY": str(LAST_STREAMS),
        }
        self.process = subprocess.Popen(
            [*command, "queueapp.web.server:make_app()"],
            pass_fds=[self.listener.fileno()],
            env=environ,
        )

    def connect(self) -> socket.socket:
        """Return a connection."""
        return socket.create_connection(self.address, timeout=30)

    def stream(self, path: str = EVENTS, *, within_s: float = 5.0) -> socket.socket:
        """Open a stream once there is a place, and return its connection when it has begun."""
        deadline_s = time.monotonic() + within_s
        while True:
            connection = self.connect()
            connection.sendall(request("GET", path, STREAM))
            head = connection.recv(65_536)
            if head.startswith(b"HTTP/1.1 200 "):
                while b"id: " not in head:
                    head += connection.recv(65_536)
                return connection
            connection.close()
            assert head.startswith(b"HTTP/1.1 429 "), head
            assert time.monotonic() < deadline_s, "no place came free"
            time.sleep(0.1)

    def stop(self) -> float:
        """Ask the server to end; return how long that took in seconds."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.listener.close()
        return time.monotonic() - began_s


def request(
    method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return a request as it goes over the wire."""
    length = {"Content-Length": str(len(body))} if body else {}
    all_headers = {"Host": "x", "Authorization": f"Bearer {KEY}", **length, **(headers or {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in all_headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    whole = b""
    while block := connection.recv(65_536):
        whole += block
    return whole


def exchange(server: Server, raw: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes and return the first answer: status, headers in lower case, the rest."""
    with server.connect() as connection:
        connection.sendall(raw)
        whole = read_all(connection)
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split()[1]), headers, body


@pytest.fixture(scope="module")
def server(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for most tests; they leave no stream open."""
    running = Server(redis_url, tmp_path_factory.mktemp("wire"))
    yield running
    running.stop()


def test_an_event_arrives_at_once_over_the_wire(server: Server, store: Store) -> None:
    """In a chunk of its own, within a fraction of a second."""
    add_worker(store)
    body = json.dumps({"jobName": "x", "jobType": "Sleep"}).encode()
    kind = {"Content-Type": "application/json", "Connection": "close"}
    with server.stream() as stream:
        status, _, raw = exchange(server, request("POST", "/api/t/p/execution/job", kind, body))
        assert 202 == status, raw
        began_s = time.monotonic()
        told = stream.recv(65_536).decode()

        assert "event: submitted\ndata: {" in told
        assert time.monotonic() - began_s < 1


def test_a_client_that_leaves_frees_its_place(server: Server, store: Store) -> None:
    """Within about a second, without waiting for a heartbeat to fail."""
    for _ in range(2):
        opened = [server.stream() for _ in range(LAST_STREAMS)]
        assert 429 == exchange(server, request("GET", EVENTS, STREAM))[0]
        for connection in opened:
            connection.close()


def connections_of_web(store: Store) -> int:
    """Return how many connections web processes have to the store."""
    return [one["name"] for one in store.client.client_list()].count("queueapp-web")


def test_streams_do_not_hold_up_a_stop(redis_url: str, store: Store, tmp_path: Path) -> None:
    """SIGTERM ends them, whatever their clients do; until then all share few connections."""
    others = connections_of_web(store)
    server = Server(redis_url, tmp_path)
    connections = [server.stream() for _ in range(LAST_STREAMS)]
    opened = connections_of_web(store) - others
    took_s = server.stop()
    last = [read_all(one) for one in connections]
    for one in connections:
        one.close()

    assert [b"0\r\n\r\n"] * LAST_STREAMS == [text[-5:] for text in last]
    assert took_s < 4
    assert 1 <= opened <= 4


def test_a_slow_client_is_not_waited_for(redis_url: str, store: Store, tmp_path: Path) -> None:
    """Half a request, or half a body, holds a thread for a bounded time; a stream goes on."""
    worker = "tests.integration.web.hasty.HastyWorker"
    server = Server(redis_url, tmp_path, "--worker-class", worker)
    half = request("POST", "/api/t/p/execution/job", {"Content-Type": "application/json"}, b"{}")
    with server.stream() as stream, server.connect() as silent, server.connect() as slow:
        silent.sendall(half[:40])
        slow.sendall(half[:-1])
        assert b"" == read_all(silent)
        assert read_all(slow).startswith(b"HTTP/1.1 400 ")
        stream.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stream.recv(1)
    server.stop()
