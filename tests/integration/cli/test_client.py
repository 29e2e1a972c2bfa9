"""The commands' client against a toy server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from werkzeug.formparser import parse_form_data

from queueapp.cli.client import ApiError, Client

PROBLEM = {
    "title": "Bad Request",
    "detail": "The request is not valid.",
    "errors": [{"field": "/jobName", "message": "It is required."}],
}


class Toy(BaseHTTPRequestHandler):
    """Echoes what it was sent, or fails as the path asks."""

    def do_GET(self) -> None:
        if self.path == "/problem":
            self._answer(400, json.dumps(PROBLEM).encode())
        elif self.path == "/broken":
            self._answer(502, b"<html>")
        elif self.path == "/file":
            self._answer(200, b"bytes", key=self.headers.get("Authorization", "none"))
        else:
            self._answer(200, json.dumps({"key": self.headers["Authorization"]}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(202, body)

    def do_PUT(self) -> None:
        environ = {
            "wsgi.input": self.rfile,
            "CONTENT_LENGTH": self.headers["Content-Length"],
            "CONTENT_TYPE": self.headers["Content-Type"],
            "REQUEST_METHOD": "PUT",
        }
        _, form, files = parse_form_data(environ)
        file = files["file"]
        found = {**form, "file": [file.filename, file.mimetype, len(file.read())]}
        file.close()
        self._answer(201, json.dumps(found).encode())

    def _answer(self, status: int, body: bytes, key: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Seen", key)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a running toy server, in a world with a proxy that leads nowhere."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Toy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Client(f"http://127.0.0.1:{server.server_port}", "secret")
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_key_is_sent(client: Client) -> None:
    """Each request carries the key as a bearer."""
    assert {"key": "Bearer secret"} == client.get("/x")


def test_a_body_is_sent_as_json(client: Client) -> None:
    """A POST sends its body and returns the answer's."""
    assert {"ä": [1]} == client.post("/x", {"ä": [1]})


def test_a_file_is_sent_with_its_fields(client: Client, tmp_path: Path) -> None:
    """An upload is a form with the fields and the file, whatever its size."""
    file = tmp_path / "log.csv"
    file.write_bytes(b"a,b\r\n" * 100_000)
    answer = client.upload("/x", file, {"name": "Ä log", "caseId": "case"}, "text/csv")

    assert {
        "name": "Ä log",
        "caseId": "case",
        "file": ["log.csv", "text/csv", 500_000],
    } == answer


def test_a_file_is_saved_whole(client: Client, tmp_path: Path) -> None:
    """A download replaces the file of that name and leaves no part behind."""
    (tmp_path / "report").write_bytes(b"old and longer")
    client.download("/file", tmp_path / "report")

    assert b"bytes" == (tmp_path / "report").read_bytes()
    assert 1 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/problem", 400, "400 The request is not valid.; /jobName: It is required."),
        ("/broken", 502, "502 Bad Gateway"),
    ],
)
def test_a_refusal_is_told_in_its_own_words(
    client: Client, path: str, status: int, text: str
) -> None:
    """A problem's detail and fields are shown; an answer of another kind by its status."""
    with pytest.raises(ApiError) as refused:
        client.get(path)

    assert (status, text) == (refused.value.status, str(refused.value))


def test_silence_is_told() -> None:
    """A server that is not there gives an error that names its address."""
    with pytest.raises(ApiError, match=r"127\.0\.0\.1:9 does not answer"):
        Client("http://127.0.0.1:9", "secret").get("/x")
