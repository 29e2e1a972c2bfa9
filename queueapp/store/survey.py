"""What estimates read: a queue's head and depths, who else waits, the newest runs.

The outlook calls these; each is one script, so its numbers belong to one moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.domain.backlog import Depths
from queueapp.domain.job import DEFAULT_TIMEOUT_MINUTES, Job, Resource
from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.rooms import Shape
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.codec import build
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.pauses import Pause, decode_pause
from queueapp.store.scripts import Scripts

MOST_RIVALS = 1_000


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """A queued job as far as its start depends on it."""

    job_id: str
    tier: int
    shape: Shape
    resource: Resource | None
    submitted_by: str
    timeout_minutes: int
    due_ms: int | None
    host: str | None
    dependencies: tuple[str, ...] = ()
    unmet: int = 0  # how many of them have not ended
    waits_for_host: bool = False

    @classmethod
    def of(cls, job: Job) -> "QueuedRow":
        """Return a queued job as far as its start depends on it."""
        spec = job.spec
        return cls(
            job_id=job.id,
            tier=spec.priority.tier,
            shape=Shape.of(spec.type, spec.requirements),
            resource=spec.resource,
            submitted_by=spec.submitted_by,
            timeout_minutes=spec.timeout_minutes,
            due_ms=job.due_ms,
            host=spec.host,
            dependencies=spec.dependencies,
            unmet=job.unmet_dependencies,
            waits_for_host=job.waits_for_host,
        )

    @property
    def waits(self) -> bool:
        """Whether it could not be claimed whatever its turn."""
        return self.due_ms is not None or self.unmet > 0 or self.waits_for_host


@dataclass(frozen=True)
class Survey:
    """A scope's queue at one moment: its first jobs one by one, the rest in numbers."""

    sign: str  # the same as long as the queue and what bounds it are
    now_ms: int
    size: int
    queued: dict[Priority, int]
    max_running: int | None
    weight: float
    eligible_since: dict[Priority, int]  # sums of the moments since which runnable jobs wait
    pauses: dict[str, Pause]
    type_limits: dict[str, tuple[int, int]]  # how many may run in the fleet, how many do
    running: int
    head: list[QueuedRow]
    depths: Depths


@dataclass(frozen=True)
class Rival:
    """A scope with jobs of a tier and a shape that could be claimed now, and its weight."""

    scope: str
    tier: int
    shape: Shape
    weight: float


class Surveys:
    """Reads what estimates are made of; changes nothing."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def queue(
        self, scope: Scope, *, head: int, known: Survey | None = None, now_ms: int | None = None
    ) -> Survey:
        """Return a scope's queue: its first ``head`` jobs and how much stands behind them.

        ``known`` is returned as long as it is true.
        """
        sign = known.sign if known else None
        answer = self._scripts.call("survey", scope=scope.key, head=head, known=sign, now_ms=now_ms)
        if known and not answer:
            return known
        sign, now, size, tiers, meta, pauses, limits, running, rows, shapes, points = answer
        return Survey(
            sign=sign,
            now_ms=int(now),
            size=size,
            queued=dict(zip(TIERS, tiers, strict=True)),
            max_running=int(meta[4]) if meta[4] else None,
            weight=float(meta[5] or 1),
            eligible_since={
                priority: int(since or 0) for priority, since in zip(TIERS, meta[6:], strict=True)
            },
            pauses={kind: decode_pause(kind, orjson.loads(text)) for kind, text in _pairs(pauses)},
            type_limits=_limits(limits),
            running=running,
            head=[_row(row) for row in rows],
            depths=_depths(shapes, points),
        )

    def rivals(self) -> list[Rival]:
        """Return which scopes wait for which turns, as far as turns need it."""
        found = self._scripts.call("rivals", most=MOST_RIVALS)
        return [
            Rival(scope, int(tier), Shape.parse(shape), float(weight or 1))
            for tier, shape, scopes in zip(found[::3], found[1::3], found[2::3], strict=True)
            for scope, weight in _pairs(scopes)
        ]

    def turns_before(self, scope: Scope, pinned: Sequence[tuple[str, str]]) -> list[int]:
        """Return how many ready jobs stand before each of ``pinned`` (host, job) on its host."""
        pipe = self._client.pipeline(transaction=False)
        with store_errors():
            for host, job_id in pinned:
                pipe.zrank(self._keys("host", scope.key, encode_part(host)), job_id)
            found = pipe.execute()
        return [rank or 0 for rank in found]

    def newest_runs(self, scope: Scope, bases: Sequence[str]) -> tuple[int, list[str]]:
        """Return when run times were learnt, 0 for never, and the newest run of each basis.

        As it is stored, empty where there is none.
        """
        at, found = self._scripts.call("newest_runs", scope=scope.key, bases=list(bases))
        return int(at or 0), found


def _pairs(flat: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _limits(flat: Sequence[str]) -> dict[str, tuple[int, int]]:
    triples = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return {kind: (int(most), int(running)) for kind, most, running in triples}


def _row(row: Sequence[Any]) -> QueuedRow:
    job_id, spec, shape, tier, timeout, due, host, unmet, host_waits, user = row
    told = orjson.loads(spec)
    resource = told.get("resource")
    return QueuedRow(
        job_id=job_id,
        tier=int(tier),
        shape=Shape.parse(shape),
        resource=build(Resource, resource) if resource else None,
        submitted_by=unquote(user or ""),
        timeout_minutes=int(timeout or DEFAULT_TIMEOUT_MINUTES),
        due_ms=int(float(due)) if due else None,
        host=host,
        dependencies=tuple(told.get("dependencies", ())),
        unmet=int(unmet or 0) - bool(host_waits),
        waits_for_host=bool(host_waits),
    )


def _depths(shapes: Sequence[Any], points: Sequence[Any]) -> Depths:
    sizes = {(int(entry[0]), Shape.parse(entry[2:])): size for entry, size in _pairs(shapes)}
    return Depths(
        sizes,
        [
            (rank, tier, {Shape.parse(shape): count for shape, count in _pairs(counts)})
            for rank, tier, counts in points
        ],
    )
