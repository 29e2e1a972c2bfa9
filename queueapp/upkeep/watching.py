"""Looks at every queue that has jobs: why its jobs wait, and whether it is a bottleneck.

A chore of the leader. What holds single jobs is kept by the scripts; here is seen what all jobs
of a shape share. Decisions 0028 and 0029.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from queueapp.domain.bottlenecks import FEWEST, OTHER_WORK, Look, watched
from queueapp.domain.estimates import quantile
from queueapp.domain.fleet import Requirements
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.queue import Priority
from queueapp.domain.rollup import DAY_MS, HOUR_MS
from queueapp.domain.rooms import Shape, rooms_of
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status, WaitReason
from queueapp.domain.waiting import Surroundings, Wait, why_waiting
from queueapp.store import Store
from queueapp.store.glances import FleetGlance, Glance
from queueapp.store.pauses import WHOLE_SCOPE
from queueapp.store.reasons import Seen

EVERY_S = 5.0
UNWATCHED_MS = 20_000  # looks are 5 s apart; nobody looks only where no worker lives
COMPARED_DAYS = 28
MOST_REMEMBERED = 1_000


@dataclass(frozen=True)
class Usual:
    """How a queue usually is at this hour of the day."""

    hour: int
    size: float
    submitted: float


class Watching:
    """Remembers from look to look; a new leader begins with what the store has kept."""

    def __init__(self, store: Store, *, keep_ms: int) -> None:
        self._store = store
        self._keep_ms = keep_ms
        self._usual: dict[Scope, Usual] = {}
        self._codes: dict[Scope, dict[str, str]] = {}

    def look(self) -> None:
        """Look once at every queue that has jobs, or had some at the last look."""
        fleet = self._store.glances.fleet()
        before = self._store.reasons.watched_ms()
        if before is not None and before > fleet.now_ms:
            self._put_back()
        try:
            self._look_since(before or fleet.now_ms, fleet)
        finally:
            self._store.reasons.watched(fleet.now_ms)

    def _look_since(self, before: int, fleet: FleetGlance) -> None:
        scopes = set(self._store.glances.waiting())
        watches = self._store.bottlenecks.watched(scopes | set(self._codes))
        for scope in sorted(scopes | set(self._codes)):
            glance = self._store.glances.read(scope)
            waits = {shape: _wait(glance, fleet, Shape.parse(shape)) for shape in glance.ready}
            self._note(glance, waits, before, fleet.now_ms)
            watch = watches.get(scope)
            if watch is not None or glance.size >= FEWEST:
                now, ended = watched(watch, self._look(glance, fleet, waits))
                if now is not watch or ended is not None:
                    self._store.bottlenecks.keep(scope, now, ended, keep_ms=self._keep_ms)

    def _put_back(self) -> None:
        """The server's clock was put back: hours that it was ahead of are written anew."""
        for scope in self._store.history.scopes():
            self._store.history.go_on(scope)

    def _note(self, glance: Glance, waits: Mapping[str, Wait], before: int, now: int) -> None:
        """Note what each shape waits for; what has no jobs any more is closed."""
        known = self._codes.get(glance.scope, {})
        codes = {shape: str(wait.code) for shape, wait in waits.items()}
        seen: list[Seen] = []
        unwatched = now - before > UNWATCHED_MS
        if unwatched:
            nobody = str(WaitReason.NO_WORKERS)
            seen = [Seen(shape, nobody, before, n) for shape, n in glance.ready.items()]
        for shape, code in codes.items():
            earliest = _since(glance, shape, code, known.get(shape, ""))
            since = now if unwatched else min(now, max(before, earliest))
            seen.append(Seen(shape, code, since, 0 if unwatched else glance.ready[shape]))
        seen += [Seen(shape, "", now, 0) for shape in known if shape not in codes]
        if seen:
            self._store.reasons.note(glance.scope, seen, from_ms=before, to_ms=now)
        if codes:
            self._codes[glance.scope] = codes
        else:
            self._codes.pop(glance.scope, None)

    def _look(self, glance: Glance, fleet: FleetGlance, waits: Mapping[str, Wait]) -> Look:
        own = {kind: n for (key, kind), n in fleet.running.items() if key == glance.scope.key}
        others = fleet.running.total() - sum(own.values())
        usual = self._usual_of(glance.scope, fleet.now_ms)
        ready = Counter(glance.ready)
        codes = Counter[WaitReason]()
        for shape, wait in waits.items():
            codes[wait.code] += ready[shape]
        half = ready.total() / 2
        short = codes[WaitReason.RESOURCES] + codes[WaitReason.NO_WORKERS]
        needs = [w.needs for w in waits.values() if w.code in _SHORT and w.needs]
        return Look(
            at_ms=fleet.now_ms,
            size=glance.size,
            usual_size=usual.size,
            submitted=glance.submitted,
            usual_per_hour=usual.submitted,
            slots=sum(room.slots for room in rooms_of(fleet.places)),
            running={**own, OTHER_WORK: others} if others > 0 else own,
            paused=WHOLE_SCOPE in glance.pauses,
            lacking=needs[0] if needs and short > half else None,
            limited=codes[WaitReason.CONCURRENCY_LIMIT] > half,
            joined=fleet.newest_worker,
        )

    def _usual_of(self, scope: Scope, now_ms: int) -> Usual:
        """Return the 90 % length of the queue at this hour of the last weeks, read once an hour."""
        hour = now_ms // HOUR_MS
        known = self._usual.get(scope)
        if known is None or known.hour != hour:
            known = self._read_usual(scope, hour)
            kept = self._usual if len(self._usual) < MOST_REMEMBERED else {}
            self._usual = {**kept, scope: known}
        return known

    def _read_usual(self, scope: Scope, hour: int) -> Usual:
        began = self._store.history.began_ms(scope)
        start = max(began or hour * HOUR_MS, hour * HOUR_MS - COMPARED_DAYS * DAY_MS)
        past = self._store.history.hours(scope, start, hour * HOUR_MS)
        alike = sorted(
            one.average_size for one in past if (one.start_ms // HOUR_MS - hour) % 24 == 0
        )
        submitted = sum(one.total("submitted") for one in past)
        return Usual(hour, quantile(alike, 0.9) if alike else 0.0, submitted / max(1, len(past)))


_SHORT = frozenset({WaitReason.RESOURCES, WaitReason.NO_WORKERS})


def _since(glance: Glance, shape: str, code: str, known: str) -> int:
    """Return when a reason began, where an event tells it; else 0, the last look."""
    kind = Shape.parse(shape).kind
    for reason, name in ((WaitReason.QUEUE_PAUSED, WHOLE_SCOPE), (WaitReason.TYPE_PAUSED, kind)):
        if code == reason and name in glance.pauses:
            return glance.pauses[name].at_ms
        if known == reason != code:
            return glance.resumed_ms.get(name, 0)
    return 0


def _wait(glance: Glance, fleet: FleetGlance, shape: Shape) -> Wait:
    """Return why the jobs of a shape wait that could be claimed."""
    spec = JobSpec(
        id="",
        scope=glance.scope,
        name="",
        type=shape.kind,
        priority=Priority.NORMAL,
        submitted_by="",
        requirements=Requirements(shape.cpu_units, shape.memory_mb),
    )
    job = Job(spec, Status.QUEUED, created_ms=0, updated_ms=0)
    around = Surroundings(
        places=fleet.places,
        scope_paused=WHOLE_SCOPE in glance.pauses,
        type_paused=shape.kind in glance.pauses,
        scope_running=glance.running,
        scope_limit=glance.limit,
        type_running=fleet.of_type(shape.kind),
        type_limit=fleet.type_limits.get(shape.kind),
    )
    return why_waiting(job, around) or Wait(WaitReason.POSITION, "")
