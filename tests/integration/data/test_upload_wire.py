"""Uploads over a real connection: cut off, too large, in chunks; and a journey with a bucket."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.integration.data.wire import LOG, Api
from tests.waiting import eventually

HEAD = b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="log.csv"\r\n\r\n'
TAIL = b"\r\n--boundary--\r\n"
MB = 1 << 20


def serve(api: Api) -> Iterator[int]:
    """Serve the app on a free port."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def port(api: Api) -> Iterator[int]:
    """The port of a server with the usual settings."""
    yield from serve(api)


@pytest.fixture
def small(make_api: Callable[..., Api]) -> Api:
    """An API that takes files of one MiB."""
    return make_api(max_upload_mb=1)


@pytest.fixture
def small_port(small: Api) -> Iterator[int]:
    """The port of a server that takes files of one MiB."""
    yield from serve(small)


def start(api: Api, port: int, length: str) -> socket.socket:
    """Open a connection and send the head of an upload."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=90)
    connection.sendall(
        b"PUT /api/acme/sales/datasets/d HTTP/1.1\r\nHost: x\r\n"
        + f"Authorization: Bearer {api.token}\r\n{length}\r\n".encode()
        + b"Content-Type: multipart/form-data; boundary=boundary\r\n\r\n"
    )
    return connection


def answered(connection: socket.socket) -> tuple[int, bytes]:
    """Read the answer's status and body."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_an_upload_that_is_cut_off_leaves_nothing(api: Api, port: int) -> None:
    """The sender dies half-way: no key, no object, no file."""
    before = api.left()
    connection = start(api, port, f"Content-Length: {64 * MB}")
    connection.sendall(HEAD + b"x" * (8 * MB))
    eventually(lambda: len(api.left()[2]) == 1)
    connection.close()

    eventually(lambda: api.left()[2] == [])
    assert api.left() == before


def test_a_declared_length_is_refused_before_the_body(small: Api, small_port: int) -> None:
    """413 comes at once; not a byte of the file is waited for."""
    before = small.left()
    with start(small, small_port, f"Content-Length: {10 << 30}") as connection:
        status, body = answered(connection)

    assert status == 413
    assert b"payload_too_large" in body
    assert small.left() == before


def test_chunks_beyond_the_limit_are_refused(small: Api, small_port: int) -> None:
    """Without a declared length the limit holds as well."""
    before = small.left()
    with start(small, small_port, "Transfer-Encoding: chunked") as connection:
        connection.sendall(chunk(HEAD) + chunk(b"x" * (MB + 100)))
        connection.sendall(chunk(TAIL) + b"0\r\n\r\n")
        status, _ = answered(connection)

    assert status == 413
    assert small.left() == before


def test_an_upload_may_come_in_chunks(api: Api, port: int) -> None:
    """Senders need not know the length."""
    fields = "".join(
        f'--boundary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("caseId", "case"), ("activityName", "act"), ("activityTime", "at"))
    )
    with start(api, port, "Transfer-Encoding: chunked") as connection:
        for piece in (fields.encode(), HEAD, LOG[:50], LOG[50:], TAIL):
            connection.sendall(chunk(piece))
        connection.sendall(b"0\r\n\r\n")
        status, body = answered(connection)

    assert (status, b'"rows":4' in body) == (201, True)


def test_a_file_that_a_killed_process_left_is_swept(api: Api) -> None:
    """The next upload deletes it; files still being written stay."""
    import fcntl

    folder = api.data_dir / "uploads"
    folder.mkdir()
    (folder / "dead.upload").write_bytes(b"x")
    with (folder / "alive.upload").open("wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        api.upload()

        assert [path.name for path in folder.glob("*")] == ["alive.upload"]


def test_a_journey_with_a_bucket(
    make_api: Callable[..., Api],
    bucket_server: dict[str, str],  # the fixture of that name
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    """Put, read, replace and delete work on a bucket as on a disk."""
    for name, value in bucket_server.items():
        monkeypatch.setenv(name, value)
    api = make_api(objects_url=f"s3://bucket/{tmp_path.name}")
    first = api.upload()
    _, objects, _ = api.left()
    stored = b"".join(api.app.extensions["queueapp"].objects.read(next(iter(objects))))
    second = api.upload(LOG + b"3,x,2024-01-01,y\n")

    assert (first.status_code, second.status_code) == (201, 200)
    assert stored == LOG
    assert len(api.left()[1]) == 1
    assert api.call("DELETE", "datasets/d").status_code == 204
    assert api.left()[1] == set()
