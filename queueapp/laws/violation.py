"""What a broken law looks like: a sentence for people, and what mending needs to know."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of law is broken."""

    PLACE = "place"  # a job does not stand where its own record says
    ENTRY = "entry"  # a set names a job that is not there or belongs elsewhere
    OVERDUE = "overdue"  # upkeep should have acted long ago
    COUNTER = "counter"  # a kept number is not the recount
    KEY = "key"  # a key without owner or end
    EPOCH = "epoch"  # two attempts of one job could be alive


@dataclass(frozen=True)
class Violation:
    """One broken law. Two looks at the same fault give equal violations.

    ``key`` is where the fault stands, ``field`` which number of it, ``off`` by how much;
    ``shape`` is the scope, tier and shape that a claim is led to or not led to, or the scope alone.
    """

    kind: Kind
    text: str
    job: str | None = None
    key: str | None = None
    field: str | None = None
    off: int = 0
    shape: tuple[str, str, str] | None = None

    def __str__(self) -> str:
        return self.text
