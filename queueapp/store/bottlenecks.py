"""Bottlenecks of scopes: the one that is watched, and those that are over.

Upkeep writes them, history reads them. What counts as one is the domain's to say.
"""

from collections.abc import Iterable
from dataclasses import asdict

import orjson

from queueapp.domain.bottlenecks import Bottleneck, Hindrance, Watch
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

MOST_KEPT = 500
WATCH_TTL_MS = 86_400_000


class Bottlenecks:
    """Keeps the newest bottlenecks of each scope."""

    def __init__(self, client: Client, keys: Keys, _: Scripts) -> None:
        self._client = client
        self._keys = keys

    def watched(self, scopes: Iterable[Scope]) -> dict[Scope, Watch]:
        """Return what is watched in each scope that has something."""
        wanted = list(scopes)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for scope in wanted:
                pipe.get(self._keys("watch", scope.key))
            texts = pipe.execute()
        found = zip(wanted, texts, strict=True)
        return {scope: _watch(text) for scope, text in found if text}

    def keep(
        self, scope: Scope, watch: Watch | None, ended: Bottleneck | None, *, keep_ms: int
    ) -> None:
        """Remember what is watched now, and a bottleneck that is over."""
        watched, kept = self._keys("watch", scope.key), self._keys("bottlenecks", scope.key)
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            if watch is None:
                pipe.unlink(watched)
            else:
                pipe.set(watched, orjson.dumps(asdict(watch)), px=WATCH_TTL_MS)
            if ended is not None:
                end = ended.end_ms or ended.start_ms
                pipe.zadd(kept, {orjson.dumps(asdict(ended)).decode(): end})
                pipe.zremrangebyrank(kept, 0, -MOST_KEPT - 1)
                pipe.pexpire(kept, keep_ms)
            pipe.execute()

    def between(self, scope: Scope, from_ms: int, to_ms: int) -> list[Bottleneck]:
        """Return the bottlenecks that touch a period, oldest first; the newest may be open."""
        with store_errors():
            texts = self._client.zrange(
                self._keys("bottlenecks", scope.key), from_ms, "+inf", byscore=True
            )
        found = [Bottleneck(**orjson.loads(text)) for text in texts]
        watch = self.watched([scope]).get(scope)
        if watch is not None and watch.lasted:
            found.append(watch.found())
        return [one for one in found if one.start_ms < to_ms and (one.end_ms or to_ms) > from_ms]


def _watch(text: str) -> Watch:
    data = orjson.loads(text)
    return Watch(**{**data, "hindrance": Hindrance(data["hindrance"])})
