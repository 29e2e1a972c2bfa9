"""Requests that the web server refuses before the application sees them."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """The address of a web server with our settings and an application without routes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "gunicorn", "-c", "python:queueapp.web.server"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "critical"]
        server = subprocess.Popen([*command, "flask:Flask('x')"], pass_fds=[listener.fileno()])
        try:
            yield listener.getsockname()
        finally:
            server.terminate()
            server.wait()


def answered(address: tuple[str, int], request: bytes) -> tuple[int, str, bytes]:
    """Send bytes and return the status, the content type and the body."""
    with socket.create_connection(address, timeout=90) as connection:
        connection.sendall(request)
        whole = b""
        while block := connection.recv(65_536):
            whole += block
    head, _, body = whole.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    kind = next(line for line in lines if line.lower().startswith("content-type:"))
    return int(lines[0].split()[1]), kind.partition(": ")[2], body


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 9_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
        (b"nonsense\r\n\r\n", 400, "validation_failed"),
        (b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400, "validation_failed"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "validation_failed"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_problem(
    address: tuple[str, int], request_: bytes, status: int, code: str
) -> None:
    """Clients that expect JSON of every error get it, whoever refuses."""
    got, kind, body = answered(address, request_)
    problem = json.loads(body)

    assert (status, "application/problem+json") == (got, kind)
    assert (status, code) == (problem["status"], problem["code"])
    assert problem["detail"]


def test_a_query_of_six_thousand_characters_arrives(address: tuple[str, int]) -> None:
    """The longest reason in the longest spelling reaches the application."""
    query = b"%F0%9F%98%80" * 500
    request = b"GET /?reason=" + query + b" HTTP/1.1\r\nConnection: close\r\n\r\n"

    assert answered(address, request)[0] == 404
