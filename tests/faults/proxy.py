"""A proxy between clients and the store that misbehaves on purpose, one fault at a time.

Tests put its address where a store's address belongs. It reads the protocol well enough to know
where one answer ends, so that each answer can be lost by itself: the command was executed.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

CHUNK = 1 << 16
TICK_S = 0.02
# What a client says to make a connection; losing those answers is no fault of a journey's.
GREETINGS = frozenset({b"HELLO", b"CLIENT", b"AUTH", b"SELECT"})
_ONE_PART = b"$=!"
_LISTS = b"*~>"
_PAIRS = b"%|"


class Weather(Enum):
    """What happens to the bytes that pass."""

    FAIR = auto()
    BLACKHOLE = auto()  # connections stay open and nothing passes; it arrives late
    REFUSE = auto()  # every connection is closed, a new one at once


class Replies:
    """Cuts a stream of the server's protocol into whole values."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return the values that are whole now."""
        self._rest += data
        found, at = [], 0
        while (end := _end(self._rest, at)) is not None:
            found.append(self._rest[at:end])
            at = end
        self._rest = self._rest[at:]
        return found


def _end(data: bytes, at: int) -> int | None:
    """Return where the value that begins at ``at`` ends, None while it is not whole."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, start = data[at : at + 1], line + 2
    if kind in _ONE_PART:
        length = int(data[at + 1 : line])
        end = start if length < 0 else start + length + 2
        return end if end <= len(data) else None
    if kind in _LISTS or kind in _PAIRS:
        count = int(data[at + 1 : line])
        return _end_of_many(data, start, count * (2 if kind in _PAIRS else 1) + (kind == b"|"))
    return start


def _end_of_many(data: bytes, at: int, count: int) -> int | None:
    for _ in range(count):
        end = _end(data, at)
        if end is None:
            return None
        at = end
    return at


def _command(request: bytes) -> bytes:
    """Return the name of the command in a whole request."""
    return request.split(b"\r\n", 3)[2].upper()


class _Link:
    """One client's connection and ours to the server for it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.requests = Replies()
        self.replies = Replies()
        self.asked: deque[bytes] = deque()

    def close(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens on a socket file and passes everything on to the server, as the weather allows."""

    def __init__(self, listen: Path, target: str) -> None:
        self._path = listen
        self._target = target
        self._lock = threading.Lock()
        self._weather = Weather.FAIR
        self._delay_s = 0.0
        self._pass_first = 0
        self._to_cut = 0
        self._links: set[_Link] = set()
        self._over = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(listen))
        self._listener.listen(64)
        self._listener.settimeout(TICK_S)
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to give to a client."""
        return f"unix://{self._path}"

    # -- the faults -------------------------------------------------------------------------

    def become(self, weather: Weather) -> None:
        """Change the weather for all connections, present and future."""
        with self._lock:
            self._weather = weather
            links = list(self._links) if weather is Weather.REFUSE else []
        for link in links:
            link.close()

    def delay(self, seconds: float) -> None:
        """Hold back each piece of an answer for so long; 0 ends it."""
        self._delay_s = seconds

    def cut_reply(self, k: int, *, times: int = 1) -> None:
        """Lose the k-th answer from now on, from 1, and the ``times - 1`` after it.

        The connection ends in place of each. Answers to greetings are neither counted nor lost.
        """
        with self._lock:
            self._pass_first, self._to_cut = k - 1, times

    def mend(self) -> int:
        """Lose no further answers; return how many were still to be lost."""
        with self._lock:
            left, self._to_cut = self._to_cut, 0
        return left

    # -- the machinery ------------------------------------------------------------------------

    def close(self) -> None:
        """End every connection."""
        self._over.set()
        self._thread.join()
        self._listener.close()
        with self._lock:
            links = list(self._links)
        for link in links:
            link.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setblocking(True)
        try:
            if self._weather is Weather.REFUSE:
                raise ConnectionRefusedError
            server = _connected(self._target)
        except OSError:
            client.close()
            return
        link = _Link(client, server)
        with self._lock:
            self._links.add(link)
        try:
            self._carry(link)
        except (OSError, ValueError):
            return  # one end has gone, or the weather has closed it
        finally:
            with self._lock:
                self._links.discard(link)
            link.close()

    def _carry(self, link: _Link) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(link.client, selectors.EVENT_READ)
            ready.register(link.server, selectors.EVENT_READ)
            while not self._over.is_set():
                if self._is_dark():
                    self._over.wait(TICK_S)
                    continue
                for key, _ in ready.select(TICK_S):
                    if self._is_dark():
                        break
                    done = self._up(link) if key.fileobj is link.client else self._down(link)
                    if done:
                        return

    def _is_dark(self) -> bool:
        return self._weather is Weather.BLACKHOLE

    def _up(self, link: _Link) -> bool:
        data = link.client.recv(CHUNK)
        if not data:
            return True
        link.asked.extend(_command(request) for request in link.requests.feed(data))
        link.server.sendall(data)
        return False

    def _down(self, link: _Link) -> bool:
        data = link.server.recv(CHUNK)
        if not data:
            return True
        if self._delay_s:
            time.sleep(self._delay_s)
        for reply in link.replies.feed(data):
            if not reply.startswith(b">") and self._is_lost(link.asked.popleft()):
                return True
            link.client.sendall(reply)
        return False

    def _is_lost(self, command: bytes) -> bool:
        if command in GREETINGS:
            return False
        with self._lock:
            if self._pass_first > 0:
                self._pass_first -= 1
                return False
            if self._to_cut > 0:
                self._to_cut -= 1
                return True
        return False


def _connected(target: str) -> socket.socket:
    parts = urlsplit(target)
    if parts.scheme == "unix":
        found = socket.socket(socket.AF_UNIX)
        try:
            found.connect(unquote(parts.path))
        except OSError:
            found.close()
            raise
        return found
    return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379))
