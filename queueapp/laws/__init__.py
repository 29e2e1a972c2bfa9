"""The laws that every store obeys, recounted from what it holds.

`queueapp check` and the tests call it.

It only reads, and takes nothing from the scripts that keep the numbers. On a live server a job may
move between two looks, so `standing` keeps only what still holds a moment later.
"""

import time
from collections.abc import Callable, Iterator

from queueapp.laws.counters import wrong_counters
from queueapp.laws.history import wrong_history
from queueapp.laws.hosts import broken_hosts
from queueapp.laws.jobs import broken_jobs
from queueapp.laws.keys import broken_keys
from queueapp.laws.schedules import broken_schedules
from queueapp.laws.shapes import broken_shapes
from queueapp.laws.violation import Kind, Violation
from queueapp.laws.workflows import broken_workflows
from queueapp.store import Store

MOMENT_S = 0.2


def violations(store: Store) -> list[Violation]:
    """Return every law that does not hold now, one violation each."""
    return list(_all(store))


def standing(store: Store, *, wait: Callable[[float], None] = time.sleep) -> list[Violation]:
    """Return the violations that hold at two looks, so that moves under way do not count."""
    suspected = violations(store)
    if not suspected:
        return []
    wait(MOMENT_S)
    again = set(violations(store))
    return [one for one in suspected if one in again]


def _all(store: Store) -> Iterator[Violation]:
    yield from broken_jobs(store)
    yield from broken_keys(store)
    yield from broken_shapes(store)
    yield from broken_hosts(store)
    yield from wrong_counters(store)
    yield from wrong_history(store)
    yield from broken_workflows(store)
    yield from broken_schedules(store)


__all__ = ("Kind", "Violation", "standing", "violations")
