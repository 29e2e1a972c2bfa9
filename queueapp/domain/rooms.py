"""What the live fleet can hold, as estimates see it: nodes, the slots of their workers, shapes.

Pure; the outlook builds these from the registry and hands them to the simulation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from queueapp.domain.fleet import Requirements
from queueapp.domain.waiting import Place


class Shape(NamedTuple):
    """What a claim looks at: a job type and what it reserves."""

    kind: str
    cpu_units: int
    memory_mb: int

    @classmethod
    def of(cls, kind: str, needs: Requirements) -> "Shape":
        """Return the shape of a job."""
        return cls(kind, needs.cpu_units, needs.memory_mb)

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """Return the shape that a store key names: ``Type.2c4096m``."""
        return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Shape:
    kind, _, size = text.rpartition(".")
    cpu, _, memory = size.rstrip("m").partition("c")
    return Shape(kind, int(cpu), int(memory))


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers of one node that run the same job types, as one."""

    types: frozenset[str]
    slots: int


@dataclass(frozen=True, slots=True)
class Room:
    """A live node: what it has in all, and who takes jobs there."""

    node: str
    cpu_units: int
    memory_mb: int
    crews: tuple[Crew, ...]

    @property
    def slots(self) -> int:
        """How many of the smallest jobs run here at once."""
        return min(self.cpu_units, sum(crew.slots for crew in self.crews))

    def holds(self, shape: Shape) -> int:
        """Return how many jobs of a shape run here at once when nothing else does."""
        kind, cpu, memory = shape
        slots = sum(crew.slots for crew in self.crews if kind in crew.types)
        return min(slots, self.cpu_units // max(1, cpu), self.memory_mb // max(1, memory))


def rooms_of(places: Sequence[Place]) -> list[Room]:
    """Return the nodes of live workers that take jobs, the workers of equal types as one crew."""
    sizes = {place.node: (place.cpu_units, place.memory_mb) for place in places}
    slots: dict[str, dict[frozenset[str], int]] = {}
    for place in places:
        crews = slots.setdefault(place.node, {})
        crews[place.types] = crews.get(place.types, 0) + place.slots
    return [
        Room(node, *sizes[node], tuple(Crew(types, n) for types, n in crews.items()))
        for node, crews in slots.items()
    ]
