"""Predictions that were shown, until they can be compared with what came, and how they compared.

Both lists are bounded; what is too much pushes out what is due, or was compared, first. Of all
scopes together only numbers are kept, by the day.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import orjson

from queueapp.domain.report_card import (
    ACHIEVED_DAYS,
    Achieved,
    Scored,
    Shown,
    Tally,
    lead_of,
    step_of,
)
from queueapp.domain.rollup import DAY_MS
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

MOST_SHOWN = 5_000
MOST_SCORED = 20_000
KEPT_MS = 30 * DAY_MS
SHOWN_KEPT_MS = 8 * DAY_MS
TALLIED_DAYS = 7
TALLY_KEPT_MS = (TALLIED_DAYS + 2) * DAY_MS

Tallies = dict[tuple[str, str], Tally]


class ShownPredictions:
    """Remembers predictions of each scope."""

    def __init__(self, client: Client, keys: Keys, _: Scripts) -> None:
        self._client = client
        self._keys = keys

    def remember(self, scope: Scope, predictions: Iterable[Shown]) -> None:
        """Remember predictions until they are due."""
        key = self._keys("shown", scope.key)
        rows = {orjson.dumps(asdict(one)).decode(): one.due_ms for one in predictions}
        if not rows:
            return
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.zadd(key, rows)
            pipe.zremrangebyrank(key, 0, -MOST_SHOWN - 1)
            pipe.pexpire(key, SHOWN_KEPT_MS)
            pipe.execute()

    def due(self, scopes: Sequence[Scope], *, now_ms: int, limit: int) -> list[list[Shown]]:
        """Return of each scope the predictions that are due, the earliest first."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for scope in scopes:
                key = self._keys("shown", scope.key)
                pipe.zrange(key, "-inf", now_ms, byscore=True, offset=0, num=limit)
            found = pipe.execute()
        return [[Shown(**orjson.loads(text)) for text in texts] for texts in found]

    def settle(
        self, scope: Scope, over: Iterable[Shown], found: Iterable[Scored], *, now_ms: int
    ) -> None:
        """Forget predictions and keep how they compared."""
        key, results = self._keys("scored", scope.key), list(found)
        gone = [orjson.dumps(asdict(one)).decode() for one in over]
        rows = {
            orjson.dumps([*asdict(one).values(), n]): one.at_ms for n, one in enumerate(results)
        }
        achieved = self._keys("achieved", scope.key)
        with store_errors():
            days = self._client.hkeys(achieved)
            pipe = self._client.pipeline(transaction=True)
            if gone:
                pipe.zrem(self._keys("shown", scope.key), *gone)
            if rows:
                pipe.zadd(key, rows)
                pipe.zremrangebyscore(key, "-inf", now_ms - KEPT_MS)
                pipe.zremrangebyrank(key, 0, -MOST_SCORED - 1)
                pipe.pexpire(key, KEPT_MS)
                self._count(pipe, results, now_ms)
                for field, number in _achievements(results, now_ms).items():
                    pipe.hincrby(achieved, field, number)
                over_days = [field for field in days if not _counts(field, now_ms)]
                if over_days:
                    pipe.hdel(achieved, *over_days)
                pipe.pexpire(achieved, (ACHIEVED_DAYS + 1) * DAY_MS)
            pipe.execute()

    def _count(self, pipe: Client, results: Iterable[Scored], now_ms: int) -> None:
        counts: Counter[str] = Counter()
        for one in results:
            about = f"{one.what}|{lead_of(one)}"
            counts[f"{about}|samples"] += 1
            counts[f"{about}|held"] += one.held
            if one.error is not None:
                counts[f"{about}|{step_of(one.error)}"] += 1
        key = self._keys("tally", now_ms // DAY_MS)
        for field, number in counts.items():
            pipe.hincrby(key, field, number)
        pipe.pexpire(key, TALLY_KEPT_MS)

    def tallies(self, *, now_ms: int) -> Tallies:
        """Return how predictions of all scopes compared in the last seven days, by what and lead.

        The cost is bounded: at most 300 numbers for each of twelve, whatever was compared.
        """
        today = now_ms // DAY_MS
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for day in range(today - TALLIED_DAYS + 1, today + 1):
                pipe.hgetall(self._keys("tally", day))
            days = pipe.execute()
        sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for counts in days:
            for field, number in counts.items():
                what, lead, about = field.split("|")
                sums[what, lead][about] += int(number)
        return {cell: _tally(counts) for cell, counts in sums.items()}

    def scored(self, scope: Scope, since_ms: int) -> list[Scored]:
        """Return how predictions compared since a time, oldest first."""
        with store_errors():
            texts = self._client.zrange(
                self._keys("scored", scope.key), since_ms, "+inf", byscore=True
            )
        return [Scored(*orjson.loads(text)[:-1]) for text in texts]


def achieved_of(fields: Mapping[str, str], now_ms: int) -> dict[str, Achieved]:
    """Return what the points that were shown achieved in the last days, by what they are of."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for field, number in fields.items():
        if _counts(field, now_ms):
            _, what, about = field.split("|")
            sums[what][about] += int(number)
    return {what: Achieved(**counts) for what, counts in sums.items()}


def _achievements(results: Iterable[Scored], now_ms: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in results:
        if one.close is not None:
            about = f"{now_ms // DAY_MS}|{one.what}"
            counts[f"{about}|points"] += 1
            counts[f"{about}|close"] += one.close
            counts[f"{about}|held"] += one.held
    return counts


def _counts(field: str, now_ms: int) -> bool:
    """Tell whether a field is of a day that is not over for long."""
    return int(field.partition("|")[0]) > now_ms // DAY_MS - ACHIEVED_DAYS


def _tally(counts: Mapping[str, int]) -> Tally:
    errors = {int(about): n for about, n in counts.items() if about.isdigit()}
    return Tally(counts["samples"], counts["held"], errors)
