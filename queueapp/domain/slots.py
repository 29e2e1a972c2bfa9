"""What each node has free while a simulation goes on: CPU, memory, slots by crew.

The simulation takes and gives back; the rules of who comes next are its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queueapp.domain.rooms import Room, Shape


@dataclass(frozen=True, slots=True)
class Held:
    """A running job: where, what it reserves, and until when at the latest."""

    node: str
    types: frozenset[str] | None  # of its worker; None for one that takes no more jobs
    shape: Shape
    until_ms: float
    job_id: str = ""
    host: str | None = None
    own: bool = False  # of the scope whose queue is played


@dataclass(frozen=True, slots=True)
class End:
    """What the end of a job gives back, and where; -1 is a node or crew that is not live."""

    node: int
    crew: int
    shape: Shape
    job_id: str
    host: str | None
    own: bool


@dataclass(slots=True)
class _Node:
    cpu: int
    memory: int
    slots: list[int]


class Slots:
    """The free part of the rooms; ``own`` counts the running jobs of the scope that is played."""

    def __init__(self, rooms: Sequence[Room], type_limits: Mapping[str, int]) -> None:
        self.own = 0
        self._rooms = rooms
        self._type_limits = type_limits
        self._running: dict[str, int] = {}
        self._nodes = [
            _Node(room.cpu_units, room.memory_mb, [crew.slots for crew in room.crews])
            for room in rooms
        ]

    def take(self, end: End) -> None:
        """Reserve what a job needs until its end."""
        self._change(end, -1)

    def give_back(self, end: End) -> None:
        """Free what a job needed."""
        self._change(end, 1)

    def _change(self, end: End, sign: int) -> None:
        if end.node >= 0:
            node = self._nodes[end.node]
            node.cpu += sign * end.shape.cpu_units
            node.memory += sign * end.shape.memory_mb
            if end.crew >= 0:
                node.slots[end.crew] += sign
        self._running[end.shape.kind] = self._running.get(end.shape.kind, 0) - sign
        self.own -= sign * end.own

    def any_free(self, at: int) -> bool:
        """Tell whether a node has a free slot at all."""
        return any(slots > 0 for slots in self._nodes[at].slots)

    def full(self, kind: str) -> bool:
        """Tell whether as many jobs of a type run as may."""
        most = self._type_limits.get(kind)
        return most is not None and self._running.get(kind, 0) >= most

    def crew_for(self, at: int, shape: Shape) -> int:
        """Return the crew of a node that can take a shape now, -1 if none can."""
        node, (kind, cpu, memory) = self._nodes[at], shape
        if cpu > node.cpu or memory > node.memory or self.full(kind):
            return -1
        for crew, (slots, known) in enumerate(zip(node.slots, self._rooms[at].crews, strict=True)):
            if slots > 0 and kind in known.types:
                return crew
        return -1
