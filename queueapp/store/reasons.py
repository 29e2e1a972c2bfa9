"""Why jobs that could be claimed waited: what upkeep saw of each shape, kept as timelines.

Upkeep writes them, answers about one job and history read them. Decision 0028.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from queueapp.domain.job import Job
from queueapp.domain.rollup import DAY_MS
from queueapp.domain.scope import Scope
from queueapp.domain.waited import ready_spans, waited
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

KEPT_MS = 30 * DAY_MS
MOST_CHANGES = 500
SHORTEST_MS = 1_000


@dataclass(frozen=True)
class Seen:
    """Of one shape: what its jobs wait for, since when, how many of them times how long."""

    shape: str
    code: str
    since_ms: int
    job_ms: int


class Reasons:
    """Notes and tells why jobs wait."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def note(self, scope: Scope, seen: Sequence[Seen], *, now_ms: int | None = None) -> None:
        """Add a look to the hour's roll-up; begin a new stretch where a reason has changed."""
        self._scripts.call(
            "note_reasons",
            scope=scope.key,
            seen=[[one.shape, one.code, one.job_ms, one.since_ms] for one in seen],
            keep_ms=KEPT_MS,
            most=MOST_CHANGES,
            now_ms=now_ms,
        )

    def watched(self, now_ms: int) -> int | None:
        """Say that somebody looks now; return when somebody last did."""
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.hget(self._keys("clock"), "watched")
            pipe.hset(self._keys("clock"), "watched", now_ms)
            before, _ = pipe.execute()
        return int(before) if before else None

    def waited(self, job: Job, *, now_ms: int) -> dict[str, int]:
        """Return for how many ms a job has waited for each thing.

        Waits too short for a look to tell their reason are not looked up: they count as its turn.
        """
        spans = ready_spans(job, now_ms)
        if sum(end - start for start, end in spans) < SHORTEST_MS:
            return waited(job, (), now_ms)
        shape = f"{job.spec.type}.{job.spec.requirements.shape}"
        key = self._keys("reasons", job.spec.scope.key, shape)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for start, end in spans:
                pipe.zrange(key, start, "-inf", byscore=True, desc=True, offset=0, num=1)
                pipe.zrange(key, f"({start}", f"({end}", byscore=True)
            found = {text for part in pipe.execute() for text in part}
        return waited(job, sorted(_changes(found)), now_ms)


def _changes(texts: Iterable[str]) -> Iterable[tuple[int, str]]:
    for text in texts:
        at, _, code = text.partition("|")
        yield int(at), code
