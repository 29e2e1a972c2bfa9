"""Lists of jobs: newest first, filtered, paged, with the counts by status beside them.

Without field filters the counts come from the indexes' sizes; with them the smallest index
is walked, at most ``WALK`` entries of it: past that the answer says that it is approximate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queueapp.domain.job import Job
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope, encode_part
from queueapp.domain.states import Status
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.reading import read_jobs
from queueapp.store.scripts import Scripts

WALK = 100_000
CHUNK = 1_000


@dataclass(frozen=True)
class JobFilter:
    """Which jobs to list; None does not filter. Both time bounds are inclusive."""

    status: Status | None = None
    type: str | None = None
    priority: Priority | None = None
    submitted_by: str | None = None
    created_from_ms: int | None = None
    created_to_ms: int | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The index values that a job must stand in, the status aside."""
        wanted = {
            "type": self.type,
            "priority": self.priority and str(self.priority),
            "user": encode_part(self.submitted_by) if self.submitted_by is not None else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class JobPage:
    """One page of jobs; ``counts`` is over the filter without its status."""

    jobs: list[Job]
    total: int
    counts: dict[Status, int]
    approximate: bool


@dataclass(frozen=True)
class _Matches:
    ids: list[str]
    total: int
    counts: dict[Status, int]
    approximate: bool


class Listing:
    """Reads the indexes that the scripts keep."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def page(self, scope: Scope, wanted: JobFilter, *, page: int, page_size: int) -> JobPage:
        """Return the ``page``-th page (from 1) of the jobs that ``wanted`` describes."""
        skip = (page - 1) * page_size
        if wanted.priority is not None:
            # A job that changed its priority a moment ago may not stand in that index yet.
            self._scripts.call("catch_up", scope=scope.key, limit=None)
        with store_errors():
            if wanted.fields:
                found = self._walked(scope, wanted, skip, page_size)
            else:
                found = self._counted(scope, wanted, skip, page_size)
            jobs = read_jobs(self._scripts, found.ids)
        return JobPage(jobs, found.total, found.counts, found.approximate)

    def _bounds(self, wanted: JobFilter) -> tuple[str, str]:
        low, high = wanted.created_from_ms, wanted.created_to_ms
        return "-inf" if low is None else str(low), "+inf" if high is None else str(high)

    def _counted(self, scope: Scope, wanted: JobFilter, skip: int, size: int) -> _Matches:
        low, high = self._bounds(wanted)
        pipe = self._client.pipeline(transaction=False)
        for status in Status:
            pipe.zcount(self._keys("index", scope.key, "status", status), low, high)
        key = self._keys("all", scope.key)
        if wanted.status is not None:
            key = self._keys("index", scope.key, "status", wanted.status)
        pipe.zrange(key, high, low, desc=True, byscore=True, offset=skip, num=size)
        *numbers, ids = pipe.execute()
        counts = dict(zip(Status, numbers, strict=True))
        total = counts[wanted.status] if wanted.status is not None else sum(numbers)
        return _Matches(ids, total, counts, approximate=False)

    def _walked(self, scope: Scope, wanted: JobFilter, skip: int, size: int) -> _Matches:
        keys = [self._keys("index", scope.key, *pair) for pair in wanted.fields.items()]
        sizes = [self._client.zcard(key) for key in keys]
        smallest = keys[sizes.index(min(sizes))]
        others = [key for key in keys if key != smallest]
        counts = dict.fromkeys(Status, 0)
        ids: list[str] = []
        walked = total = 0
        for chunk in self._chunks(smallest, wanted):
            walked += len(chunk)
            for job_id, status in self._matching(scope, chunk, others):
                counts[status] += 1
                if wanted.status in (None, status):
                    total += 1
                    if skip < total <= skip + size:
                        ids.append(job_id)
            if walked >= WALK:
                return _Matches(ids, total, counts, approximate=True)
        return _Matches(ids, total, counts, approximate=False)

    def _chunks(self, key: str, wanted: JobFilter) -> Iterator[list[str]]:
        low, high = self._bounds(wanted)
        offset = 0
        while True:
            chunk: list[str] = self._client.zrange(
                key, high, low, desc=True, byscore=True, offset=offset, num=CHUNK
            )
            if chunk:
                yield chunk
            if len(chunk) < CHUNK:
                return
            offset += CHUNK

    def _matching(
        self, scope: Scope, chunk: list[str], others: list[str]
    ) -> Iterator[tuple[str, Status]]:
        pipe = self._client.pipeline(transaction=False)
        for key in others:
            pipe.zmscore(key, chunk)
        for status in Status:
            pipe.zmscore(self._keys("index", scope.key, "status", status), chunk)
        found = pipe.execute()
        members, statuses = found[: len(others)], found[len(others) :]
        for at, job_id in enumerate(chunk):
            if any(scores[at] is None for scores in members):
                continue
            for status, scores in zip(Status, statuses, strict=True):
                if scores[at] is not None:
                    yield job_id, status
                    break
