"""Every sort of damage to the store is found, said in a sentence, and mended where that is safe."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from queueapp.config import Config
from queueapp.domain.audit import Act
from queueapp.domain.fleet import Node
from queueapp.domain.job import JobRequest
from queueapp.domain.schedule import Plan
from queueapp.domain.scope import Scope
from queueapp.domain.workflow import Step, Workflow
from queueapp.laws import Kind, standing, violations
from queueapp.store import Store
from queueapp.upkeep.mending import mend
from tests import laws
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit

NOBODY = "00000000-0000-0000-0000-000000000000"
SHAPE = "Sleep.1c1024m"


def zrem(key: str, *parts: str, member: str) -> Callable[[Store], object]:
    """Take an entry out of a set."""
    return lambda store: store.client.zrem(store.keys(key, *parts), member)


def zadd(key: str, *parts: str, member: str, score: int = 5) -> Callable[[Store], object]:
    """Put an entry into a set."""
    return lambda store: store.client.zadd(store.keys(key, *parts), {member: score})


def hset(key: str, *parts: str, field: str, by: int) -> Callable[[Store], object]:
    """Miscount a number."""
    return lambda store: store.client.hincrby(store.keys(key, *parts), field, by)


S = SCOPE.key
DAMAGE: dict[str, tuple[Kind, Callable[[Store], object]]] = {
    "a lease is gone": (Kind.PLACE, zrem("leases", member="running")),
    "a queued job has a lease": (Kind.PLACE, zadd("leases", member="queued", score=2**50)),
    "a host is in use by nobody": (
        Kind.ENTRY,
        lambda store: store.client.zadd(store.keys("kept", "node-1"), {f"{S}|h9": float("inf")}),
    ),
    "a job is not in its queue": (Kind.PLACE, zrem("queue", S, member="queued")),
    "a job is not in its type's queue": (
        Kind.PLACE,
        zrem("typed", S, "Sleep", member="queued"),
    ),
    "a job is not in its user's queue": (
        Kind.PLACE,
        zrem("owned", S, "ann", member="queued"),
    ),
    "a job is filed elsewhere": (Kind.PLACE, hset("job", "queued", field="filed", by=1)),
    "a job of another type": (Kind.ENTRY, zadd("typed", S, "Other", member="queued")),
    "a job stands elsewhere": (Kind.PLACE, zadd("queue", S, member="queued")),
    "an ended job is queued": (Kind.PLACE, zadd("queue", S, member="done")),
    "an ended job stays for ever": (Kind.PLACE, zrem("ended", member="done")),
    "a job never expires": (Kind.PLACE, zrem("expiries", member="brief")),
    "a job expires and should not": (Kind.PLACE, zadd("expiries", member="queued", score=2**50)),
    "nobody expires": (Kind.ENTRY, zadd("expiries", member=NOBODY, score=2**50)),
    "a device forgets": (Kind.PLACE, zrem("index", S, "host", "h", member="brief")),
    "a job cannot be claimed": (Kind.PLACE, zrem("runnable", S, "2", SHAPE, member="queued")),
    "a status index forgets": (Kind.PLACE, zrem("index", S, "status", "Queued", member="queued")),
    "a type index forgets": (Kind.PLACE, zrem("index", S, "type", "Sleep", member="queued")),
    "nobody is queued": (Kind.ENTRY, zadd("queue", S, member=NOBODY)),
    "nobody is leased": (Kind.ENTRY, zadd("leases", member=NOBODY, score=2**50)),
    "nobody is indexed": (Kind.ENTRY, zadd("index", S, "user", "ann", member=NOBODY)),
    "a job of another user": (Kind.ENTRY, zadd("index", S, "user", "bob", member="queued")),
    "a job of another shape": (
        Kind.ENTRY,
        zadd("runnable", S, "2", "Sleep.3c1m", member="queued", score=1),
    ),
    "claims are not led here": (Kind.ENTRY, zrem("directory", "2", SHAPE, member=S)),
    "claims are led astray": (Kind.ENTRY, zadd("directory", "1", "Sleep.7c7m", member=S)),
    "a shape is not live": (
        Kind.ENTRY,
        lambda store: store.client.srem(store.keys("live", "2"), SHAPE),
    ),
    "a node counts wrongly": (Kind.COUNTER, hset("node", "node-1", field="cpu_used", by=2)),
    "a scope counts wrongly": (Kind.COUNTER, hset("meta", S, field="eligible", by=-1)),
    "a workflow counts wrongly": (Kind.ENTRY, hset("workflow", S, "flow", field="kept", by=1)),
    "a workflow miscounts ends": (Kind.ENTRY, hset("workflow", S, "flow", field="Failed", by=1)),
    "a workflow is not listed": (
        Kind.ENTRY,
        zrem("workflows_by", S, "Queued", member="flow"),
    ),
    "a workflow is of two statuses": (
        Kind.ENTRY,
        zadd("workflows_by", S, "Failed", member="flow"),
    ),
    "a workflow of nothing": (Kind.ENTRY, zadd("workflows", S, member=NOBODY)),
    "a schedule is not looked at": (Kind.ENTRY, zrem("fires", member=f"{S}|nightly")),
    "a schedule is looked at and is none": (Kind.ENTRY, zadd("fires", member=f"{S}|none")),
    "attempts of nobody": (
        Kind.KEY,
        lambda store: store.client.rpush(store.keys("attempts", NOBODY), "{}"),
    ),
}
# Only a person can judge these.
BEYOND: dict[str, tuple[Kind, Callable[[Store], object]]] = {
    "an unknown key": (Kind.KEY, lambda store: store.client.set("{queueapp}:odd:one:here", 1)),
    "an answer without end": (
        Kind.KEY,
        lambda store: store.client.hset(store.keys("idempotency", S, "k"), "answer", "x"),
    ),
    "an attempt that ended and runs": (
        Kind.EPOCH,
        lambda store: store.client.rpush(store.keys("attempts", "running"), '{"epoch": 1}'),
    ),
}


@pytest.fixture
def peopled(store: Store) -> Store:
    """A store with a job that runs, one that ended, one that waits and one that is scheduled."""
    add_worker(store)
    submit(store, id="done")
    held = claim(store)
    assert held is not None
    finish(store, held)
    submit(store, id="running")
    assert claim(store) is not None
    submit(store, id="queued")
    submit(store, id="scheduled", scheduled_ms=4_000_000_000_000)
    submit(store, id="brief", device="h", queue_ttl_ms=10**12, keep_ms=10**6)
    submit(store, id="after", dependencies=("queued",))
    step = spec(id="step", workflow_id="flow", step="step")
    flow = Workflow("flow", "a workflow", "ann", (Step("step", "step"),))
    store.workflows.submit(SCOPE, flow, [step], max_queued=10)
    plan = Plan("@yearly", "UTC", JobRequest("a job", "Sleep"), {})
    next_ms = 4_000_000_000_000
    store.schedules.put(SCOPE, "nightly", plan, fingerprint="", next_ms=next_ms, act=Act("ann"))
    assert [] == violations(store)
    return store


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_mended(peopled: Store, name: str) -> None:
    """What upkeep may mend is mended in at most three rounds, and mending again does nothing."""
    kind, damage = DAMAGE[name]
    damage(peopled)
    found = violations(peopled)

    assert kind in {one.kind for one in found}
    for _ in range(3):
        left = violations(peopled)
        entries = [one for one in left if one.kind is not Kind.COUNTER]
        mend(peopled, Config(), entries or left)
    assert [] == [str(one) for one in violations(peopled) if one.kind is not Kind.OVERDUE]


@pytest.mark.parametrize("name", BEYOND)
def test_what_nobody_may_mend_is_told(peopled: Store, name: str) -> None:
    """Some faults are only told; mending leaves them alone."""
    kind, damage = BEYOND[name]
    damage(peopled)
    found = violations(peopled)
    mend(peopled, Config(), found)

    assert [kind] == [one.kind for one in violations(peopled)]
    peopled.client.flushall()


def test_forgotten_work_is_done(peopled: Store) -> None:
    """A lease that ended long ago is a broken law: nobody does the chores."""
    peopled.client.zadd(peopled.keys("leases"), {"running": 1})
    found = violations(peopled)
    done = mend(peopled, Config(), found)

    assert [Kind.OVERDUE] == [one.kind for one in found]
    assert 1 == len(done)
    assert "Queued" == peopled.jobs.get(SCOPE, "running").status


def test_a_job_that_is_mended_can_run(peopled: Store) -> None:
    """A job that no claim found is found after mending, before its younger sister."""
    submit(peopled, id="younger")
    peopled.client.zrem(peopled.keys("runnable", S, "2", SHAPE), "queued")
    mend(peopled, Config(), violations(peopled))
    held = claim(peopled)

    assert held is not None
    assert "queued" == held.job.id
    mend(peopled, Config(), violations(peopled))


@contextmanager
def busy(store: Store) -> Iterator[None]:
    """Submit, claim, finish and prune jobs for as long as the block lasts."""
    over = threading.Event()

    def work() -> None:
        add_worker(store, "busy", node=Node("busy", "busy", 8, 100_000), types=("Busy",))
        number = 0
        while not over.is_set():
            number += 1
            submit(store, id=f"busy-{number}", type="Busy", scope=Scope("busy", str(number % 3)))
            held = claim(store, "busy")
            if held is not None:
                finish(store, held, ("completed", "failed")[number % 2])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_live_server_is_checked_without_false_alarm(peopled: Store) -> None:
    """Moves under way are no violations, and a real one is still found among them."""
    with busy(peopled):
        for _ in range(3):
            assert [] == [str(one) for one in standing(peopled) if one.kind is not Kind.OVERDUE]
        peopled.client.zrem(peopled.keys("index", S, "status", "Queued"), "queued")
        found = [one for one in standing(peopled) if one.kind is not Kind.OVERDUE]
        assert ["queued"] == [one.job for one in found]
        mend(peopled, Config(), found)
    laws.check(peopled)
