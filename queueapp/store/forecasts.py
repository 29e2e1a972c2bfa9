"""The newest forecast of each scope's queue, and how the queue stands now.

Workers put forecasts here, the API reads them. What is in one is the forecaster's to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from queueapp.domain.report_card import Achieved
from queueapp.domain.rollup import HOUR_MS
from queueapp.domain.scope import Scope
from queueapp.store.clock import in_ms
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts
from queueapp.store.shown import achieved_of

KEPT_MS = 24 * HOUR_MS
"""A forecast of the next day says nothing any more when that day is over."""
ASKED_MS = HOUR_MS
SAMPLED_MS = 600_000
TURN_KEPT_MS = 7 * 24 * HOUR_MS


@dataclass(frozen=True)
class ForecastStanding:
    """A queue now: its size, or that of one job type, and its forecast if there is one.

    ``ordered_ms`` is when the newest forecast was ordered, 0 for never.
    ``achieved`` is how good the points were that were shown lately.
    ``sampled``: what is predicted of it is to be remembered, because nothing was lately.
    """

    now_ms: int
    size: int
    began_ms: int | None
    forecast: Mapping[str, Any] | None
    ordered_ms: int = 0
    achieved: Mapping[str, Achieved] = field(default_factory=dict)
    sampled: bool = False


@dataclass(frozen=True)
class Turn:
    """Whether a scope wants a forecast: what changes with its queue, now and at the last order.

    ``asked``: somebody asked for it lately.
    """

    sign: str
    last_sign: str
    at_ms: int
    began_ms: int | None
    asked: bool


class Forecasts:
    """Keeps one forecast a scope."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def put(self, scope: Scope, forecast: Mapping[str, Any]) -> None:
        """Keep a forecast in place of the one before, for as long as it says something."""
        with store_errors():
            self._client.set(self._keys("forecast", scope.key), orjson.dumps(forecast), px=KEPT_MS)

    def get(self, scope: Scope) -> Mapping[str, Any] | None:
        """Return the newest forecast."""
        with store_errors():
            text = self._client.get(self._keys("forecast", scope.key))
        return orjson.loads(text) if text else None

    def mark_failed(self, scope: Scope, now_ms: int) -> None:
        """Note on the forecast that stands that the making of a newer one failed."""
        kept = self.get(scope)
        if kept is not None:
            with store_errors():
                self._client.set(
                    self._keys("forecast", scope.key),
                    orjson.dumps({**kept, "failed_at": now_ms / 1000}),
                    keepttl=True,
                )

    def turns(self, scopes: Sequence[Scope]) -> list[tuple[Scope, Turn]]:
        """Return of each scope whether it wants a forecast."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hget(self._keys("clock"), "slots")
            for scope in scopes:
                pipe.xrevrange(self._keys("events", scope.key), count=1)
                pipe.hmget(self._keys("forecast_turn", scope.key), "sign", "at")
                pipe.hget(self._keys("meta", scope.key), "began")
                pipe.exists(self._keys("asked", scope.key))
            slots, *found = pipe.execute()
        rows = zip(scopes, *(found[at::4] for at in range(4)), strict=True)
        return [
            (scope, _turn(f"{newest[0][0] if newest else ''}/{slots}", taken, began, asked))
            for scope, newest, taken, began, asked in rows
        ]

    def take_turn(self, scope: Scope, sign: str, now_ms: int) -> None:
        """Note that a forecast has been ordered, and what the queue was like."""
        key = self._keys("forecast_turn", scope.key)
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.hset(key, mapping={"sign": sign, "at": now_ms})
            pipe.pexpire(key, TURN_KEPT_MS)
            pipe.execute()

    def standing(self, scope: Scope, kind: str | None = None) -> ForecastStanding:
        """Return the queue's size now, of one job type if that is asked, and its forecast.

        That somebody asked is remembered for an hour: forecasts nobody asks for age.
        """
        if kind is not None:
            self._scripts.call("catch_up", scope=scope.key, limit=None)
        queue = ("typed", scope.key, kind) if kind is not None else ("queue", scope.key)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            pipe.zcard(self._keys(*queue))
            pipe.hget(self._keys("meta", scope.key), "began")
            pipe.get(self._keys("forecast", scope.key))
            pipe.hget(self._keys("forecast_turn", scope.key), "at")
            pipe.hgetall(self._keys("achieved", scope.key))
            pipe.set(self._keys("asked", scope.key), 1, px=ASKED_MS)
            if kind is None:
                pipe.set(self._keys("sampled", scope.key), 1, nx=True, px=SAMPLED_MS)
            told, size, began, text, ordered, achieved, _, *sampled = pipe.execute()
        now_ms = in_ms(told)
        return ForecastStanding(
            now_ms=now_ms,
            size=int(size),
            began_ms=int(began) * HOUR_MS if began else None,
            forecast=orjson.loads(text) if text else None,
            ordered_ms=int(ordered or 0),
            achieved=achieved_of(achieved, now_ms),
            sampled=bool(sampled and sampled[0]),
        )


def _turn(sign: str, taken: Sequence[str | None], began: str | None, asked: int) -> Turn:
    last, at = taken
    began_ms = int(began) * HOUR_MS if began else None
    return Turn(sign, last or "", int(at or 0), began_ms, bool(asked))
