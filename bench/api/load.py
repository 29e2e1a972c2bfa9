"""Sends requests over kept connections as cheaply as Python can: it must not be the limit."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.api.web import KEY

Make = Callable[[], bytes]


def request(method: str, path: str, body: Any = None) -> bytes:
    """Return a request as it goes over the wire."""
    raw = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


class Caller:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, raw: bytes) -> bytes:
        """Send a request and return the answer's body. Raises: RuntimeError unless it is 2xx."""
        self._socket.sendall(raw)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        parts, have = [body], len(body)
        while have < length:
            parts.append(self._more())
            have += len(parts[-1])
        if head[9:10] != b"2":
            raise RuntimeError(b"".join([head, *parts]).decode())
        return b"".join(parts)

    def _more(self) -> bytes:
        got = self._socket.recv(1 << 18)
        if not got:
            raise RuntimeError("The connection was closed.")
        return got

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def block(port: int, make: Make, *, calls: int, clients: int) -> float:
    """Make calls from several clients at once; return the seconds that it took."""
    callers = [Caller(port) for _ in range(clients)]
    share = calls // clients

    def work(caller: Caller) -> None:
        for _ in range(share):
            caller.call(make())

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        for _ in threads.map(work, callers):
            pass  # an error in a client's thread is raised here
    taken = time.perf_counter() - began
    for caller in callers:
        caller.close()
    return taken


def latencies(port: int, make: Make, *, calls: int) -> list[float]:
    """Return the milliseconds of calls, one after the other."""
    caller, taken = Caller(port), []
    for _ in range(calls):
        raw = make()
        began = time.perf_counter()
        caller.call(raw)
        taken.append((time.perf_counter() - began) * 1000)
    caller.close()
    return taken
