"""Requests that bend or break HTTP, over the wire: none is a 500, and none says too much."""

import json
import re

import pytest

from queueapp.store import Store
from tests.factories import add_worker
from tests.integration.web.wire import KEY, Server, exchange, read_all

SUBMIT = b"POST /api/t/p/execution/job HTTP/1.1\r\n"
JOBS = "/api/t/p/execution/jobs"
HEAD = b"Host: x\r\nAuthorization: Bearer " + KEY.encode() + b"\r\n"
TYPED = HEAD + b"Content-Type: application/json\r\n"
UNDERSCORED = b"X_API_KEY: " + KEY.encode() + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"Connection: close\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


def get(path: bytes, more: bytes = b"", version: bytes = b"1.1") -> bytes:
    """Return a GET with a key as it goes over the wire."""
    return b"GET " + path + b" HTTP/" + version + b"\r\n" + HEAD + more + LAST


BAD_BODIES = {
    "no hexadecimal size": SUBMIT + TYPED + CHUNKED + b"\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "no end of a chunk": SUBMIT + TYPED + CHUNKED + b"\r\n2\r\n{}XX0\r\n\r\n",
    "a length and chunks": SUBMIT + TYPED + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n2\r\n{}\r\n",
    "two lengths": SUBMIT + TYPED + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": SUBMIT + TYPED + b"Content-Length: -2\r\n\r\n{}",
    "a length with a sign": SUBMIT + TYPED + b"Content-Length: +2\r\n\r\n{}",
    "two codings": SUBMIT + TYPED + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "compressed chunks": SUBMIT + TYPED + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a blank in a name": SUBMIT + TYPED + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("raw", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_of_unclear_length_is_refused(server: Server, store: Store, raw: bytes) -> None:
    """Nothing after it is taken for another request: there is one answer, and the end."""
    smuggled = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(raw + smuggled)
        whole = read_all(connection)

    assert [b"400"] == STATUS.findall(whole)
    assert b'"code":' in whole.replace(b": ", b":")
    assert [] == store.client.keys("*:j:*")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (SUBMIT + TYPED + b"Transfer-Encoding: xchunked\r\n\r\n{}", 501),
        (SUBMIT + TYPED + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}", 417),
        (b"GET /livez HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nA: a\x00b\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
        (b"get /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://[::1/api HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /api/\xff/p HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT x:80 HTTP/1.1\r\n" + HEAD + LAST, 404),
        (b"OPTIONS * HTTP/1.1\r\n" + HEAD + LAST, 404),
        (b"TRACE /livez HTTP/1.1\r\n" + HEAD + LAST, 405),
        (b"GET /api/t/p/execution/jobs HTTP/1.1\r\n" + UNDERSCORED + LAST, 401),
        (get(b"/api/%ff/p/execution/jobs"), 400),
        (get(b"/api/t/p/execution/jobs?submittedBy=%ed%a0%80"), 400),
        (get(b"/api/t/p/execution/jobs?page=1&page=1"), 400),
        (get(b"/api/t/p/execution/jobs/"), 404),
        (get(b"/api/t/../p/execution/jobs"), 404),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_a_problem(server: Server, raw: bytes, status: int) -> None:
    """With its status and a code, whoever refuses, and without a word about our insides."""
    got, headers, body = exchange(server, raw)

    assert (status, "application/problem+json") == (got, headers["content-type"])
    assert status == json.loads(body)["status"]
    assert not re.search(rb"Traceback|gunicorn|werkzeug|site-packages|\.py", body)


@pytest.mark.parametrize(
    "raw",
    [
        get(JOBS.encode(), version=b"1.0"),
        b"GET /livez HTTP/1.0\r\n\r\n",
        get(b"http://elsewhere.example" + JOBS.encode()),
        get(b"/api/%7BtenantId%7D/%7BprojectId%7D/execution/jobs"),
        get(b"/api/%zz/p/execution/jobs"),
        get(JOBS.encode() + b"?dateFrom=2024-01-20T10:30:00"),
        get(JOBS.encode() + b"?dateFrom=2024-01-20T10:30:00+08:00"),
        get(JOBS.encode() + b"?dateTo=2024-01-20T10:30:00.123456"),
        get(b"/livez", b"Content-Length: 2\r\n") + b"{}",
        get(b"/livez", b"X-Request-Id: \xe9\xff\r\n"),
        get(b"/livez", b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        get(b"/livez", b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n"),
    ],
)
def test_what_is_only_odd_is_served(server: Server, raw: bytes) -> None:
    """Old versions, absolute addresses, templates that nobody filled in, times without a zone."""
    status, headers, body = exchange(server, raw)

    assert 200 == status
    assert b"evil" not in body
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", headers["x-request-id"])


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    """A body that nobody read is not taken for the next request."""
    unread = (
        SUBMIT + HEAD + b"Content-Type: text/plain\r\nContent-Length: 16\r\n\r\nGET / HTTP/1.1\r\n"
    )
    with server.connect() as connection:
        connection.sendall(unread + get(b"/livez"))
        whole = read_all(connection)

    assert [b"415", b"200"] == STATUS.findall(whole)


def test_a_body_may_be_announced(server: Server, store: Store) -> None:
    """Expect: 100-continue is answered, then the request; a body in chunks is a body."""
    add_worker(store)
    body = b'{"jobName":"x","jobType":"Sleep"}'
    length = b"Content-Length: %d\r\n" % len(body)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    seen = []
    for more, sent in ((length, body), (CHUNKED, chunks)):
        with server.connect() as connection:
            connection.sendall(SUBMIT + TYPED + b"Expect: 100-continue\r\n" + more + LAST)
            first = connection.recv(1_000)
            connection.sendall(sent)
            seen.append(STATUS.findall(first + read_all(connection)))

    assert [[b"100", b"202"]] * 2 == seen


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"reason":"x"}'])
def test_a_delete_may_have_a_body_or_none(server: Server, store: Store, body: bytes) -> None:
    """Some clients cannot send one, some send the literal null, with and without a type."""
    add_worker(store)
    submitted = b'{"jobName":"x","jobType":"Sleep"}'
    _, _, raw = exchange(
        server, SUBMIT + TYPED + b"Content-Length: %d\r\n" % len(submitted) + LAST + submitted
    )
    path = f"/api/t/p/execution/job/{json.loads(raw)['jobId']}".encode()
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    status, _, _ = exchange(
        server, b"DELETE " + path + b" HTTP/1.1\r\n" + HEAD + length + LAST + body
    )

    assert 200 == status
