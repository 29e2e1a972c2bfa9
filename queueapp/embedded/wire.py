"""Three words of the server's protocol over its socket, so that this room needs no client library.

The server room calls it to learn whether a server answers and to end it; nobody sends data here.
"""

import socket
from enum import Enum, auto
from pathlib import Path


class Answer(Enum):
    """What a server said to a ping."""

    READY = auto()
    LOADING = auto()
    SILENT = auto()


def ping(path: Path, timeout_s: float = 2.0) -> Answer:
    """Ask whether a server is there and has read its data."""
    try:
        reply = _ask(path, b"PING\r\n", timeout_s)
    except OSError:
        return Answer.SILENT
    if reply.startswith(b"+PONG"):
        return Answer.READY
    return Answer.LOADING if reply.startswith(b"-LOADING") else Answer.SILENT


def process_id(path: Path, timeout_s: float = 2.0) -> int | None:
    """Return the server's process id as it states it itself."""
    try:
        reply = _ask(path, b"INFO server\r\n", timeout_s)
    except OSError:
        return None
    for line in reply.splitlines():
        name, _, value = line.partition(b":")
        if name == b"process_id":
            return int(value)
    return None


def shut_down(path: Path, timeout_s: float = 2.0) -> None:
    """Ask the server to write everything and end; it closes the connection instead of answering."""
    try:
        _ask(path, b"SHUTDOWN\r\n", timeout_s)
    except OSError:
        return


def _ask(path: Path, request: bytes, timeout_s: float) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
        connection.sendall(request)
        return connection.recv(65_536)
