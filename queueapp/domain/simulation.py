"""Plays the queue forward on the live slots, by the rules that claims follow.

Tiers strictly first, inside a tier the lowest place that fits what a node has free; hosts one job
at a time; limits, schedules, dependencies and the end of pauses as events. A job that smaller ones
overtake too often gets its node kept free. Waiting jobs of other scopes enter as fair turns only.
Pure: the outlook brings the queue, the rooms and what runs. Times are ms since the epoch.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from queueapp.domain.rooms import Room, Shape
from queueapp.domain.slots import End, Held, Slots

OVERTAKES = 16  # as a claim counts them


@dataclass(frozen=True, slots=True)
class Queued:
    """A queued job: how long it holds its slot, and what must come before.

    ``not_before_ms`` is infinite where nobody can say. ``needs``: jobs of this queue or running
    ones that must have ended.
    """

    job_id: str
    tier: int
    shape: Shape
    run_ms: float
    not_before_ms: float = 0.0
    host: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many jobs may run at once, and how many turns others get for each of ours, by tier."""

    scope_limit: int | None = None
    type_limits: Mapping[str, int] = field(default_factory=dict)
    rivals: Sequence[float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The slots when the last job had started that nothing but its turn held back."""

    at_ms: float
    busy: tuple[tuple[float, Shape], ...]


class Simulation:
    """One run over one queue; ``starts`` and ``aftermath`` tell what came of it."""

    def __init__(self, now_ms: float, rooms: Sequence[Room], bounds: Bounds) -> None:
        self.starts: dict[str, float] = {}
        self.aftermath = Aftermath(now_ms, ())
        self._now = now_ms
        self._rooms = rooms
        self._slots = Slots(rooms, bounds.type_limits)
        self._kept: dict[int, int] = {}  # nodes that are kept free for a job
        self._bounds = bounds
        self._queue: Sequence[Queued] = ()
        self._events: list[tuple[float, int, End | int]] = []
        self._count = 0
        self._ready: dict[Shape, list[int]] = {}
        self._ready_count = 0
        self._fitting: dict[Shape, bool] = {}
        self._waits: dict[int, int] = {}
        self._dependents: dict[str, list[int]] = {}
        self._host_queue: dict[str, list[int]] = {}
        self._busy_hosts: set[str] = set()
        self._debt = [share / 2 for share in bounds.rivals]
        self._overtaken: dict[int, int] = {}
        self._unhindered: set[int] = set()
        self._to_start = 0

    def run(self, held: Sequence[Held], queue: Sequence[Queued]) -> None:
        """Play until every job that can start has started."""
        self._queue = queue
        self._hold(held)
        self._admit({job.job_id for job in held})
        if not self._unhindered:
            self._note_aftermath(self._now)
        self._fill(range(len(self._rooms)), self._now)
        while self._events and self._to_start:
            now = self._events[0][0]
            touched: set[int] = set()
            ready = self._ready_count
            while self._events and self._events[0][0] <= now:
                touched |= self._apply(heapq.heappop(self._events)[2])
            anew = self._ready_count > ready
            self._fill(range(len(self._rooms)) if anew else sorted(touched), now)

    # -- before it begins -----------------------------------------------------------------

    def _hold(self, held: Sequence[Held]) -> None:
        at = {room.node: index for index, room in enumerate(self._rooms)}
        for job in held:
            node = at.get(job.node, -1)
            crew = -1
            if node >= 0:
                crews = [crew.types for crew in self._rooms[node].crews]
                crew = crews.index(job.types) if job.types in crews else -1
            end = End(node, crew, job.shape, job.job_id, job.host, job.own)
            self._take(end, max(self._now, job.until_ms))

    def _admit(self, running: set[str]) -> None:
        known = {job.job_id for job in self._queue}
        for index, job in enumerate(self._queue):
            if job.not_before_ms == math.inf or not self._fits(job.shape):
                continue
            self._to_start += 1
            needs = [need for need in job.needs if need in known or need in running]
            for need in needs:
                self._dependents.setdefault(need, []).append(index)
            later = job.not_before_ms > self._now
            self._waits[index] = len(needs) + later
            if later:
                self._push(job.not_before_ms, index)
            elif not needs:
                self._make_ready(index)
                if job.host is None and job.shape.kind not in self._bounds.type_limits:
                    self._unhindered.add(index)

    def _fits(self, shape: Shape) -> bool:
        if shape not in self._fitting:
            self._fitting[shape] = any(room.holds(shape) for room in self._rooms)
        return self._fitting[shape]

    # -- what happens ---------------------------------------------------------------------

    def _push(self, at_ms: float, what: End | int) -> None:
        self._count += 1
        heapq.heappush(self._events, (at_ms, self._count, what))

    def _apply(self, what: End | int) -> set[int]:
        """Let a job end or become due; return the nodes with more room than before."""
        if isinstance(what, int):
            self._came(what)
            return set()
        self._slots.give_back(what)
        for index in self._dependents.pop(what.job_id, ()):
            self._came(index)
        if what.host is not None and what.own:
            self._busy_hosts.discard(what.host)
            self._next_on(what.host)
        limited = what.shape.kind in self._bounds.type_limits
        if limited or (what.own and self._bounds.scope_limit is not None):
            return set(range(len(self._rooms)))
        return {what.node} if what.node >= 0 else set()

    def _came(self, index: int) -> None:
        self._waits[index] -= 1
        if self._waits[index] == 0:
            self._make_ready(index)

    def _make_ready(self, index: int) -> None:
        host = self._queue[index].host
        if host is None:
            self._ready_now(index)
            return
        heapq.heappush(self._host_queue.setdefault(host, []), index)
        self._next_on(host)

    def _next_on(self, host: str) -> None:
        waiting = self._host_queue.get(host)
        if waiting and host not in self._busy_hosts:
            self._busy_hosts.add(host)
            self._ready_now(heapq.heappop(waiting))

    def _ready_now(self, index: int) -> None:
        self._ready_count += 1
        heapq.heappush(self._ready.setdefault(self._queue[index].shape, []), index)

    def _take(self, end: End, until_ms: float) -> None:
        self._slots.take(end)
        if end.own and end.host is not None:
            self._busy_hosts.add(end.host)
        self._push(until_ms, end)

    # -- who starts where -----------------------------------------------------------------

    def _fill(self, nodes: Sequence[int], now: float) -> None:
        for at in nodes:
            while (found := self._best(at)) is not None:
                self._start(found, at, now)

    def _best(self, at: int) -> int | None:
        """Return the job that a node takes next, None when nothing fits what is free."""
        limit = self._bounds.scope_limit
        if not self._slots.any_free(at) or (limit is not None and self._slots.own >= limit):
            return None
        kept = self._kept.get(at)
        best: int | None = None
        for shape, waiting in self._ready.items():
            if not waiting or (best is not None and waiting[0] > best):
                continue
            if (kept is None or waiting[0] <= kept) and self._slots.crew_for(at, shape) >= 0:
                best = waiting[0]
        return best

    def _start(self, index: int, at: int, now: float) -> None:
        job = self._queue[index]
        crew = self._slots.crew_for(at, job.shape)
        if self._debt[job.tier] >= 1:  # another scope's turn, with a job like this one
            self._debt[job.tier] -= 1
            self._take(End(at, crew, job.shape, "", None, own=False), now + job.run_ms)
            return
        self._debt[job.tier] += self._bounds.rivals[job.tier]
        self._ready_count -= 1
        heapq.heappop(self._ready[job.shape])
        self._take(End(at, crew, job.shape, job.job_id, job.host, own=True), now + job.run_ms)
        self.starts[job.job_id] = now
        self._to_start -= 1
        if self._kept.get(at) == index:
            del self._kept[at]
        self._count_overtaken(index, at)
        if index in self._unhindered:
            self._unhindered.discard(index)
            if not self._unhindered:
                self._note_aftermath(now)

    def _count_overtaken(self, started: int, at: int) -> None:
        for shape, waiting in self._ready.items():
            if not waiting or waiting[0] > started or not self._rooms[at].holds(shape):
                continue
            if self._slots.full(shape.kind):
                continue
            first = waiting[0]
            self._overtaken[first] = self._overtaken.get(first, 0) + 1
            if self._overtaken[first] == OVERTAKES:
                self._kept[at] = first

    def _note_aftermath(self, now: float) -> None:
        busy = (
            (at, what.shape)
            for at, _, what in self._events
            if isinstance(what, End) and what.node >= 0
        )
        self.aftermath = Aftermath(now, tuple(sorted(busy)))
