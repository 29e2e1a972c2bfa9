"""Packets between processes that come and go."""

import socket

import pytest

from queueapp.runner import packets


@pytest.mark.parametrize("last_words", [b"", b"done"])
def test_last_words_are_heard_although_something_was_left_unread(last_words: bytes) -> None:
    """The kernel calls that a reset, and tells it first."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            ours.send(b"never read")
            if last_words:
                theirs.send(last_words)

        assert [last_words, b""] == [packets.heard(ours, 100) for _ in range(2)]


def test_a_message_is_received_from_one_who_has_left() -> None:
    """In one piece or several; then there is nobody."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    told = {"text": "x" * packets.PIECE_MAX}
    with ours:
        with theirs:
            ours.send(b"never read")
            packets.send(theirs, told)

        assert [told, None] == [packets.receive(ours) for _ in range(2)]
