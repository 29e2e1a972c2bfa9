"""What upkeep looks at every few seconds: each queue in a few numbers, and the fleet once.

Its cost grows with scopes, shapes and slots, never with queued jobs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from queueapp.domain.scope import Scope
from queueapp.domain.waiting import Place
from queueapp.store.clock import in_ms
from queueapp.store.connect import Client, store_errors
from queueapp.store.fleet import Fleet
from queueapp.store.keys import Keys
from queueapp.store.pauses import Pause, decode_pause
from queueapp.store.scripts import Scripts


@dataclass(frozen=True)
class Glance:
    """A scope's queue: its size, its jobs that could be claimed by shape, what may hold them."""

    scope: Scope
    size: int
    submitted: int
    running: int
    limit: int | None
    ready: dict[str, int]
    pauses: dict[str, Pause]
    resumed_ms: dict[str, int]


@dataclass(frozen=True)
class FleetGlance:
    """The live fleet: places, running jobs by scope and type, limits of types, newest worker."""

    now_ms: int
    places: Sequence[Place]
    running: Counter[tuple[str, str]] = field(default_factory=Counter)
    type_limits: dict[str, int] = field(default_factory=dict)
    newest_worker: str | None = None

    def of_type(self, kind: str) -> int:
        """Return how many jobs of a type run."""
        return sum(n for (_, running), n in self.running.items() if running == kind)


class Glances:
    """Reads what is looked at."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._fleet = Fleet(client, keys, scripts)

    def waiting(self) -> list[Scope]:
        """Return the scopes that have queued jobs, or a bottleneck that is watched."""
        with store_errors():
            scopes = sorted(self._client.smembers(self._keys("scopes")))
            pipe = self._client.pipeline(transaction=False)
            for scope in scopes:
                pipe.exists(self._keys("queue", scope), self._keys("watch", scope))
            found = pipe.execute()
        return [Scope.from_key(scope) for scope, there in zip(scopes, found, strict=True) if there]

    def read(self, scope: Scope) -> Glance:
        """Return one scope's queue at a glance."""
        key, keys = scope.key, self._keys
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zcard(keys("queue", key))
            pipe.hgetall(keys("meta", key))
            pipe.smembers(keys("shapes", key))
            pipe.hgetall(keys("pauses", key))
            pipe.zcard(keys("index", key, "status", "Running"))
            size, meta, shapes, pauses, running = pipe.execute()
            ready = self._ready(key, shapes)
        resumed = {name[8:]: int(at) for name, at in meta.items() if name.startswith("resumed:")}
        return Glance(
            scope=scope,
            size=int(size),
            submitted=int(meta.get("sequence", 0)),
            running=int(running),
            limit=int(meta["max_running"]) if meta.get("max_running") else None,
            ready=ready,
            pauses={kind: decode_pause(kind, orjson.loads(text)) for kind, text in pauses.items()},
            resumed_ms=resumed,
        )

    def _ready(self, scope: str, shapes: Iterable[str]) -> dict[str, int]:
        """Return how many jobs of each shape are runnable, over all tiers."""
        entries = [entry.split("|", 1) for entry in sorted(shapes)]
        pipe = self._client.pipeline(transaction=False)
        for tier, shape in entries:
            pipe.zcard(self._keys("runnable", scope, tier, shape))
        ready: Counter[str] = Counter()
        for (_, shape), n in zip(entries, pipe.execute(), strict=True):
            ready[shape] += int(n)
        return dict(ready)

    def fleet(self) -> FleetGlance:
        """Return the live fleet at a glance, with the store's time."""
        with store_errors():
            now = in_ms(self._client.time())
            leased = self._client.zrange(self._keys("leases"), 0, -1)
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(self._keys("type_limits"))
            for job_id in leased:
                pipe.hmget(self._keys("job", job_id), "scope", "shape")
            limits, *rows = pipe.execute()
        workers = [one for one in self._fleet.workers(now_ms=now) if one["live"]]
        newest = max(workers, key=lambda one: int(one["born"]), default=None)
        return FleetGlance(
            now_ms=now,
            places=self._fleet.places(now_ms=now),
            running=Counter((scope, shape.rpartition(".")[0]) for scope, shape in rows if scope),
            type_limits={kind: int(most) for kind, most in limits.items()},
            newest_worker=newest["name"] if newest else None,
        )
