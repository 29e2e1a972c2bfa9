"""How long a client may take to send a request: a slow one holds a thread of the web server.

The web worker notes each connection that is read from and looks once a second who is overdue.
What a view does after the body was read is not limited here.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

#: Seconds for the line and the headers, and at least that for a body.
HEAD_S = 20.0
BODY_S = 30.0
#: A body may take longer if it is large: as if over a line of this many bytes a second.
SLOWEST_BYTES_S = 16_384


class Deadlines:
    """The connections that are being read from, each with the time by which that must end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until_s: dict[socket.socket, float] = {}

    @contextlib.contextmanager
    def reading(self, connection: socket.socket) -> Iterator[None]:
        """Give a connection its time for the headers, within a block."""
        self.allow(connection, HEAD_S)
        try:
            yield
        finally:
            self.allow(connection, None)

    def allow(self, connection: socket.socket, span_s: float | None) -> None:
        """Give a connection so much time from now on; None is any."""
        with self._lock:
            self._until_s.pop(connection, None)
            if span_s is not None:
                self._until_s[connection] = self._clock() + span_s

    def enforce(self) -> int:
        """Read no more from who is overdue; return how many those were."""
        now_s = self._clock()
        with self._lock:
            overdue = [one for one, until_s in self._until_s.items() if until_s <= now_s]
            for connection in overdue:
                del self._until_s[connection]
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        return len(overdue)


def body_span(headers: Sequence[tuple[str, str]]) -> float | None:
    """Return the seconds that a request may take to send its body; None when it has none."""
    found = {name.upper(): value for name, value in headers}
    if "TRANSFER-ENCODING" in found:
        return None if found.get("CONTENT-TYPE", "").startswith("multipart/") else BODY_S * 3
    length = found.get("CONTENT-LENGTH", "0")
    if not length.isdigit() or int(length) == 0:
        return None
    return BODY_S + int(length) / SLOWEST_BYTES_S
