"""The history of a scope's queue as the scripts keep it: exact sums by hour and by day.

The history endpoint, the queue's trends and the forecasts read it. It costs what it returns:
one record for each hour or day, whatever the number of jobs. Decision 0027.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from queueapp.domain.idle import IdleSum
from queueapp.domain.periods import Kept
from queueapp.domain.rollup import (
    DAY_MS,
    HOUR_MS,
    Rollup,
    Sizes,
    Standing,
    read_hours,
    standing_of,
    total,
)
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

HOURS_KEPT_MS = 90 * DAY_MS
CHUNK = 200


@dataclass(frozen=True)
class Present:
    """How a scope's queue stands now; ``hour`` is the record of the hour under way, if any.

    ``idle_marks`` are the fleet's idle sums at the starts of the newest hours, where nothing has
    marked them yet.
    """

    now_ms: int
    standing: Standing
    idle_sum: float
    hour: Mapping[str, str]
    idle_marks: tuple[tuple[int, float], ...] = ()


class History:
    """Reads roll-ups; the scripts that change queues write them."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def scopes(self) -> list[Scope]:
        """Return the scopes that ever had a job."""
        with store_errors():
            found = self._client.smembers(self._keys("scopes"))
        return [Scope.from_key(key) for key in sorted(found)]

    def go_on(self, scope: Scope, *, now_ms: int | None = None) -> None:
        """Let the roll-up under way go on from how the queue really stands.

        For when it missed a change, or a clock that was ahead has written hours yet to come.
        """
        self._scripts.call("mend_history", scope=scope.key, now_ms=now_ms)

    @staticmethod
    def kept(*, keep_ms: int, now_ms: int) -> Kept:
        """Return from when on there is history, by the hour and by the day."""
        hours = (now_ms - HOURS_KEPT_MS) // HOUR_MS * HOUR_MS + HOUR_MS
        days = (now_ms - keep_ms) // DAY_MS * DAY_MS + DAY_MS
        return Kept(hours_ms=hours, days_ms=min(hours, days))

    def present(self, scope: Scope, *, now_ms: int | None = None) -> Present:
        """Return how the queue stands now, by the store's clock unless a time is given."""
        answer = self._scripts.call("present", scope=scope.key, now_ms=now_ms)
        now, queued, running, waiting, idle, hour, held, marks = answer
        standing = Standing(
            queued=_sizes(queued),
            running=int(running),
            waiting=bool(waiting),
            held={code: int(n) for code, n in _pairs(held).items() if int(n)},
        )
        return Present(int(now), standing, float(idle), _pairs(hour), tuple(_marks(marks)))

    def hours(
        self, scope: Scope, from_ms: int, to_ms: int, *, present: Present | None = None
    ) -> list[Rollup]:
        """Return a roll-up for each hour that begins in [from, to), the last one up to now.

        ``from`` must be a whole hour, less than ``HOURS_KEPT_MS`` ago.
        """
        now = present or self.present(scope)
        this = now.now_ms // HOUR_MS
        wanted = range(from_ms // HOUR_MS, min(-(-to_ms // HOUR_MS), this + 1))
        if not wanted:
            return []
        records = self._records(scope, wanted)
        after = self._after(scope, wanted[-1], this)
        if now.hour:
            records = {**records, this: now.hour}
            after = standing_of(now.hour) if after is None and this > wanted[-1] else after
        return read_hours(
            records,
            wanted,
            after=after or now.standing,
            idle_at=self._idle(wanted, now),
            now_ms=now.now_ms,
        )

    def _records(self, scope: Scope, hours: range) -> dict[int, Mapping[str, str]]:
        with store_errors():
            known = self._client.zrange(
                self._keys("hours", scope.key), hours[0], hours[-1], byscore=True
            )
            rows: list[Mapping[str, str]] = []
            for at in range(0, len(known), CHUNK):
                pipe = self._client.pipeline(transaction=False)
                for hour in known[at : at + CHUNK]:
                    pipe.hgetall(self._keys("hour", scope.key, hour))
                rows += pipe.execute()
        return {int(hour): row for hour, row in zip(known, rows, strict=True) if row}

    def _after(self, scope: Scope, last: int, this: int) -> Standing | None:
        """Return how the queue stood at the first change after an hour, before the present one."""
        with store_errors():
            found = self._client.zrange(
                self._keys("hours", scope.key), last + 1, this - 1, byscore=True, offset=0, num=1
            )
            row = self._client.hgetall(self._keys("hour", scope.key, found[0])) if found else None
        return standing_of(row) if row else None

    def _idle(self, hours: range, present: Present) -> IdleSum:
        key, low, high = self._keys("idle_marks"), hours[0], hours[-1] + 1
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(key, f"({low}", "-inf", byscore=True, desc=True, offset=0, num=1)
            pipe.zrange(key, low, high, byscore=True)
            pipe.zrange(key, f"({high}", "+inf", byscore=True, offset=0, num=1)
            points = [*_marks([mark for part in pipe.execute() for mark in part])]
        points += present.idle_marks
        known = [point for point in points if point[0] < present.now_ms]
        return IdleSum([*known, (present.now_ms, present.idle_sum)])

    def days(
        self, scope: Scope, from_ms: int, to_ms: int, *, present: Present | None = None
    ) -> list[Rollup]:
        """Return a roll-up for each day that begins in [from, to), both whole days.

        Days that upkeep has not rolled up yet are added up from their hours.
        """
        now = present or self.present(scope)
        starts = range(from_ms, min(to_ms, now.now_ms), DAY_MS)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for start in starts:
                pipe.get(self._keys("day", scope.key, start // DAY_MS))
            texts = pipe.execute()
        kept = {at: _decoded(text) for at, text in zip(starts, texts, strict=True) if text}
        return self._with_missing(scope, starts, kept, now)

    def span(self, scope: Scope, from_ms: int, to_ms: int, *, present: Present) -> list[Rollup]:
        """Return roll-ups of whole days where there are, and of hours at both ends."""
        first, last = -(-from_ms // DAY_MS) * DAY_MS, to_ms // DAY_MS * DAY_MS
        if first >= last:
            return self.hours(scope, from_ms, to_ms, present=present)
        return [
            *self.hours(scope, from_ms, first, present=present),
            *self.days(scope, first, last, present=present),
            *self.hours(scope, last, to_ms, present=present),
        ]

    def began_ms(self, scope: Scope) -> int | None:
        """Return since when the scope has a history; None if it has none."""
        with store_errors():
            hour = self._client.hget(self._keys("meta", scope.key), "began")
        return int(hour) * HOUR_MS if hour else None

    def _with_missing(
        self, scope: Scope, starts: Sequence[int], kept: dict[int, Rollup], present: Present
    ) -> list[Rollup]:
        """Fill stretches of days without a roll-up of their own from hours."""
        found: list[Rollup] = []
        at = 0
        while at < len(starts):
            if starts[at] in kept:
                found.append(kept[starts[at]])
                at += 1
                continue
            end = at
            while end < len(starts) and starts[end] not in kept:
                end += 1
            hours = self.hours(scope, starts[at], starts[end - 1] + DAY_MS, present=present)
            found += [total(hours[n : n + 24]) for n in range(0, len(hours), 24)]
            at = end
        return found

    def keep_days(self, scope: Scope, *, keep_ms: int, now_ms: int | None = None) -> int:
        """Roll up the days that ended since the last time; return how many were kept."""
        present = self.present(scope, now_ms=now_ms)
        today = present.now_ms // DAY_MS
        meta = self._keys("meta", scope.key)
        with store_errors():
            rolled = int(self._client.hget(meta, "rolled") or 0)
            if rolled >= today - 1:
                return 0
            oldest = max(rolled + 1, (present.now_ms - HOURS_KEPT_MS) // DAY_MS + 1)
            hours = self._client.zrange(
                self._keys("hours", scope.key), oldest * 24, today * 24 - 1, byscore=True
            )
        days = sorted({int(hour) // 24 for hour in hours})
        for day in days:
            whole = total(self.hours(scope, day * DAY_MS, (day + 1) * DAY_MS, present=present))
            with store_errors():
                self._client.set(self._keys("day", scope.key, day), _encoded(whole), px=keep_ms)
        with store_errors():
            self._client.hset(meta, "rolled", today - 1)
        return len(days)


def _pairs(flat: Iterable[Any]) -> dict[str, str]:
    items = iter(flat)
    return dict(zip(items, items, strict=True))


def _marks(texts: Iterable[str]) -> Iterable[tuple[int, float]]:
    """Return marks of the idle sum as (ms since the epoch, sum)."""
    for text in texts:
        hour, _, idle = text.partition(":")
        yield int(hour) * HOUR_MS, float(idle)


def _sizes(text: str) -> Sizes:
    critical, high, normal, low = (int(n) for n in text.split())
    return critical, high, normal, low


def _encoded(rollup: Rollup) -> bytes:
    rows = [[what, tier, kind, n] for (what, tier, kind), n in rollup.counts.items()]
    return orjson.dumps({**vars(rollup), "counts": rows})


def _decoded(text: str) -> Rollup:
    data = orjson.loads(text)
    counts = {(what, tier, kind): n for what, tier, kind, n in data.pop("counts")}
    sizes = {name: tuple(data.pop(name)) for name in ("first", "last", "peak")}
    return Rollup(**{**data, **sizes, "counts": counts})
