"""News of many scopes for many listeners, over one connection and one thread per process.

The engine has one; the API's streams and long polls listen to it. It keeps nothing: what a
listener missed before it came is read from the store.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

import structlog

from queueapp.domain.events import Event, EventFilter
from queueapp.domain.scope import Scope
from queueapp.store.events import EventReader, Events, Places

# How long a listener of a scope that nobody else listens to may wait for its first news.
BLOCK_MS = 1_000
# Between two looks, so that a busy project's events come in handfuls.
GAP_S = 0.01
RETRY_S = 1.0
# What a listener may leave lying before it is let go; it can come back to where it was.
MOST_WAITING = 2_000

log = structlog.get_logger("queueapp.engine.feed")


class Subscription:
    """One listener's news of one scope; use it as a context, in one thread."""

    def __init__(
        self, wanted: EventFilter, leave: Callable[["Subscription"], None], most: int
    ) -> None:
        self._wanted = wanted
        self._leave = leave
        self._most = most
        self._waiting: deque[Event] = deque()
        self._news = threading.Condition()
        #: Set when the listener was too slow; nothing more is told then.
        self.overrun = False
        #: Called when that happens, from the feed's thread, to free a listener that is stuck.
        self.on_overrun: Callable[[], None] = lambda: None

    def __enter__(self) -> "Subscription":
        """Listen."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self.close()

    def close(self) -> None:
        """Listen no more; more than once does no harm."""
        self._leave(self)

    def take(self, timeout_s: float) -> list[Event]:
        """Return what has come, after waiting for it if nothing has; [] when nothing came."""
        with self._news:
            if not self._waiting and not self.overrun:
                self._news.wait(timeout_s)
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def tell(self, events: list[Event]) -> None:
        """Hand news to the listener; the feed calls it."""
        with self._news:
            if not self.overrun:
                self._waiting.extend(event for event in events if self._wanted.takes(event))
            too_slow = len(self._waiting) > self._most
            if too_slow:
                self._waiting.clear()
                self.overrun = True
            self._news.notify()
        if too_slow:
            self.on_overrun()


class EventFeed:
    """Reads the streams of all scopes that somebody listens to, and hands out what is new."""

    def __init__(self, events: Events, *, most_waiting: int = MOST_WAITING) -> None:
        self.events = events
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._places: dict[str, Places] = {}
        self._listeners: dict[str, list[Subscription]] = {}
        self._reader: EventReader | None = None

    def subscribe(self, scope: Scope, wanted: EventFilter) -> Subscription:
        """Listen to a scope from now on; read what came before afterwards, so none is missed.

        Raises: Unavailable.
        """
        key = scope.key
        newest = self.events.newest(scope)
        listener = Subscription(wanted, lambda one: self._leave(key, one), self._most_waiting)
        with self._lock:
            self._read_on()
            self._places.setdefault(key, newest)
            self._listeners.setdefault(key, []).append(listener)
        return listener

    def _leave(self, key: str, listener: Subscription) -> None:
        with self._lock:
            others = [one for one in self._listeners.get(key, ()) if one is not listener]
            self._listeners[key] = others
            if not others:
                del self._listeners[key]
                self._places.pop(key, None)

    def _read_on(self) -> None:
        """Let the thread know of a new scope, or start it; called under the lock, which it awaits.

        Raises: Unavailable; nobody listens then.
        """
        if self._reader is not None:
            self._reader.interrupt()
            return
        self._reader = self.events.reader()
        reading = threading.Thread(
            target=self._run, args=(self._reader,), name="event-feed", daemon=True
        )
        reading.start()

    def _run(self, reader: EventReader) -> None:
        """Read until nobody listens any more."""
        while True:
            with self._lock:
                places = dict(self._places)
                if not places:
                    self._reader = None
                    break
            try:
                news = reader.wait(places, block_ms=BLOCK_MS)
            except Exception as error:  # noqa: BLE001 # whatever it is, nobody may stay deaf
                log.warning("events_not_read", error=repr(error))
                time.sleep(RETRY_S)
                continue
            self._hand_out(news)
            time.sleep(GAP_S)
        reader.close()

    def _hand_out(self, news: dict[str, tuple[Places, list[Event]]]) -> None:
        for key, (now, events) in news.items():
            with self._lock:
                if key in self._places:
                    self._places[key] = now
                listeners = list(self._listeners.get(key, ()))
            for listener in listeners:
                listener.tell(events)
