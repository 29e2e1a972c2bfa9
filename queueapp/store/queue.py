"""A scope's queue in the store: pages of it as it stands at one moment, and changes of its order.

``store.queue.page(scope, priority=None, job_type=None, offset=0, limit=1000)`` is one script, so
its rows, counts and versions belong together. Filters choose rows and never renumber them. Its
cost is that of the rows returned, whatever the queue's length or the filter: the jobs of a type
have a sorted set of their own (``typed``), in the queue's order.

The rows name jobs; ``store.jobs.get_many`` reads them, and by then one may have started:
``QueuePage.without`` tells how the page is then.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import accumulate

from queueapp.domain.audit import SYSTEM, Act
from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.acting import perform
from queueapp.store.answers import Idempotency, Moved, Reprioritised
from queueapp.store.connect import Client, store_errors
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

    def tiers(self) -> list[Priority]:
        """Return the tier of each row."""
        ends = list(accumulate(self.queued[tier] for tier in TIERS))
        return [TIERS[bisect_left(ends, row.overall)] for row in self.rows]

    def without(self, gone: Set[str]) -> "QueuePage":
        """Return the page as it is once some of its jobs have left: the others have moved up."""
        if not gone:
            return self
        kept: list[Row] = []
        left: Counter[Priority] = Counter()
        for row, tier in zip(self.rows, self.tiers(), strict=True):
            if row.job_id in gone:
                left[tier] += 1
            else:
                kept.append(Row(row.job_id, row.overall - left.total(), row.position - left[tier]))
        queued = {tier: size - left[tier] for tier, size in self.queued.items()}
        return replace(self, rows=kept, matching=self.matching - left.total(), queued=queued)


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

    def move(
        self,
        scope: Scope,
        job_id: str,
        *,
        position: int | None = None,
        before: str | None = None,
        seen: Sequence[tuple[Priority, int]] | None = None,
        clip: bool = False,
        owner: str | None = None,
        rows: int = 0,
        act: Act = SYSTEM,
        idempotency: Idempotency | None = None,
        now_ms: int | None = None,
    ) -> Moved:
        """Give a queued job another place in its tier: a position from 1, or before a job.

        ``owner``: only jobs of this user may change places, among themselves. ``rows``: how many
        of the other jobs' new positions to tell.

        ``seen``: tiers and their versions; one must be the job's as it is.

        Raises: NotFound, Conflict, VersionStale, CrossesBoundary, NotYourJob, NotYourPlace,
        MoveTooFar, IdempotencyMismatch.
        """
        receipt = perform(
            self._scripts,
            "move",
            scope,
            act,
            idempotency=idempotency,
            now_ms=now_ms,
            id=job_id,
            position=position,
            before=before,
            seen=_told(seen),
            clip=clip,
            owner=None if owner is None else encode_part(owner),
            rows=rows,
        )
        facts = receipt.facts
        return Moved(
            priority=TIERS[facts["tier"]],
            position_before=facts["position_before"],
            position=facts["position"],
            overall_before=facts["overall_before"],
            overall=facts["overall"],
            version=facts["version"],
            at_ms=facts["at_ms"],
            affected=[(one, place) for one, place in facts["affected"]],
            affected_count=facts["affected_count"],
            repeated=receipt.repeated,
        )

    def reprioritise(
        self,
        scope: Scope,
        job_id: str,
        priority: Priority,
        *,
        seen: Sequence[tuple[Priority, int]] | None = None,
        owner: str | None = None,
        act: Act = SYSTEM,
        idempotency: Idempotency | None = None,
        now_ms: int | None = None,
    ) -> Reprioritised:
        """Put a queued job into another tier, at the place of its own submission.

        ``owner``: whose job it must be. ``seen``: as for a move.

        Raises: NotFound, Conflict, VersionStale, NotYourJob, IdempotencyMismatch.
        """
        receipt = perform(
            self._scripts,
            "reprioritise",
            scope,
            act,
            idempotency=idempotency,
            now_ms=now_ms,
            id=job_id,
            tier=priority.tier,
            seen=_told(seen),
            owner=None if owner is None else encode_part(owner),
        )
        facts = receipt.facts
        return Reprioritised(
            priority_before=TIERS[facts["tier_before"]],
            overall_before=facts["overall_before"],
            overall=facts["overall"],
            position=facts["position"],
            version=facts["version"],
            at_ms=facts["at_ms"],
            repeated=receipt.repeated,
        )

    def positions(self, scope: Scope, job_ids: Sequence[str]) -> list[int | None]:
        """Return the overall positions of some jobs, from 1; None for one that is not queued."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for job_id in job_ids:
                pipe.zrank(self._keys("queue", scope.key), job_id)
            ranks = pipe.execute()
        return [None if rank is None else rank + 1 for rank in ranks]


def _told(seen: Sequence[tuple[Priority, int]] | None) -> list[list[int]] | None:
    return None if seen is None else [[priority.tier, version] for priority, version in seen]
