"""A scope's queue in the store: pages of it as it stands at one moment.

``store.queue.page(scope, priority=None, job_type=None, offset=0, limit=1000)`` is one script, so
its rows, counts and versions belong together. Filters choose rows and never renumber them. Its
cost is that of the rows returned, whatever the queue's length or the filter: the jobs of a type
have a sorted set of their own (``typed``), in the queue's order.

The rows name jobs; ``store.jobs.get_many`` reads them, and by then one may have started.
"""

from dataclasses import dataclass

from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

#: The most rows that one page holds.
MAX_ROWS = 10_000


@dataclass(frozen=True)
class Row:
    """A queued job's id, its position over all tiers and in its own, both from 1."""

    job_id: str
    overall: int
    position: int


@dataclass(frozen=True)
class QueuePage:
    """Rows of a queue, and the queue around them at the same moment.

    ``matching``: how many rows the filters leave in all. ``queued`` counts the whole queue.
    ``versions``: a tier's rises whenever its order changes, also when a job enters or leaves.
    """

    rows: list[Row]
    matching: int
    queued: dict[Priority, int]
    versions: dict[Priority, int]
    now_ms: int


class Queue:
    """The queued jobs of a scope, in order."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def page(
        self,
        scope: Scope,
        *,
        priority: Priority | None = None,
        job_type: str | None = None,
        offset: int = 0,
        limit: int = 1_000,
        now_ms: int | None = None,
    ) -> QueuePage:
        """Return at most ``limit`` rows (10,000 at the most) from the ``offset``-th that fits."""
        now, queued, versions, matching, flat = self._scripts.call(
            "page",
            scope=scope.key,
            tier=None if priority is None else priority.tier,
            type=job_type,
            offset=offset,
            limit=min(limit, MAX_ROWS),
            now_ms=now_ms,
        )
        return QueuePage(
            rows=[Row(*row) for row in zip(flat[::3], flat[1::3], flat[2::3], strict=True)],
            matching=matching,
            queued=dict(zip(TIERS, queued, strict=True)),
            versions=dict(zip(TIERS, versions, strict=True)),
            now_ms=now,
        )
