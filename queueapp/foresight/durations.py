"""How long jobs run: what training learnt of the user's own runs, else the newest runs.

The outlook asks, for many jobs at once; what was summed up stays true until a basis gets a newer
run or another training, which one look tells. What training learnt stands first in each basis, as
long as it is not much older than the newest run: decision 0069 says what that is worth.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
NEWS_MS = 3_600_000
"""Runs that ended so long after a training tell more than it does."""


class Kind(NamedTuple):
    """What of a job its run time may depend on; ``timeout_minutes`` bounds it in any case."""

    type: str
    resource: Resource | None = None
    user: str | None = None
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES

    @classmethod
    def of(cls, spec: JobSpec) -> "Kind":
        """Return what a job's run time may depend on."""
        return cls(spec.type, spec.resource, spec.submitted_by, spec.timeout_minutes)

    @property
    def bases(self) -> list[str]:
        """The names under which the run time is kept, most specific first."""
        general = [f"t/{self.type}", "p"]
        if self.resource is None:
            return general
        resource = encode_part(self.resource.id)
        return [f"r/{self.type}/{self.resource.type}/{resource}", *general]

    def learnt_under(self, basis: str) -> str | None:
        """Return the name under which training keeps the user's own runs of a basis."""
        return None if self.user is None or basis == "p" else f"{encode_part(self.user)}/{basis}"


def duration_bases(spec: JobSpec) -> list[str]:
    """Return the names under which a job's run time is kept, most specific first."""
    return Kind.of(spec).bases


class Durations:
    """Reads and remembers the runs of duration bases; any thread may ask."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[Scope, str], tuple[str, int, Runs]] = {}
        self._learnt: dict[tuple[Scope, str], tuple[int, Runs | None]] = {}

    def of(self, scope: Scope, kinds: Sequence[Kind], *, now_ms: int) -> list[Duration]:
        """Return how long jobs of each kind run in a scope."""
        wanted = dict.fromkeys(kinds)
        names = list(dict.fromkeys(name for kind in wanted for name in kind.bases))
        learnt_ms, texts = self._store.surveys.newest_runs(scope, names)
        newest = dict(zip(names, texts, strict=True))
        fresh = {name for name in names if _ended_ms(newest[name]) - learnt_ms <= NEWS_MS}
        own = {kind.learnt_under(name) for kind in wanted for name in kind.bases if name in fresh}
        learnt = self._learnt_of(scope, learnt_ms, [name for name in own if name is not None])
        runs = self._runs(scope, newest, now_ms - SAMPLE_AGE_MS)
        known = {
            kind: estimate_duration(
                list(_ladder(kind, learnt, runs)), timeout_ms=kind.timeout_minutes * MINUTE_MS
            )
            for kind in wanted
        }
        return [known[kind] for kind in kinds]

    def _learnt_of(
        self, scope: Scope, learnt_ms: int, names: Sequence[str]
    ) -> dict[str, Runs | None]:
        """Return what training learnt under some names; read once for each training."""
        if not learnt_ms:
            return {}
        kept = {name: self._learnt.get((scope, name), (0, None)) for name in names}
        known = {name: runs for name, (at, runs) in kept.items() if at == learnt_ms}
        missing = [name for name in names if name not in known]
        if missing:
            if len(self._learnt) > MAX_KEPT:
                self._learnt = {}
            found = dict(zip(missing, self._store.run_times.of(scope, missing), strict=True))
            self._learnt.update({(scope, name): (learnt_ms, runs) for name, runs in found.items()})
            known |= found
        return known

    def _runs(self, scope: Scope, newest: Mapping[str, str], oldest_ms: int) -> dict[str, Runs]:
        known: dict[str, Runs] = {}
        for name, text in newest.items():
            kept_text, first_ms, runs = self._kept.get((scope, name), ("", 0, Runs(0)))
            if text == kept_text and first_ms >= oldest_ms:
                known[name] = runs
            elif not text:
                known[name] = Runs(0)
        changed = [pair for pair in newest.items() if pair[0] not in known]
        return known | self._read(scope, changed, oldest_ms)

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


def _ladder(
    kind: Kind, learnt: Mapping[str, Runs | None], runs: Mapping[str, Runs]
) -> Iterator[tuple[str, Runs]]:
    """Yield what may tell how long jobs of a kind run, the best first."""
    for name in kind.bases:
        own = learnt.get(kind.learnt_under(name) or "")
        if own is not None:
            yield BASES[name[0]], own
        yield BASES[name[0]], runs[name]


def _ended_ms(newest: str) -> int:
    """Return when the newest run of a basis ended, 0 where there is none."""
    return int(newest.rpartition(":")[2]) if newest else 0
