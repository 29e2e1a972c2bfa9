"""Laws of numbers: what the scripts count up and down equals a recount.

A number and what it counts cannot be read at one moment, so both are read until they stand still
around the recount. One that never stands still is not judged.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from queueapp.domain.rollup import HELD
from queueapp.laws.jobs import chunks
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store

LOOKS = 5
_SINCE = [f"eligible_since{tier}" for tier in range(4)]
NODE_NUMBERS = ("cpu_used", "mem_used", "active")
_HELD = [f"held:{code}" for code in HELD]
Counts = Counter[tuple[str, str]]


def wrong_counters(store: Store) -> Iterator[Violation]:
    """Yield the numbers that are not a recount."""
    yield from _fleet_differences(store)
    for scope in sorted(store.client.smembers(store.keys("scopes"))):
        yield from _differences(
            partial(_kept_by_scope, store, scope), partial(_waiting, store, scope)
        )


def _fleet_differences(store: Store) -> Iterator[Violation]:
    """Compare the fleet's numbers with its running jobs, all read at one moment.

    They change with each claim, and back: standing still says nothing about them.
    """
    for _ in range(LOOKS):
        leased = store.client.zrange(store.keys("leases"), 0, -1)
        nodes = store.client.zrange(store.keys("nodes"), 0, -1)
        pipe = store.client.pipeline(transaction=True)
        pipe.zrange(store.keys("leases"), 0, -1)
        for node in nodes:
            pipe.hmget(store.keys("node", node), NODE_NUMBERS)
        pipe.hgetall(store.keys("type_running"))
        for job_id in leased:
            pipe.hmget(store.keys("job", job_id), "node", "shape")
        now_leased, *answers = pipe.execute()
        if now_leased == leased:
            held, (types, *jobs) = answers[: len(nodes)], answers[len(nodes) :]
            yield from _unequal(
                _kept_by_fleet(store, nodes, held, types), _running(store, nodes, jobs)
            )
            return


def _differences(kept: Callable[[], Counts], recount: Callable[[], Counts]) -> Iterator[Violation]:
    for _ in range(LOOKS):
        before, real = kept(), recount()
        if kept() == before and recount() == real:
            break
    else:
        return
    yield from _unequal(before, real)


def _unequal(kept: Counts, real: Counts) -> Iterator[Violation]:
    for key, field in sorted(set(kept) | set(real)):
        off = kept[key, field] - real[key, field]
        if off:
            text = f"{key} counts {field} wrongly: it is off by {off:+d}."
            yield Violation(Kind.COUNTER, text, key=key, field=field, off=off)


def _kept_by_fleet(
    store: Store, nodes: list[str], held: list[list[str | None]], types: dict[str, str]
) -> Counts:
    found = Counts()
    for node, values in zip(nodes, held, strict=True):
        for field, value in zip(NODE_NUMBERS, values, strict=True):
            found[store.keys("node", node), field] = int(value or 0)
    for kind, number in types.items():
        found[store.keys("type_running"), kind] = int(number)
    return found


def _running(store: Store, nodes: list[str], jobs: list[tuple[str, str | None]]) -> Counts:
    found = Counts()
    for node, shape in jobs:
        if shape is None:
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
    key, fields = store.keys("meta", scope), ("eligible", *_SINCE, *_HELD)
    kept = store.client.hmget(key, fields)
    return Counts({(key, f): int(value or 0) for f, value in zip(fields, kept, strict=True)})


def _waiting(store: Store, scope: str) -> Counts:
    found, key = Counts(), store.keys("meta", scope)
    for chunk in chunks(store.client.zrange(store.keys("queue", scope), 0, -1)):
        pipe = store.client.pipeline(transaction=False)
        for job_id in chunk:
            pipe.hget(store.keys("job", job_id), "hold")
        found.update((key, f"held:{code}") for code in pipe.execute() if code)
    for entry in store.client.smembers(store.keys("shapes", scope)):
        tier, _, shape = entry.partition("|")
        ids = store.client.zrange(store.keys("runnable", scope, tier, shape), 0, -1)
        for chunk in chunks(ids):
            pipe = store.client.pipeline(transaction=False)
            for job_id in chunk:
                pipe.hget(store.keys("job", job_id), "eligible")
            found[key, "eligible"] += len(chunk)
            found[key, f"eligible_since{tier}"] += sum(int(value or 0) for value in pipe.execute())
    return found
