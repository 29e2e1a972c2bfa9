"""Predictions that were shown, until they can be compared with what came, and how they compared.

Both are bounded; what is too much pushes out what is due, or was compared, first. Comparisons are
appended as text, six hours together, so that thousands are read in milliseconds. Of all scopes
together only numbers are kept, by the day.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate

import orjson

from queueapp.domain.report_card import (
    ACHIEVED_DAYS,
    Achieved,
    Compared,
    Scored,
    Shown,
    Tally,
    code_of,
    lead_of,
    step_of,
)
from queueapp.domain.rollup import DAY_MS, HOUR_MS
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

MOST_SHOWN = 5_000
MOST_SCORED_BYTES = 540_000
"""Some 20,000 comparisons."""
SPAN_MS = 6 * HOUR_MS
"""Comparisons that are kept, and forgotten, together."""
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
        results = list(found)
        gone = [orjson.dumps(asdict(one)).decode() for one in over]
        achieved = self._keys("achieved", scope.key)
        with store_errors():
            days = self._client.hkeys(achieved)
            too_many = self._too_many(scope, now_ms)
            pipe = self._client.pipeline(transaction=True)
            if gone:
                pipe.zrem(self._keys("shown", scope.key), *gone)
            if results:
                key = self._scored_key(scope, now_ms // SPAN_MS)
                if key not in too_many:
                    pipe.append(key, "".join(map(_row, results)))
                    pipe.pexpire(key, KEPT_MS + SPAN_MS)
                for old in too_many - {key}:
                    pipe.delete(old)
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

    def compared(self, scope: Scope, *, since_ms: int, now_ms: int) -> Compared:
        """Return how predictions compared since a time or somewhat earlier, oldest first."""
        spans = range(since_ms // SPAN_MS, now_ms // SPAN_MS + 1)
        with store_errors():
            texts = self._client.mget([self._scored_key(scope, span) for span in spans])
        found = orjson.loads(f"[{''.join(text for text in texts if text)[:-1]}]")
        return Compared(found[0::3], found[1::3], found[2::3])

    def _too_many(self, scope: Scope, now_ms: int) -> set[str]:
        """Return the keys of spans that are too much beside the newer ones, or alone."""
        newest = now_ms // SPAN_MS
        keys = [self._scored_key(scope, newest - ago) for ago in range(KEPT_MS // SPAN_MS + 1)]
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            pipe.strlen(key)
        sizes = accumulate(pipe.execute())
        return {key for key, size in zip(keys, sizes, strict=True) if size > MOST_SCORED_BYTES}

    def _scored_key(self, scope: Scope, span: int) -> str:
        return self._keys("scored", scope.key, span)


def _row(one: Scored) -> str:
    """Return a comparison as three numbers of JSON, to stand among others."""
    error = None if one.error is None else round(one.error, 3)
    return orjson.dumps([code_of(one), one.at_ms, error]).decode()[1:-1] + ","


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
