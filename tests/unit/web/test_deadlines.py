"""A client's time to send a request is bounded, and depends on how much it sends."""

import socket

import pytest

from queueapp.web.deadlines import BODY_S, HEAD_S, Deadlines, body_span


def test_who_is_overdue_is_read_from_no_more() -> None:
    """From the deadline on, once; who was let go on, or has finished, is left alone."""
    now_s = 100.0
    deadlines = Deadlines(lambda: now_s)
    pairs = [socket.socketpair() for _ in range(3)]
    slow, allowed, done = (pair[0] for pair in pairs)
    with deadlines.reading(slow), deadlines.reading(allowed):
        with deadlines.reading(done):
            deadlines.allow(allowed, None)
        now_s += HEAD_S - 0.1
        assert 0 == deadlines.enforce()
        now_s += 0.1
        assert [1, 0] == [deadlines.enforce(), deadlines.enforce()]
        assert b"" == slow.recv(1)
    for pair, end in zip(pairs[1:], (allowed, done), strict=True):
        pair[1].sendall(b"x")
        assert b"x" == end.recv(1)
    for one in (end for pair in pairs for end in pair):
        one.close()


@pytest.mark.parametrize(
    ("headers", "span_s"),
    [
        ([], None),
        ([("CONTENT-LENGTH", "0")], None),
        ([("CONTENT-LENGTH", "x")], None),
        ([("CONTENT-LENGTH", "16384")], BODY_S + 1),
        ([("Content-Length", "1638400")], BODY_S + 100),
        ([("TRANSFER-ENCODING", "chunked"), ("CONTENT-TYPE", "application/json")], BODY_S * 3),
        ([("TRANSFER-ENCODING", "chunked"), ("CONTENT-TYPE", "multipart/form-data")], None),
    ],
)
def test_a_large_body_gets_more_time(headers: list[tuple[str, str]], span_s: float | None) -> None:
    """None where there is no body, or a file of unknown length."""
    assert span_s == body_span(headers)
