"""Lists of jobs across scopes: all that one API key covers, newest first.

Within one scope ``listing`` does more; here only what the Job Management API asks for. A list is
merged from one index per scope and description; its cost grows with them and with what is skipped.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from queueapp.domain.job import Job
from queueapp.domain.scope import Scope, encode_part, valid_id
from queueapp.domain.states import Status
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.reading import read_jobs
from queueapp.store.scripts import Scripts

CHUNK = 1_000
# How many entries are looked at to count matches that no index counts.
MOST_COUNTED = 100_000

Entry = tuple[int, str]
Source = tuple[Scope, "Covered"]


@dataclass(frozen=True)
class Covered:
    """Which jobs to list; None does not filter.

    ``pinned``: whether they are pinned to a host; ``scope``: the only one of those that are asked.
    """

    status: Status | None = None
    host: str | None = None
    node: str | None = None
    pinned: bool | None = None
    scope: Scope | None = None


@dataclass(frozen=True)
class CoveredPage:
    """One page of jobs; ``total`` is None where counting would cost too much."""

    jobs: list[Job]
    total: int | None


class Coverage:
    """Reads the indexes of many scopes as one."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def scopes(self, tenant: str | None, project: str | None) -> list[Scope]:
        """Return the scopes with jobs that a key for these covers; None means all.

        Not that of queueapp's own jobs, which no key names.
        """
        if tenant is not None and project is not None:
            return [Scope(tenant, project)]
        with store_errors():
            if tenant is None:
                found = map(Scope.from_key, self._client.smembers(self._keys("scopes")))
                return sorted(scope for scope in found if valid_id(scope.tenant))
            projects = self._client.smembers(self._keys("tenant", encode_part(tenant)))
        return sorted(Scope(tenant, unquote(project)) for project in projects)

    def find(self, scopes: Iterable[Scope], job_id: str) -> Job | None:
        """Return a job if it is in one of the scopes."""
        with store_errors():
            found = read_jobs(self._scripts, [job_id])
        return found[0] if found and found[0].spec.scope in set(scopes) else None

    def count(self, scopes: Iterable[Scope], status: Status) -> int:
        """Return how many jobs of the scopes are in a status."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for scope in scopes:
                pipe.zcard(self._keys("index", scope.key, "status", status))
            return sum(pipe.execute())

    def page(
        self, scopes: Sequence[Scope], *wanted: Covered, offset: int, limit: int
    ) -> CoveredPage:
        """Return the jobs of the scopes that any of ``wanted`` describes, newest first.

        No job may be described by two of them.
        """
        sources = [(scope, one) for one in wanted for scope in scopes if one.scope in (None, scope)]
        with store_errors():
            entries = heapq.merge(*(self._entries(*source) for source in sources))
            ids = [job_id for _, job_id in islice(entries, offset, offset + limit)]
            return CoveredPage(read_jobs(self._scripts, ids), self._total(sources))

    def ids(self, scope: Scope, wanted: Covered) -> Iterator[str]:
        """Yield the ids of one scope's jobs, newest first; what moves meanwhile may be missed."""
        with store_errors():
            for _, job_id in self._entries(scope, wanted):
                yield job_id

    def _index(self, scope: Scope, wanted: Covered) -> str:
        """Return the smallest index that holds all that is wanted."""
        if wanted.host is not None:
            return self._keys("index", scope.key, "host", encode_part(wanted.host))
        if wanted.pinned:
            return self._keys("index", scope.key, "pinned", "yes")
        if wanted.node is not None:
            return self._keys("index", scope.key, "node", wanted.node)
        if wanted.status is not None:
            return self._keys("index", scope.key, "status", wanted.status)
        return self._keys("all", scope.key)

    def _filters(self, scope: Scope, wanted: Covered) -> list[tuple[str, bool]]:
        """Return the other sets in which a job must, or must not, stand."""
        index = self._index(scope, wanted)
        filters = []
        if wanted.status is not None:
            filters.append((self._keys("index", scope.key, "status", wanted.status), True))
        if wanted.node is not None:
            filters.append((self._keys("index", scope.key, "node", wanted.node), True))
        if wanted.pinned is not None:
            filters.append((self._keys("index", scope.key, "pinned", "yes"), wanted.pinned))
        return [one for one in filters if one[0] != index]

    def _entries(self, scope: Scope, wanted: Covered) -> Iterator[Entry]:
        """Yield what matches in one scope, the newest first: the smallest of what is merged."""
        index, filters = self._index(scope, wanted), self._filters(scope, wanted)
        offset = 0
        while True:
            chunk: list[tuple[str, float]] = self._client.zrange(
                index, offset, offset + CHUNK - 1, desc=True, withscores=True
            )
            yield from self._matching(chunk, filters)
            if len(chunk) < CHUNK:
                return
            offset += CHUNK

    def _matching(
        self, chunk: list[tuple[str, float]], filters: list[tuple[str, bool]]
    ) -> Iterator[Entry]:
        ids = [job_id for job_id, _ in chunk]
        fits = [True] * len(ids)
        for key, inside in filters if ids else ():
            scores = self._client.zmscore(key, ids)
            fits = [
                fit and (score is not None) == inside
                for fit, score in zip(fits, scores, strict=True)
            ]
        for (job_id, created), fit in zip(chunk, fits, strict=True):
            if fit:
                yield -int(created), job_id

    def _total(self, sources: Sequence[Source]) -> int | None:
        pipe = self._client.pipeline(transaction=False)
        for source in sources:
            pipe.zcard(self._index(*source))
        sizes: list[int] = pipe.execute()
        if not any(self._filters(*source) for source in sources):
            return sum(sizes)
        if sum(sizes) > MOST_COUNTED:
            return None
        return sum(1 for source in sources for _ in self._entries(*source))
