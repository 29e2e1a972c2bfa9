"""Laws of numbers: what the scripts count up and down equals a recount.

A number and what it counts cannot be read at one moment, so both are read until they stand still
around the recount. One that never stands still is not judged.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from queueapp.domain.states import Status
from queueapp.laws.jobs import chunks
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store

LOOKS = 5
Counts = Counter[tuple[str, str]]


def wrong_counters(store: Store) -> Iterator[Violation]:
    """Yield the numbers that are not a recount."""
    yield from _differences(partial(_kept_by_fleet, store), partial(_running, store))
    for scope in sorted(store.client.smembers(store.keys("scopes"))):
        yield from _differences(
            partial(_kept_by_scope, store, scope), partial(_waiting, store, scope)
        )


def _differences(kept: Callable[[], Counts], recount: Callable[[], Counts]) -> Iterator[Violation]:
    for _ in range(LOOKS):
        before, real = kept(), recount()
        if kept() == before and recount() == real:
            break
    else:
        return
    for key, field in sorted(set(before) | set(real)):
        off = before[key, field] - real[key, field]
        if off:
            text = f"{key} counts {field} wrongly: it is off by {off:+d}."
            yield Violation(Kind.COUNTER, text, key=key, field=field, off=off)


def _kept_by_fleet(store: Store) -> Counts:
    found = Counts()
    for node in store.client.zrange(store.keys("nodes"), 0, -1):
        key = store.keys("node", node)
        fields = ("cpu_used", "mem_used", "active")
        for field, value in zip(fields, store.client.hmget(key, fields), strict=True):
            found[key, field] = int(value or 0)
    key = store.keys("type_running")
    for kind, value in store.client.hgetall(key).items():
        found[key, kind] = int(value)
    return found


def _running(store: Store) -> Counts:
    found = Counts()
    nodes = set(store.client.zrange(store.keys("nodes"), 0, -1))
    for chunk in chunks(store.client.zrange(store.keys("leases"), 0, -1)):
        pipe = store.client.pipeline(transaction=False)
        for job_id in chunk:
            pipe.hmget(store.keys("job", job_id), "status", "node", "shape")
        for status, node, shape in pipe.execute():
            if status != Status.RUNNING:
                continue
            kind, _, size = shape.rpartition(".")
            cpu, _, memory = size.removesuffix("m").partition("c")
            found[store.keys("type_running"), kind] += 1
            if node in nodes:
                key = store.keys("node", node)
                found[key, "cpu_used"] += int(cpu)
                found[key, "mem_used"] += int(memory)
                found[key, "active"] += 1
    return found


def _kept_by_scope(store: Store, scope: str) -> Counts:
    key, fields = store.keys("meta", scope), ("eligible", "eligible_since")
    kept = store.client.hmget(key, fields)
    return Counts({(key, f): int(value or 0) for f, value in zip(fields, kept, strict=True)})


def _waiting(store: Store, scope: str) -> Counts:
    found, key = Counts(), store.keys("meta", scope)
    for entry in store.client.smembers(store.keys("shapes", scope)):
        tier, _, shape = entry.partition("|")
        ids = store.client.zrange(store.keys("runnable", scope, tier, shape), 0, -1)
        for chunk in chunks(ids):
            pipe = store.client.pipeline(transaction=False)
            for job_id in chunk:
                pipe.hget(store.keys("job", job_id), "eligible")
            found[key, "eligible"] += len(chunk)
            found[key, "eligible_since"] += sum(int(value or 0) for value in pipe.execute())
    return found
