"""Figures of many jobs: what a scope's status adds up, and the run times that estimates rest on.

Read only; the scripts that move jobs keep what is read here.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from queueapp.domain.queue import Priority, score
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.answers import ScopeFigures
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

_TALLIED = ("completed", "failed", "run")
_SINCE = [f"eligible_since{priority.tier}" for priority in Priority]
HOUR_MS = 3_600_000
RUNS_READ = 200


class Figures:
    """Sums and samples by scope."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def projects(self, tenant: str) -> list[str]:
        """Return the projects of a tenant that ever had a job."""
        with store_errors():
            found = self._client.smembers(self._keys("tenant", encode_part(tenant)))
        return sorted(unquote(project) for project in found)

    def of(self, scope: Scope, *, day_ms: int, now_ms: int) -> ScopeFigures:
        """Return the figures of one scope that the system status adds up."""
        hours = range(day_ms // HOUR_MS, now_ms // HOUR_MS + 1)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for priority in Priority:
                low, high = score(priority.tier, 0), score(priority.tier + 1, 0)
                pipe.zcount(self._keys("queue", scope.key), low, f"({high}")
            pipe.hmget(self._keys("meta", scope.key), "eligible", *_SINCE)
            pipe.zcount(self._keys("done", scope.key), now_ms - 24 * HOUR_MS, "+inf")
            for hour in hours:
                pipe.hgetall(self._keys("hour", scope.key, hour))
            found = pipe.execute()
        sums = [summed(found[6:], what) for what in _TALLIED]
        eligible, *since = (int(value or 0) for value in found[4])
        queued = dict(zip(Priority, (int(n) for n in found[:4]), strict=True))
        return ScopeFigures(queued, eligible, sum(since), sums[0], sums[1], sums[2], int(found[5]))

    def runs(self, scope: Scope, bases: Sequence[str]) -> list[list[tuple[int, int | None, int]]]:
        """Return the newest run times of each basis: (run ms, written bytes, ended ms)."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for basis in bases:
                pipe.lrange(self._keys("runs", scope.key, basis), 0, RUNS_READ - 1)
            found = pipe.execute()
        return [[_run(text) for text in texts] for texts in found]


def summed(hours: Iterable[Mapping[str, str]], what: str) -> int:
    """Return one kind of sum of the roll-ups of hours, over all tiers and job types."""
    return sum(
        int(value) for hour in hours for name, value in hour.items() if name.startswith(f"{what}:")
    )


def _run(text: str) -> tuple[int, int | None, int]:
    run, written, ended = text.split(":")
    return int(run), int(written) if written else None, int(ended)
