"""Laws of what leads a claim to a scope's jobs: shapes, directories, live shapes.

Each is read in one transaction, since jobs come and go at any rate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queueapp.domain.states import Status
from queueapp.laws.jobs import kind_of, scan
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store


@dataclass(frozen=True)
class _Signs:
    """What is there for the jobs of one shape in one tier of a scope, at one moment."""

    runnable: bool
    known: bool
    listed: bool
    live: bool
    may_run: bool


def broken_shapes(store: Store) -> Iterator[Violation]:
    """Yield what would lead a claim astray, or past jobs that may run."""
    for scope, tier, shape in sorted(_listed(store) | _known(store)):
        yield from _judged(store, scope, tier, shape)
    for tier in "0123":
        for shape in sorted(store.client.smembers(store.keys("live", tier))):
            yield from _dead(store, tier, shape)


def _listed(store: Store) -> set[tuple[str, str, str]]:
    start = len(store.keys("live", ""))
    places = [key[start:].partition(":") for key in scan(store, "d", "*", "*")]
    return {
        (scope, tier, shape)
        for tier, _, shape in places
        for scope in store.client.zrange(store.keys("directory", tier, shape), 0, -1)
    }


def _known(store: Store) -> set[tuple[str, str, str]]:
    return {
        (scope, *entry.split("|", 1))
        for scope in store.client.smembers(store.keys("scopes"))
        for entry in store.client.smembers(store.keys("shapes", scope))
    }


def _signs(store: Store, scope: str, tier: str, shape: str) -> _Signs:
    keys = store.keys
    pipe = store.client.pipeline(transaction=True)
    pipe.exists(keys("runnable", scope, tier, shape))
    pipe.sismember(keys("shapes", scope), f"{tier}|{shape}")
    pipe.zscore(keys("directory", tier, shape), scope)
    pipe.sismember(keys("live", tier), shape)
    pipe.hmget(keys("pauses", scope), "*", kind_of(shape))
    pipe.hget(keys("meta", scope), "max_running")
    pipe.zcard(keys("index", scope, "status", Status.RUNNING))
    runnable, known, score, live, pauses, most, running = pipe.execute()
    may_run = not any(pauses) and (most is None or running < int(most))
    return _Signs(bool(runnable), bool(known), score is not None, bool(live), may_run)


def _judged(store: Store, scope: str, tier: str, shape: str) -> Iterator[Violation]:
    signs = _signs(store, scope, tier, shape)
    claimable = signs.runnable and signs.may_run
    about = f"{shape} in tier {tier} of {scope}"
    texts = []
    if signs.known != signs.runnable:
        texts.append(f"The scope's list of shapes is wrong about {about}.")
    if signs.listed and not claimable:
        texts.append(f"Claims are led to {about}, where nothing may run.")
    if claimable and not (signs.listed and signs.live):
        texts.append(f"Claims are not led to {about}, where a job may run.")
    for text in texts:
        yield Violation(Kind.ENTRY, text, shape=(scope, tier, shape))


def _dead(store: Store, tier: str, shape: str) -> Iterator[Violation]:
    pipe = store.client.pipeline(transaction=True)
    pipe.sismember(store.keys("live", tier), shape)
    pipe.exists(store.keys("directory", tier, shape))
    live, listed = pipe.execute()
    if live and not listed:
        text = f"Claims look for {shape} in tier {tier}, which no scope has."
        yield Violation(Kind.ENTRY, text, shape=("", tier, shape))
