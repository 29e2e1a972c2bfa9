"""The figures that a queue shows of its newest hour and day, read from its history.

The queue's own view shows them. What is over is added up once an hour for each scope.
"""

from dataclasses import dataclass

from queueapp.domain.rollup import DAY_MS, HOUR_MS, Rollup, added, read_hours, total
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.history import History, Present
from queueapp.store.keys import Keys

MOST_REMEMBERED = 1_000


@dataclass(frozen=True)
class Trends:
    """The queue's own figures; what covers 24 hours begins with a whole hour.

    ``peak_hour`` is the UTC hour of today with most submissions.
    """

    average_run_ms: float | None
    completed_last_hour: int
    submitted_this_hour: int
    peak_hour: int | None
    average_queue_size: float


class QueueTrends:
    """Reads trends, and remembers what the hours that are over came to."""

    def __init__(self, client: Client, keys: Keys, history: History) -> None:
        self._client = client
        self._keys = keys
        self._history = history
        self._ended: dict[Scope, tuple[tuple[object, ...], Rollup, dict[int, int]]] = {}

    def of(self, scope: Scope, *, now_ms: int | None = None) -> Trends:
        """Return the figures that the queue shows of its last 24 hours, hour and day."""
        present = self._history.present(scope, now_ms=now_ms)
        now, this = present.now_ms, present.now_ms // HOUR_MS
        first = (now - DAY_MS) // HOUR_MS
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(self._keys("hours", scope.key), first, this - 1, byscore=True)
            pipe.zcount(self._keys("done", scope.key), f"({now - HOUR_MS}", str(now))
            recorded, completed = pipe.execute()
        ended, submitted = self._ended_hours(scope, present, tuple(recorded))
        hour = _under_way(present)
        whole = added(ended, hour)
        today = {this: hour.total("submitted")}
        today |= {at: n for at, n in submitted.items() if at >= now // DAY_MS * 24}
        busiest = max(sorted(today), key=lambda at: today[at])
        ran = whole.total("completed")
        return Trends(
            average_run_ms=whole.total("run") / ran if ran else None,
            completed_last_hour=int(completed),
            submitted_this_hour=today[this],
            peak_hour=busiest % 24 if today[busiest] else None,
            average_queue_size=whole.average_size,
        )

    def _ended_hours(
        self, scope: Scope, present: Present, recorded: tuple[str, ...]
    ) -> tuple[Rollup, dict[int, int]]:
        """Return the 24 hours before this one as one, and their submissions by hour.

        They change no more, so they are added up once an hour.
        """
        this = present.now_ms // HOUR_MS
        known = (this, recorded, present.hour.get("from"))
        kept = self._ended.get(scope)
        if kept is None or kept[0] != known:
            hours = self._history.hours(
                scope, (this - 24) * HOUR_MS, this * HOUR_MS, present=present
            )
            submitted = {one.start_ms // HOUR_MS: one.total("submitted") for one in hours}
            kept = (known, total(hours), submitted)
            others = self._ended if len(self._ended) < MOST_REMEMBERED else {}
            self._ended = {**others, scope: kept}
        return kept[1], kept[2]


def _under_way(present: Present) -> Rollup:
    """Return the hour under way, without its idle slots."""
    this = present.now_ms // HOUR_MS
    (hour,) = read_hours(
        {this: present.hour} if present.hour else {},
        [this],
        after=present.standing,
        idle_at=lambda _: 0.0,
        now_ms=present.now_ms,
    )
    return hour
