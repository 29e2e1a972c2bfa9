"""Why jobs that could be claimed waited: what upkeep saw of each shape, kept as timelines.

Upkeep writes them, answers about one job and history read them. Decision 0028.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from queueapp.domain.job import Job
from queueapp.domain.rollup import DAY_MS
from queueapp.domain.scope import Scope
from queueapp.domain.waited import Timeline, ready_spans, waited, with_pauses
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.pauses import WHOLE_SCOPE
from queueapp.store.scripts import Scripts

KEPT_MS = 30 * DAY_MS
MOST_CHANGES = 500
SHORTEST_MS = 1_000


@dataclass(frozen=True)
class Seen:
    """Of one shape: what its jobs wait for, since when, how many did from look to look."""

    shape: str
    code: str
    since_ms: int
    jobs: int


class Reasons:
    """Notes and tells why jobs wait."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def note(
        self,
        scope: Scope,
        seen: Sequence[Seen],
        *,
        from_ms: int,
        to_ms: int,
        now_ms: int | None = None,
    ) -> None:
        """Add a look, and the time since the one before, to the hour's roll-up.

        Begins a new stretch where a reason has changed. What pauses took of the time is theirs.
        """
        self._scripts.call(
            "note_reasons",
            scope=scope.key,
            seen=[[one.shape, one.code, one.since_ms, one.jobs] for one in seen],
            looked=from_ms,
            at=to_ms,
            keep_ms=KEPT_MS,
            most=MOST_CHANGES,
            now_ms=now_ms,
        )

    def watched_ms(self) -> int | None:
        """Return when somebody last looked; None if nobody ever did."""
        with store_errors():
            before = self._client.hget(self._keys("clock"), "watched")
        return int(before) if before else None

    def watched(self, at_ms: int) -> None:
        """Say that somebody has looked at everything, as it was at a time.

        To be called when the last note is taken: a pause that ends meanwhile counts for itself
        since the look before, unless its project was noted already.
        """
        with store_errors():
            self._client.hset(self._keys("clock"), "watched", at_ms)

    def waited(self, job: Job, *, now_ms: int) -> dict[str, int]:
        """Return for how many ms a job has waited for each thing.

        Waits too short for a look to tell their reason are not looked up: they count as its turn.
        """
        spans = ready_spans(job, now_ms)
        if sum(end - start for start, end in spans) < SHORTEST_MS:
            return waited(job, (), now_ms)
        scope, kind = job.spec.scope.key, job.spec.type
        lines = self._timelines(
            spans,
            self._keys("reasons", scope, f"{kind}.{job.spec.requirements.shape}"),
            self._keys("paused", scope, WHOLE_SCOPE),
            self._keys("paused", scope, kind),
        )
        return waited(job, with_pauses(*lines), now_ms)

    def _timelines(self, spans: Sequence[tuple[int, int]], *keys: str) -> list[Timeline]:
        """Return what each of the timelines says of the spans."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for key in keys:
                for start, end in spans:
                    pipe.zrange(key, start, "-inf", byscore=True, desc=True, offset=0, num=1)
                    pipe.zrange(key, f"({start}", f"({end}", byscore=True)
            parts = pipe.execute()
        size = 2 * len(spans)
        each = (parts[at : at + size] for at in range(0, len(parts), size))
        return [_timeline(text for part in mine for text in part) for mine in each]


def _timeline(texts: Iterable[str]) -> Timeline:
    parts = (text.partition("|") for text in set(texts))
    return sorted((int(at), code) for at, _, code in parts)
