"""A real web server of the product, and requests sent to it byte by byte."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

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
        return socket.create_connection(self.address, timeout=90)

    def stream(self, path: str = EVENTS, *, within_s: float = 60.0) -> socket.socket:
        """Open a stream once there is a place, and return its connection when it has begun."""
        deadline_s = time.monotonic() + within_s
        while True:
            connection = self.connect()
            try:
                connection.sendall(request("GET", path, STREAM))
                head = connection.recv(65_536)
                if head.startswith(b"HTTP/1.1 200 "):
                    while b"id: " not in head:
                        head += connection.recv(65_536)
                    return connection
            except OSError:
                connection.close()
                raise
            connection.close()
            assert head.startswith(b"HTTP/1.1 429 "), head
            assert time.monotonic() < deadline_s, "no place came free"
            time.sleep(0.1)

    def stop(self) -> float:
        """Ask the server to end; return how long that took in seconds."""
        began_s = time.monotonic()
        try:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
            self.listener.close()
        return time.monotonic() - began_s

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


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
