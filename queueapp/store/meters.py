"""What the scripts counted for monitoring, over the whole fleet."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from queueapp.domain.meters import METER_BOUNDS_MS, Lease, Meter
from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store.clock import in_ms
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

MOST_LEASES = 1_000  # whose ages are looked at
AT_ONCE = 250  # scopes; the server serves others between two calls


@dataclass(frozen=True)
class Sizes:
    """How many jobs there are by status, and queued by scope and priority where there are any."""

    statuses: dict[Status, int]
    depths: dict[tuple[Scope, Priority], int]


class Meters:
    """Reads the counters; nothing here costs more when more jobs are queued."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def all(self) -> dict[tuple[str, str], Meter]:
        """Return each meter by what it counts and its label: ("wait", tier), ("attempt", end)."""
        with store_errors():
            counted = self._client.hgetall(self._keys("meters"))
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for field, value in counted.items():
            what, label, bucket = field.split(":")
            found[what, label][bucket] = int(value)
        return {key: _meter(buckets) for key, buckets in found.items()}

    def sizes(self, scopes: Sequence[Scope]) -> Sizes:
        """Return how many jobs some scopes keep by status, and queue by scope and priority."""
        kinds, statuses, depths = list(Status), Counter[Status](), {}
        for at in range(0, len(scopes), AT_ONCE):
            some = scopes[at : at + AT_ONCE]
            rows = self._scripts.call("sizes", scopes=[one.key for one in some], statuses=kinds)
            for scope, row in zip(some, rows, strict=True):
                statuses.update(dict(zip(kinds, row, strict=False)))
                by_tier = zip(TIERS, row[len(kinds) :], strict=True)
                depths.update({(scope, tier): size for tier, size in by_tier if size})
        return Sizes({kind: statuses[kind] for kind in kinds}, depths)

    def leases(self) -> Lease:
        """Return how many leases there are, how long the shortest has left and how old they are."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            pipe.zcard(self._keys("leases"))
            pipe.zrange(self._keys("leases"), 0, MOST_LEASES - 1, withscores=True)
            told, running, first = pipe.execute()
            for job_id, _ in first:
                pipe.hget(self._keys("job", job_id), "started")
            started = [int(text) for text in pipe.execute() if text is not None]
        now_ms = in_ms(told)
        return Lease(
            running,
            shortest_ms=int(first[0][1]) - now_ms if first else None,
            oldest_ms=max(0, now_ms - min(started)) if started else None,
        )


def _meter(buckets: dict[str, int]) -> Meter:
    counts = tuple(buckets.get(str(at), 0) for at in range(1, len(METER_BOUNDS_MS) + 2))
    return Meter(counts, buckets.get("ms", 0))
