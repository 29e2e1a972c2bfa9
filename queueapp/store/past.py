"""What a forecast needs to know of a scope's jobs: when each came, began and ended, and its kind.

Workers read it for a forecast. It is bounded, and read in small steps, so that the server serves
others in between.
"""

import re
from dataclasses import dataclass

from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

NEWEST = 20_000
AT_ONCE = 250
HEAD_BYTES = 2_048
"""As much of a spec as holds its resource: a name and a resource are not longer."""

FIELDS = (
    "created",
    "eligible",
    "started",
    "ended",
    "tier",
    "user",
    "shape",
    "due",
    "unmet",
    "status",
)
"""What ``read_past`` tells of each job, before the head of its spec."""
_TEXT = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_RESOURCE = re.compile(rf'\{{(?:"name":{_TEXT},)?"resource":(\{{(?:[^"{{}}]++|{_TEXT})*+\}})')
Table = dict[str, list[str | None]]


@dataclass(frozen=True)
class PastJobs:
    """Jobs as ``read_past`` tells of them: the newest of all, and those that are queued or run.

    ``table`` has a column for each of ``FIELDS``, one of ids, and one of resources as JSON.
    ``queued`` are the places of jobs in the queue, from 0. ``whole`` is False where older jobs
    than the oldest in the table were left out; that one was submitted at ``oldest_ms``.
    """

    table: Table
    queued: dict[str, int]
    whole: bool
    oldest_ms: int


class Past:
    """Reads the jobs of one scope at a time."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def jobs(self, scope: Scope, *, newest: int = NEWEST) -> PastJobs:
        """Return a scope's newest jobs, and at most as many that are queued or running."""
        key = scope.key
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(self._keys("all", key), 0, newest, desc=True, withscores=True)
            pipe.zrange(self._keys("queue", key), 0, newest - 1)
            pipe.zrange(self._keys("index", key, "status", Status.RUNNING), 0, newest - 1)
            found, queued, running = pipe.execute()
        created = found[:newest]
        wanted = dict.fromkeys([*(job_id for job_id, _ in created), *queued, *running])
        return PastJobs(
            table=self._table(list(wanted)),
            queued={job_id: place for place, job_id in enumerate(queued)},
            whole=len(found) <= newest,
            oldest_ms=int(created[-1][1]) if created else 0,
        )

    def came(self, scope: Scope, after_ms: int, until_ms: int, *, limit: int) -> list[str]:
        """Return jobs that were submitted in (after, until], the first ones."""
        with store_errors():
            found: list[str] = self._client.zrange(
                self._keys("all", scope.key),
                f"({after_ms}",
                until_ms,
                byscore=True,
                offset=0,
                num=limit,
            )
        return found

    def _table(self, wanted: list[str]) -> Table:
        table: Table = {name: [] for name in ("id", *FIELDS, "resource")}
        for at in range(0, len(wanted), AT_ONCE):
            ids = wanted[at : at + AT_ONCE]
            found = self._scripts.call("read_past", ids=ids, head=HEAD_BYTES - 1)
            kept = [pair for pair in zip(ids, found, strict=True) if pair[1][0] is not None]
            if kept:
                *fields, heads = zip(*(row for _, row in kept), strict=True)
                table["id"].extend(job_id for job_id, _ in kept)
                table["resource"].extend(map(resource_in, heads))
                for name, values in zip(FIELDS, fields, strict=True):
                    table[name].extend(values)
        return table


def resource_in(head: str) -> str | None:
    """Return the resource of a spec that may be cut off: it stands first, or behind the name."""
    found = _RESOURCE.match(head)
    return found[1] if found else None
