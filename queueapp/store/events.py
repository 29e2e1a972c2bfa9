"""The streams of events in the store: read from a place on, wait for news of many scopes at once.

Scripts write them. Facts are kept (about the newest 10,000 of a scope); progress is not, it
stands in a short stream of its own that expires.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from queueapp.domain.events import START, Event, place_of
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

NEWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class EventPage:
    """Events after a place.

    ``last``: the place to go on from. ``full``: more may follow. ``missed``: events after the
    place asked for are gone, or the place is none of this stream's; then there are none here.
    """

    events: list[Event]
    last: str
    full: bool
    missed: bool


@dataclass(frozen=True)
class Places:
    """How far a scope's two streams have been read."""

    facts: str
    progress: str


class Events:
    """The event streams of all scopes."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys

    def after(self, scope: Scope, place: str, *, limit: int) -> EventPage:
        """Return the facts after a place, oldest first; ``START`` stands before the oldest kept."""
        key = self._keys("events", scope.key)
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.xrange(key, min=f"({place}", count=limit)
            pipe.xrange(key, count=1)
            pipe.xrevrange(key, count=1)
            rows, first, last = pipe.execute()
        newest = last[0][0] if last else START
        if _missed(place, first[0][0] if first else START, newest):
            return EventPage([], newest, full=False, missed=True)
        events = [_decode(event_id, row) for event_id, row in rows]
        return EventPage(events, rows[-1][0] if rows else place, len(rows) == limit, missed=False)

    def newest(self, scope: Scope) -> Places:
        """Return the places of the newest fact and the newest progress of a scope."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for name in ("events", "progress"):
                pipe.xrevrange(self._keys(name, scope.key), count=1)
            facts, progress = pipe.execute()
        return Places(*(rows[0][0] if rows else START for rows in (facts, progress)))

    def reader(self) -> "EventReader":
        """Return a reader with a connection of its own. Raises: Unavailable."""
        with store_errors():
            return EventReader(self._client, self._keys)


class EventReader:
    """Waits for news on one connection; only its own thread reads, others may interrupt."""

    def __init__(self, client: Client, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._own = client.client()
        # A block that lasts as long as the patience with the server would look like its silence.
        patience_s = client.connection_pool.connection_kwargs["socket_timeout"]
        self._most_block_ms = int(patience_s * 1000 / 2)
        self._id: int | None = None

    def wait(
        self, places: Mapping[str, Places], *, block_ms: int
    ) -> dict[str, tuple[Places, list[Event]]]:
        """Return the news of scopes, each with how far it was read then; {} when there is none.

        ``places`` is by the scope's key. Raises: Unavailable.
        """
        wanted = {}
        for scope, at in places.items():
            wanted[self._keys("events", scope)] = at.facts
            wanted[self._keys("progress", scope)] = at.progress
        with store_errors():
            self._id = self._own.client_id()
            block = min(block_ms, self._most_block_ms)
            answer = self._own.xread(wanted, count=NEWS_AT_ONCE, block=block) or {}
        found = dict(answer.items() if isinstance(answer, dict) else answer)
        news = {scope: self._news(scope, at, found) for scope, at in places.items()}
        return {scope: told for scope, told in news.items() if told[1]}

    def _news(self, scope: str, at: Places, found: Mapping[str, Any]) -> tuple[Places, list[Event]]:
        facts = _rows(found.get(self._keys("events", scope)))
        progress = _rows(found.get(self._keys("progress", scope)))
        now = Places(
            facts[-1][0] if facts else at.facts, progress[-1][0] if progress else at.progress
        )
        events = [_decode(None, row) for _, row in progress]
        return now, [*events, *(_decode(event_id, row) for event_id, row in facts)]

    def interrupt(self) -> None:
        """End a wait that is under way, so that it can be begun anew with more scopes."""
        if self._id is not None:
            # Where the command is not allowed, the wait ends by itself soon enough.
            with contextlib.suppress(redis.RedisError):
                self._client.client_unblock(self._id)

    def close(self) -> None:
        """Give the connection back."""
        self._own.close()


def _rows(found: Any) -> list[Any]:
    """Return the entries of one stream; the two protocols nest them differently."""
    if found and found[0] and isinstance(found[0][0], list | tuple):
        return list(found[0])
    return list(found or ())


def _missed(place: str, first: str, newest: str) -> bool:
    """Tell whether facts after a place were forgotten, or the place is of another stream.

    The place itself is the id of a fact: when older ones than it stand first, it is still there.
    """
    if place == START:
        return False
    asked = place_of(place)
    return not place_of(first) <= asked <= place_of(newest)


def _decode(event_id: str | None, row: dict[str, str]) -> Event:
    facts = {name: value for name, value in row.items() if name not in ("kind", "job", "at")}
    return Event(event_id, row["kind"], row["job"] or None, int(row["at"]), facts)
