"""JSON messages over a packet socket, in pieces where they are long.

Spoken by a job, the keeper and the processes that it keeps; a worker hears its zygote's packets by
it. Blocks; knows nothing of what is said.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PIECE_MAX = 100_000  # bytes
PACKET_MAX = PIECE_MAX + 1  # must fit into the kernel's buffer as a whole
MORE, LAST = b"+", b"."

Message = dict[str, Any]


def send(to: socket.socket, message: Message) -> None:
    """Send a message. Raises: OSError when nobody is there any more."""
    data = json.dumps(message, default=str).encode()
    for start in range(0, len(data), PIECE_MAX):
        end = start + PIECE_MAX
        to.send((LAST if end >= len(data) else MORE) + data[start:end])


def receive(source: socket.socket) -> Message | None:
    """Wait for a message and return it; None when the other side is gone."""
    pieces: list[bytes] = []
    while True:
        packet = heard(source, PACKET_MAX)
        if not packet:
            return None
        pieces.append(packet[1:])
        if packet[:1] == LAST:
            message: Message = json.loads(b"".join(pieces))
            return message


def heard(source: socket.socket, most: int) -> bytes:
    """Wait for a packet and return it; nothing when the other side is gone.

    Who leaves with something unread resets the connection. The kernel tells that before it gives
    out what was sent last, and keeps it for whoever asks again.
    """
    for _ in range(2):
        try:
            return source.recv(most)
        except ConnectionError:
            continue
    return b""


def read(packet: bytes) -> Message | None:
    """Return the message that one packet holds; None when it holds none."""
    if packet[:1] != LAST:
        return None
    try:
        message = json.loads(packet[1:])
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def connect(address: Path) -> socket.socket:
    """Connect to whoever listens at an address. Raises: OSError when nobody does."""
    to = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with short(address) as path:
            to.connect(path)
    except OSError:
        to.close()
        raise
    return to


@contextmanager
def short(address: Path) -> Iterator[str]:
    """Name a socket by its open folder: the kernel takes 107 bytes of a path at the most."""
    folder = os.open(address.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{address.name}"
    finally:
        os.close(folder)
