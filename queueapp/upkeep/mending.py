"""Puts right what `queueapp check --repair` found, in small steps that may be repeated.

Each step is one script that looks again before it writes, so that it is safe on a live server.
What only a person can judge stays as it is: attempts out of order, keys of no known kind.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from queueapp.config import Config
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.laws import Kind, Violation
from queueapp.laws.keys import name_of
from queueapp.store import Store
from queueapp.store.connect import store_errors
from queueapp.upkeep.chores import cascade, expire, promote, reap, resume

FLOWS = {"workflow": "mend_workflow", "schedule": "mend_schedule"}


def mend(store: Store, config: Config, found: Iterable[Violation]) -> list[str]:
    """Mend what can be mended and return what was done, a sentence each."""
    known = list(found)
    return [
        *_late_work(store, config, known),
        *_jobs(store, config, known),
        *_shapes(store, known),
        *_numbers(store, known),
        *_histories(store, known),
        *_flows(store, known),
        *_hosts(store, known),
    ]


def _late_work(store: Store, config: Config, found: list[Violation]) -> Iterator[str]:
    if not any(one.kind is Kind.OVERDUE for one in found):
        return
    promote(store)
    expire(store, config)
    resume(store)
    reap(store, config)
    cascade(store, config)
    yield "Let go the jobs that were due and took back those whose lease had ended."


def _jobs(store: Store, config: Config, found: list[Violation]) -> Iterator[str]:
    astray: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.job is not None and one.kind in (Kind.PLACE, Kind.ENTRY, Kind.KEY):
            astray[one.job] |= {one.key} if one.kind is Kind.ENTRY and one.key else set()
    for job_id, keys in astray.items():
        entries = store.scripts.call(
            "mend",
            id=job_id,
            astray=sorted(keys),
            statuses=list(Status),
            keep_ms=config.keep_ms,
        )
        if entries:
            yield f"Put {entries} entries of job {job_id} right."


def _shapes(store: Store, found: list[Violation]) -> Iterator[str]:
    for scope, tier, shape in {one.shape for one in found if one.shape is not None}:
        if not shape:
            continue
        store.scripts.call("mend_shape", scope=scope, tier=tier, shape=shape)
        yield f"Led claims for {shape} of tier {tier} in {scope or 'no scope'} right."


def _histories(store: Store, found: list[Violation]) -> Iterator[str]:
    for scope in {one.shape[0] for one in found if one.shape is not None and not one.shape[2]}:
        store.history.go_on(Scope.from_key(scope))
        yield f"Let the history of {scope} go on from how its queue stands."


def _numbers(store: Store, found: list[Violation]) -> Iterator[str]:
    """Correct numbers by how much they are off: right even while they move."""
    for one in found:
        if one.kind is Kind.COUNTER and one.key and one.field:
            with store_errors():
                store.client.hincrby(one.key, one.field, -one.off)
            yield f"Corrected {one.field} of {one.key} by {-one.off:+d}."


def _flows(store: Store, found: list[Violation]) -> Iterator[str]:
    """Recount workflows, and look at schedules when they fire next."""
    start = len(store.keys.prefix) + 1
    for key in sorted({one.key for one in found if one.kind is Kind.ENTRY and one.key}):
        name, parts = name_of(key[start:].split(":")) or ("", [])
        if name in FLOWS:
            store.scripts.call(FLOWS[name], scope=parts[0], id=parts[1])
            yield f"Put the {name} {parts[1]} right."


def _hosts(store: Store, found: list[Violation]) -> Iterator[str]:
    start = len(store.keys.prefix) + 1
    for one in found:
        name, parts = name_of((one.key or "")[start:].split(":")) or ("", [])
        if name != "kept" or not one.field:
            continue
        if store.scripts.call("mend_host", node=parts[0], place=one.field):
            yield f"Made room on {parts[0]}, where no job of {one.field} runs."
