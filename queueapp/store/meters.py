"""What the scripts counted for monitoring, over the whole fleet."""

from collections import defaultdict
from collections.abc import Sequence

from queueapp.domain.meters import METER_BOUNDS_MS, Lease, Meter
from queueapp.domain.queue import TIERS, Priority, score
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store.clock import in_ms
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

Depths = dict[tuple[Scope, Priority], int]


class Meters:
    """Reads the counters; nothing here costs more when more jobs are queued."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys

    def all(self) -> dict[tuple[str, str], Meter]:
        """Return each meter by what it counts and its label: ("wait", tier), ("attempt", end)."""
        with store_errors():
            counted = self._client.hgetall(self._keys("meters"))
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for field, value in counted.items():
            what, label, bucket = field.split(":")
            found[what, label][bucket] = int(value)
        return {key: _meter(buckets) for key, buckets in found.items()}

    def statuses(self, scopes: Sequence[Scope]) -> dict[Status, int]:
        """Return how many jobs are kept in each status, over some scopes."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for scope in scopes:
                for status in Status:
                    pipe.zcard(self._keys("index", scope.key, "status", status))
            sizes = pipe.execute()
        kinds = list(Status)
        return {status: sum(sizes[at :: len(kinds)]) for at, status in enumerate(kinds)}

    def depths(self, scopes: Sequence[Scope]) -> Depths:
        """Return how many jobs are queued, by scope and priority; empty tiers are left out."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for scope in scopes:
                for tier in range(len(TIERS)):
                    low, high = score(tier, 0), score(tier + 1, 0)
                    pipe.zcount(self._keys("queue", scope.key), low, f"({high}")
            sizes = pipe.execute()
        places = [(scope, priority) for scope in scopes for priority in TIERS]
        return {place: size for place, size in zip(places, sizes, strict=True) if size}

    def leases(self) -> Lease:
        """Return how many leases there are and how long the shortest has left, in ms."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            pipe.zcard(self._keys("leases"))
            pipe.zrange(self._keys("leases"), 0, 0, withscores=True)
            told, running, first = pipe.execute()
        now_ms = in_ms(told)
        return Lease(running, int(first[0][1]) - now_ms if first else None)


def _meter(buckets: dict[str, int]) -> Meter:
    counts = tuple(buckets.get(str(at), 0) for at in range(1, len(METER_BOUNDS_MS) + 2))
    return Meter(counts, buckets.get("ms", 0))
