"""Event streams that are open: how many may be, what goes over one, and how each of them ends.

A stream holds a thread of the web server for as long as it lasts, so there are places for a
bounded number, beside the threads for other requests. Waiting polls take such a place too.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app

from queueapp.api.event_answer import event_row
from queueapp.api.responses import json_bytes
from queueapp.domain.errors import TooManyStreams, Unavailable
from queueapp.domain.events import Event, EventFilter, place_of
from queueapp.domain.scope import Scope
from queueapp.engine.feed import EventFeed, Subscription

EXTENSION = "queueapp-streams"
HEARTBEAT_S = 15.0
# How soon a stream notices that its client left or that the server stops.
LOOK_S = 0.5
PROGRESS_GAP_S = 1.0
RETRY_MS = 3_000
BACKLOG_PAGE = 500


class Streams:
    """The places for streams of one process."""

    def __init__(self, most: int, most_per_key: int) -> None:
        self._most, self._most_per_key = most, most_per_key
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()
        #: Set when the server stops: every stream ends. A plain flag, for a signal handler sets it.
        self.closing = False

    def enter(self, key_id: str) -> Callable[[], None]:
        """Take a place for a key; return what gives it back, once.

        Raises: TooManyStreams for the key, Unavailable when the process has no place.
        """
        with self._lock:
            if self._open[key_id] >= self._most_per_key:
                raise TooManyStreams(f"The key has {self._most_per_key} streams open already.")
            if self.closing or self._open.total() >= self._most:
                raise Unavailable("This server has no place for another event stream.")
            self._open[key_id] += 1
        left = threading.Event()

        def leave() -> None:
            with self._lock:
                if not left.is_set():
                    left.set()
                    self._open[key_id] -= 1
                    self._open += Counter()  # drops the keys that have none

        return leave

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """Take a place for the time of a block. Raises: as ``enter``."""
        leave = self.enter(key_id)
        try:
            yield
        finally:
            leave()

    @property
    def open(self) -> int:
        """How many are open."""
        return self._open.total()


@dataclass
class EventStream:
    """One stream of events to one client; iterate over it once."""

    feed: EventFeed
    listener: Subscription
    scope: Scope
    wanted: EventFilter
    #: The newest fact that the client has: those after it are told first.
    place: str
    still_allowed: Callable[[], bool]
    closing: Callable[[], bool]
    connection: socket.socket | None = None
    _progress: dict[str, Event] = field(default_factory=dict)
    _progress_due_s: float = 0.0

    def __iter__(self) -> Iterator[bytes]:
        """Yield what is sent, until the client leaves, falls behind or the server stops."""
        with self.listener as listener:
            # Frees the thread when it is stuck in sending to a client that does not read.
            listener.on_overrun = lambda: self._shut(socket.SHUT_RDWR)
            yield b"retry: %d\nid: %s\n\n" % (RETRY_MS, self.place.encode())
            # Without the store nothing can be told: the client comes back, and on from its place.
            with contextlib.suppress(Unavailable):
                yield from self._backlog()
                yield from self._news(listener)
        # The web server waits for clients to hang up, one after the other: it need not for these.
        self._shut(socket.SHUT_RD)

    def _backlog(self) -> Iterator[bytes]:
        full = True
        while full and not self.closing():
            page = self.feed.events.after(self.scope, self.place, limit=BACKLOG_PAGE)
            if page.missed:
                yield _reset(page.last)
            for event in page.events:
                if self.wanted.takes(event):
                    yield _message(event)
            self.place, full = page.last, page.full

    def _news(self, listener: Subscription) -> Iterator[bytes]:
        told_s = checked_s = time.monotonic()
        while not self._over(listener):
            sent = b"".join(self._told(listener.take(LOOK_S), time.monotonic()))
            now_s = time.monotonic()
            if now_s - checked_s >= HEARTBEAT_S:
                if not self.still_allowed():
                    return
                checked_s = now_s
            if not sent and now_s - told_s >= HEARTBEAT_S:
                # The id moves the client on past events that it did not want.
                sent = b": heartbeat\nid: %s\n\n" % self.place.encode()
            if sent:
                yield sent
                told_s = now_s

    def _told(self, events: list[Event], now_s: float) -> Iterator[bytes]:
        for event in events:
            if event.id is None:
                self._progress[str(event.job_id)] = event
            elif place_of(event.id) > place_of(self.place):
                # What a job said before an event of its own is old by now.
                self._progress.pop(str(event.job_id), None)
                self.place = event.id
                yield _message(event)
        if self._progress and now_s >= self._progress_due_s:
            self._progress_due_s = now_s + PROGRESS_GAP_S
            yield from map(_message, self._progress.values())
            self._progress.clear()

    def _over(self, listener: Subscription) -> bool:
        return self.closing() or listener.overrun or _has_left(self.connection)

    def _shut(self, how: int) -> None:
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(how)


def _message(event: Event) -> bytes:
    place = b"id: %s\n" % event.id.encode() if event.id else b""
    return b"%sevent: %s\ndata: %s\n\n" % (
        place,
        event.kind.encode(),
        json_bytes(event_row(event)),
    )


def _reset(place: str) -> bytes:
    data = {"reason": "Events were forgotten before you had them.", "next": place}
    return b"id: %s\nevent: reset\ndata: %s\n\n" % (place.encode(), json_bytes(data))


def _has_left(connection: socket.socket | None) -> bool:
    if connection is None or isinstance(connection, ssl.SSLSocket):
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def streams() -> Streams:
    """Return the places of the app that answers this request."""
    found: Streams = current_app.extensions[EXTENSION]
    return found


def install_streams(app: Flask, most: int, most_per_key: int) -> None:
    """Give the app its places for streams."""
    app.extensions[EXTENSION] = Streams(most, most_per_key)


def stop_streams(app: Any) -> None:
    """End every stream of an app, also from a signal handler; other applications have none."""
    found = getattr(app, "extensions", {}).get(EXTENSION)
    if found is not None:
        found.closing = True
