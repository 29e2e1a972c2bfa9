"""How long jobs run, from the newest runs of the most specific basis that has enough.

The outlook asks, for many jobs at once; what was summed up stays true until a basis gets a newer
run, which one look tells. A trained model would take this room's place behind the same method.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from queueapp.domain.estimates import (
    MINUTE_MS,
    SAMPLE_AGE_MS,
    Duration,
    Runs,
    estimate_duration,
)
from queueapp.domain.job import DEFAULT_TIMEOUT_MINUTES, JobSpec, Resource
from queueapp.domain.scope import Scope, encode_part
from queueapp.store import Store

BASES = {"r": "resource", "t": "type", "p": "project"}
MAX_KEPT = 20_000


class Kind(NamedTuple):
    """What of a job its run time may depend on; ``timeout_minutes`` bounds it in any case."""

    type: str
    resource: Resource | None = None
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES

    @classmethod
    def of(cls, spec: JobSpec) -> "Kind":
        """Return what a job's run time may depend on."""
        return cls(spec.type, spec.resource, spec.timeout_minutes)

    @property
    def bases(self) -> list[str]:
        """The names under which the run time is kept, most specific first."""
        general = [f"t/{self.type}", "p"]
        if self.resource is None:
            return general
        resource = encode_part(self.resource.id)
        return [f"r/{self.type}/{self.resource.type}/{resource}", *general]


def duration_bases(spec: JobSpec) -> list[str]:
    """Return the names under which a job's run time is kept, most specific first."""
    return Kind.of(spec).bases


class Durations:
    """Reads and remembers the runs of duration bases; any thread may ask."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[Scope, str], tuple[str, int, Runs]] = {}

    def of(self, scope: Scope, kinds: Sequence[Kind], *, now_ms: int) -> list[Duration]:
        """Return how long jobs of each kind run in a scope."""
        names = dict.fromkeys(name for kind in dict.fromkeys(kinds) for name in kind.bases)
        runs = self._runs(scope, list(names), now_ms - SAMPLE_AGE_MS)
        known: dict[Kind, Duration] = {}
        for kind in kinds:
            if kind not in known:
                ladder = [(BASES[name[0]], runs[name]) for name in kind.bases]
                timeout = kind.timeout_minutes * MINUTE_MS
                known[kind] = estimate_duration(ladder, timeout_ms=timeout)
        return [known[kind] for kind in kinds]

    def _runs(self, scope: Scope, names: Sequence[str], oldest_ms: int) -> dict[str, Runs]:
        newest = self._store.surveys.newest_runs(scope, names)
        known: dict[str, Runs] = {}
        for name, text in zip(names, newest, strict=True):
            kept_text, first_ms, runs = self._kept.get((scope, name), ("", 0, Runs(0)))
            if text == kept_text and first_ms >= oldest_ms:
                known[name] = runs
            elif not text:
                known[name] = Runs(0)
        changed = [(name, text) for name, text in zip(names, newest, strict=True)]
        return known | self._read(
            scope, [pair for pair in changed if pair[0] not in known], oldest_ms
        )

    def _read(
        self, scope: Scope, changed: Iterable[tuple[str, str]], oldest_ms: int
    ) -> dict[str, Runs]:
        wanted = list(changed)
        if not wanted:
            return {}
        if len(self._kept) > MAX_KEPT:
            self._kept = {}
        found = self._store.figures.runs(scope, [name for name, _ in wanted])
        known = {}
        for (name, text), rows in zip(wanted, found, strict=True):
            young = [row for row in rows if row[2] >= oldest_ms]
            written = [float(row[1]) for row in young if row[1] is not None]
            known[name] = Runs.of([float(row[0]) for row in young], written)
            first = min((row[2] for row in young), default=oldest_ms)
            self._kept[scope, name] = (text, first, known[name])
        return known
