"""Every answer of the store is lost once, at every point of every journey: nothing happens twice.

The command was executed and its answer never came. Callers do as the product does: a script is
repeated by itself once, whoever gets an error asks again. With two answers lost in a row the
script's own repeat is lost too, so that the caller's repeat is tried as well.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from dramatiq.errors import ConnectionClosed

from queueapp.config import Config
from queueapp.consumer import ClaimConsumer, ClaimedMessage, Station
from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act
from queueapp.domain.bulk import BulkAction, BulkFilter, BulkState
from queueapp.domain.dataset import Dataset, Pipeline
from queueapp.domain.errors import LeaseLost, Unavailable
from queueapp.domain.job import Artifact, Claim
from queueapp.domain.outcome import Failure, Progress
from queueapp.domain.queue import Priority
from queueapp.domain.scope import FLEET, Scope
from queueapp.domain.states import Status
from queueapp.engine.bulk import drive
from queueapp.engine.engine import Engine
from queueapp.store import Store, connect
from queueapp.store.answers import FinishReport, Idempotency
from queueapp.store.audit import AuditFilter
from queueapp.store.idempotency import IdempotencyKeys
from tests import laws
from tests.factories import NOTHING, SCOPE, add_worker, beat, claim, finish, report, spec, submit
from tests.faults.proxy import Proxy

KEEP_MS = 86_400_000
MOST_REPLIES = 200
Result = TypeVar("Result")


def again(act: Callable[[], Result]) -> Result:
    """Do as a caller does who got no answer: ask again."""
    for _ in range(4):
        try:
            return act()
        except Unavailable:
            continue
    return act()


class Lossy:
    """The store as a client sees it through the proxy, and as it is."""

    def __init__(self, store: Store, through: Store) -> None:
        self.real = store
        self.store = through
        self.station = Station(through, worker="w1", slots=2, lease_ms=30_000, finish=self._finish)
        self.consumer = ClaimConsumer(self.station, timeout_s=0.05)

    def _finish(self, held: Claim, told: FinishReport | None) -> None:
        """Commit an attempt as a worker does: a stale one is let go."""
        assert told is not None
        try:
            self.store.attempts.finish(held.job.id, held.epoch, told, max_lost=3, keep_ms=KEEP_MS)
        except LeaseLost:
            return

    def take(self) -> ClaimedMessage:
        """Claim through a real consumer, which is asked again after an error."""
        for _ in range(6):
            try:
                message = next(self.consumer)
            except ConnectionClosed:
                continue
            if message is not None:
                assert [(message.claim.job.id, message.claim.epoch)] == self.station.held()
                return message
        raise AssertionError("the job was never handed out")

    def give(self, message: ClaimedMessage, told: FinishReport) -> None:
        """Acknowledge as Dramatiq does: until it works."""
        message.report = told
        for _ in range(4):
            try:
                return self.consumer.ack(message)
            except ConnectionClosed:
                continue
        raise AssertionError("the end was never accepted")

    def job(self, job_id: str = "job") -> Any:
        """The job as it is."""
        return self.real.jobs.get(SCOPE, job_id)

    def facts(self, job_id: str = "job") -> list[str]:
        """What happened in the life of a job, in order."""
        stream = self.real.client.xrange(self.real.keys("events", SCOPE.key))
        return [fields["kind"] for _, fields in stream if fields["job"] == job_id]

    def ids(self) -> set[str]:
        """The ids of all jobs."""
        return set(self.real.client.zrange(self.real.keys("all", SCOPE.key), 0, -1))


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    """A proxy before the store."""
    folder = Path(tempfile.mkdtemp(prefix="qa-"))  # socket paths must be short
    with Proxy(folder / "s", redis_url) as standing:
        yield standing
    shutil.rmtree(folder)


@pytest.fixture
def through(proxy: Proxy) -> Iterator[Store]:
    """A store that is reached through the proxy."""
    client = connect(proxy.url, name="lossy")
    yield Store(client)
    client.close()


# -- journeys ---------------------------------------------------------------------------------


def submitted(lossy: Lossy) -> None:
    """A job that is submitted again under its id is one job, with one place."""
    job = spec(id="job")
    receipt = again(lambda: lossy.store.jobs.submit(job))

    assert ("job", 1, {"job"}) == (receipt.job_id, receipt.position, lossy.ids())
    assert ["submitted"] == lossy.facts()


def submitted_with_a_key(lossy: Lossy) -> None:
    """A request with an idempotency key makes one job, though each repeat brings a new id."""
    idempotency = Idempotency("key", "print")
    receipt = again(lambda: lossy.store.jobs.submit(spec(), idempotency=idempotency))
    keys = IdempotencyKeys(lossy.store.client, lossy.store.keys, lossy.store.scripts)
    kept = again(lambda: keys.keep(SCOPE, idempotency, "the answer"))
    other = again(lambda: keys.keep(SCOPE, idempotency, "another answer"))
    repeat = again(lambda: lossy.store.jobs.submit(spec(), idempotency=idempotency))

    assert {receipt.job_id} == lossy.ids()
    assert (None, "the answer") == (kept, other)
    assert "the answer" == again(lambda: keys.answer(SCOPE, idempotency))
    assert (receipt.job_id, False, "the answer") == (repeat.job_id, repeat.new, repeat.answer)


def dependent_submitted(lossy: Lossy) -> None:
    """A job that waits for two others starts after both, however often it was sent."""
    for name in ("a", "b"):
        submit(lossy.real, id=name)
    job = spec(id="job", dependencies=("a", "b"))
    again(lambda: lossy.store.jobs.submit(job))

    assert 2 == lossy.job().unmet_dependencies


def run_to(outcome: str, status: Status, facts: list[str], **changes: Any) -> Any:
    """Make the journey of a job from its claim to one of the ends."""

    def journey(lossy: Lossy) -> None:
        add_worker(lossy.real)
        submit(lossy.real, id="job", **changes)
        message = lossy.take()
        held = message.claim
        again(lambda: lossy.store.attempts.report("job", held.epoch, Progress(1), NOTHING))
        told = again(lambda: beat(lossy.store, "w1", lossy.station.held()))
        failure = Failure("job_error", "it broke", retryable=outcome == "failed")
        lossy.give(message, report(outcome, failure=failure if outcome == "failed" else None))

        job = lossy.job()
        assert (False, 1, 1) == (bool(told["lost"]), held.epoch, job.epoch)
        assert (status, 1, []) == (job.status, len(job.attempts), lossy.station.held())
        assert ["submitted", "started", *facts] == lossy.facts()

    journey.__name__ = f"run_to_{outcome}_{status}"
    return journey


def completed_with_files(lossy: Lossy) -> None:
    """The files of a completed attempt are published once, with its run time."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    message = lossy.take()
    file = Artifact(
        id="file",
        job_id="job",
        type="Text",
        title="t",
        name="t.txt",
        format="txt",
        media_type="text/plain",
        size_bytes=1,
        sha256="0",
        object_key="o",
    )
    lossy.give(message, report(artifacts=(file,), result={"artifacts": [{"id": "file"}]}))

    assert "o" == lossy.real.artifacts.get(SCOPE, "file").object_key
    assert [1] == [len(runs) for runs in lossy.real.figures.runs(SCOPE, ["p"])]
    assert "1" == lossy.real.client.hget(lossy.real.keys("worker", "w1"), "succeeded")


def two_jobs(lossy: Lossy) -> None:
    """Two jobs of one worker are claimed once each: no claim is lost on the way."""
    add_worker(lossy.real)
    for name in ("a", "b"):
        submit(lossy.real, id=name)
    messages = []
    for _ in range(12):
        try:
            message = next(lossy.consumer)
        except ConnectionClosed:
            continue
        messages += [message] if message is not None else []
        if len(messages) == 2:
            break

    assert [("a", 1), ("b", 1)] == [(m.claim.job.id, m.claim.epoch) for m in messages]
    assert 2 == len(lossy.station.held())
    for message in messages:
        lossy.give(message, report())


def claimed_when_woken(lossy: Lossy) -> None:
    """A parked worker's wait and the claim behind it are one call: the job is taken once."""
    add_worker(lossy.real)
    while lossy.real.client.zcard(lossy.real.keys("idle")) == 0:
        with suppress(ConnectionClosed):
            assert next(lossy.consumer) is None
    submit(lossy.real, id="job")
    lossy.give(lossy.take(), report())

    assert ["submitted", "started", "completed"] == lossy.facts()


def ended_and_next_taken(lossy: Lossy) -> None:
    """An attempt ends and the worker's next job is handed over once, in one call."""
    add_worker(lossy.real)
    for name in ("job", "next"):
        submit(lossy.real, id=name)
    held = claim(lossy.real)
    assert held is not None
    status, following = again(
        lambda: lossy.store.attempts.finish_and_claim(
            "job",
            held.epoch,
            report(),
            max_lost=3,
            keep_ms=KEEP_MS,
            worker="w1",
            lease_ms=30_000,
        )
    )

    assert following is not None
    assert (Status.COMPLETED, "next", 1) == (status, following.job.id, following.epoch)
    assert ["submitted", "started"] == lossy.facts("next")
    assert "Completed" == finish(lossy.real, following)


def moved_and_reprioritised(lossy: Lossy) -> None:
    """A job stands where it was sent, however often that was asked for."""
    for name in ("a", "b", "c"):
        submit(lossy.real, id=name)
    again(lambda: lossy.store.queue.move(SCOPE, "c", before="a"))
    again(lambda: lossy.store.queue.reprioritise(SCOPE, "b", Priority.HIGH))

    assert ["b", "c", "a"] == lossy.real.client.zrange(lossy.real.keys("queue", SCOPE.key), 0, -1)


def steered_with_keys(lossy: Lossy) -> None:
    """A repeat that names a version or passes a resume gets the first answer, and does nothing."""
    for name in ("a", "b", "c"):
        submit(lossy.real, id=name)
    seen = [(Priority.NORMAL, 3)]
    once = [Idempotency(f"key {number}", "print") for number in range(3)]
    queue, pauses = lossy.store.queue, lossy.store.pauses
    moved = again(lambda: queue.move(SCOPE, "c", position=1, seen=seen, idempotency=once[0]))
    changed = again(
        lambda: queue.reprioritise(SCOPE, "b", Priority.HIGH, seen=None, idempotency=once[1])
    )
    paused = again(lambda: pauses.pause(SCOPE, act=Act("ann"), idempotency=once[2]))
    lossy.real.pauses.resume(SCOPE)
    late = again(lambda: pauses.pause(SCOPE, act=Act("ann"), idempotency=once[2]))

    assert (3, 1, 4) == (moved.position_before, moved.position, moved.version)
    assert (3, 1) == (changed.overall_before, changed.overall)
    assert (paused.pause, True) == (late.pause, late.repeated)
    assert {} == lossy.real.pauses.of(SCOPE)
    entries = lossy.real.audit.page(SCOPE, AuditFilter(), before=None, limit=10).entries
    assert ["resume", "pause", "priority", "move"] == [one.action for one in entries]


def cancelled_in_bulk(lossy: Lossy) -> None:
    """Each job of the set is cancelled once, and one operation is there."""
    for name in ("a", "b", "c"):
        submit(lossy.real, id=name)
    once = Idempotency("key", "print")
    wanted = BulkFilter(user="ann", excluded=("b",))
    bulks = lossy.store.bulks
    bulk_id, _ = again(
        lambda: bulks.open(SCOPE, BulkAction.CANCEL, wanted, Act("ann"), idempotency=once)
    )
    options = {"keep_ms": KEEP_MS, "retry": print, "wait_s": 60}
    done = again(lambda: drive(lossy.store, SCOPE, bulk_id, **options))

    assert (BulkState.DONE, 2, 2) == (done.state, done.matched, done.changed)
    assert [Status.CANCELLED, Status.QUEUED, Status.CANCELLED] == [
        lossy.job(name).status for name in ("a", "b", "c")
    ]
    assert ["submitted", "cancelled"] == lossy.facts("a")


def paused_and_resumed(lossy: Lossy) -> None:
    """A paused scope starts nothing; resumed it starts its job."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    again(lambda: lossy.store.pauses.pause(SCOPE, act=Act("ann")))
    assert claim(lossy.real) is None
    again(lambda: lossy.store.pauses.resume(SCOPE, act=Act("ann")))
    held = claim(lossy.real)

    assert held is not None
    assert "Completed" == finish(lossy.real, held)


def cancelled_while_queued(lossy: Lossy) -> None:
    """Who cancels a queued job is told so, even if the first answer was lost."""
    submit(lossy.real, id="job")
    before, after = lossy.store.jobs.cancel(SCOPE, "job", **wish())

    assert (Status.QUEUED, Status.CANCELLED) == (before, after)
    assert ["submitted", "cancelled"] == lossy.facts()


def cancelled_while_running(lossy: Lossy) -> None:
    """A running job is asked to stop once."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    held = claim(lossy.real)
    assert held is not None
    again(lambda: lossy.store.jobs.cancel(SCOPE, "job", **wish()))
    told = again(lambda: lossy.store.attempts.report("job", held.epoch, Progress(1), NOTHING))

    assert told is not None
    assert ["submitted", "started", "cancel_requested"] == lossy.facts()
    assert "Cancelled" == finish(lossy.real, held, "cancelled")


def wish() -> dict[str, Any]:
    """The options of a cancel."""
    return {"by": "ann", "reason": None, "force": False, "preserve": True, "keep_ms": KEEP_MS}


def reaped(lossy: Lossy) -> None:
    """An overdue job is taken back once: one loss is counted."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    held = claim(lossy.real)
    assert held is not None
    again(
        lambda: lossy.store.scripts.call(
            "reap", max_lost=3, keep_ms=KEEP_MS, limit=10, now_ms=held.lease_until_ms
        )
    )

    job = lossy.job()
    assert (Status.QUEUED, 1, 1) == (job.status, job.lost_attempts, len(job.attempts))
    assert ["submitted", "started", "lost"] == lossy.facts()


def disowned(lossy: Lossy) -> None:
    """The jobs of a dead worker are taken back once."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    assert claim(lossy.real) is not None
    again(lambda: lossy.store.fleet.disown("w1", max_lost=3, keep_ms=KEEP_MS))

    assert (Status.QUEUED, 1) == (lossy.job().status, lossy.job().lost_attempts)
    assert [] == lossy.real.fleet.workers(now_ms=0)


def promoted(lossy: Lossy) -> None:
    """A scheduled job becomes runnable once."""
    add_worker(lossy.real)
    far_ms = 4_000_000_000_000
    again(lambda: lossy.store.jobs.submit(spec(id="job", scheduled_ms=far_ms)))
    again(lambda: lossy.store.scripts.call("promote", limit=10, now_ms=far_ms))
    held = claim(lossy.real, now_ms=far_ms)

    assert held is not None
    assert claim(lossy.real, now_ms=far_ms) is None
    assert "Completed" == finish(lossy.real, held, now_ms=far_ms)


def expired(lossy: Lossy) -> None:
    """A job that was queued for too long fails once, at the claim or by upkeep."""
    add_worker(lossy.real)
    far_ms = 4_000_000_000_000
    for name in ("a", "b"):
        job = spec(id=name, queue_ttl_ms=1_000, keep_ms=KEEP_MS)
        again(lambda job=job: lossy.store.jobs.submit(job))  # type: ignore[misc] # bound at once
    again(lambda: lossy.store.scripts.call("expire", limit=1, keep_ms=KEEP_MS, now_ms=far_ms))

    assert again(lambda: claim(lossy.store, now_ms=far_ms)) is None
    for name in ("a", "b"):
        assert ["submitted", "failed"] == lossy.facts(name)


def cascaded(lossy: Lossy) -> None:
    """The dependents of a failed job follow it, each once; of a completed one they run."""
    add_worker(lossy.real)
    for name, outcome in (("good", "completed"), ("bad", "failed")):
        submit(lossy.real, id=name)
        for number in range(2):
            submit(lossy.real, id=f"after {name} {number}", dependencies=(name,))
        held = claim(lossy.real)
        assert held is not None
        finish(lossy.real, held, outcome)
        again(lambda: lossy.store.scripts.call("cascade", limit=10, keep_ms=KEEP_MS))
        kept = [claim(lossy.real) for _ in range(3)]
        for one in kept:
            if one is not None:
                finish(lossy.real, one)

    assert ["Completed"] * 2 == [lossy.job(f"after good {n}").status for n in range(2)]
    assert ["Cancelled"] * 2 == [lossy.job(f"after bad {n}").status for n in range(2)]
    assert ["submitted", "cancelled"] == lossy.facts("after bad 0")


def retried(lossy: Lossy) -> None:
    """A retry with a key makes one new job, and the old one points to it."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    held = claim(lossy.real)
    assert held is not None
    finish(lossy.real, held, "failed")
    jobs = lossy.store.jobs
    engine = Engine(
        lossy.store,
        Config(),
        enqueue=lambda job, *, idempotency, head: jobs.submit(
            job, idempotency=idempotency, head=head
        ),
    )
    key = Idempotency("key", "print")
    new, _ = again(lambda: engine.retry(SCOPE, "job", by="ann", idempotency=key))

    assert {"job", new.spec.id} == lossy.ids()
    assert new.spec.id == lossy.job().retried_as


def pruned(lossy: Lossy) -> None:
    """An ended job goes once, with all that was kept of it."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    held = claim(lossy.real)
    assert held is not None
    finish(lossy.real, held)
    far_ms = 4_000_000_000_000
    again(lambda: lossy.store.scripts.call("prune", limit=10, now_ms=far_ms))

    assert set() == lossy.ids()


def a_dataset(object_key: str, digest: str = "1") -> Dataset:
    """A dataset whose bytes stand under a key."""
    return Dataset(
        id="d",
        name="d",
        status="Ready",
        format="csv",
        object_key=object_key,
        size_bytes=1,
        sha256=digest,
        created_ms=0,
        updated_ms=0,
        created_by="ann",
    )


def dataset_put(lossy: Lossy) -> None:
    """A put whose answer was lost is never told that somebody else had put the same before.

    The caller would delete its object as not needed, and with it the dataset's bytes.
    """
    sets = lossy.store.datasets
    put = again(lambda: sets.put(SCOPE, a_dataset("o1"), object_key="o1"))
    same = again(lambda: sets.put(SCOPE, a_dataset("o2"), object_key="o2"))
    other = again(lambda: sets.put(SCOPE, a_dataset("o3", "2"), object_key="o3"))

    assert put.how in ("new", "replaced")
    assert "o1" == put.record.object_key
    assert ("same", "o1") == (same.how, same.record.object_key)
    assert ("replaced", "o3") == (other.how, other.record.object_key)
    assert ["o1"] == lossy.real.datasets.orphans(4_000_000_000_000, 10)


def trail(lossy: Lossy, scope: Scope = SCOPE) -> list[str]:
    """What was written down, newest first."""
    page = lossy.real.audit.page(scope, AuditFilter(), before=None, limit=100)
    return [one.action for one in page.entries]


def pipelines_kept(lossy: Lossy) -> None:
    """A key makes one pipeline; puts and deletes are told and written down as they happened."""
    pipelines, key = lossy.store.pipelines, Idempotency("key", "print")
    plan = Pipeline(id="", name="p")
    made = [
        again(
            lambda one=one: pipelines.create(  # type: ignore[misc] # bound at once
                SCOPE, replace(plan, id=one), Act("ann"), idempotency=key
            )
        )
        for one in ("a", "b")
    ]
    put = again(lambda: pipelines.put(SCOPE, replace(plan, id="c"), act=Act("ann")))
    again(lambda: pipelines.put(SCOPE, replace(plan, id="c", name="q"), act=Act("ann")))
    lossy.store.pipelines.delete(SCOPE, "a", act=Act("ann"))

    assert made[0][0] == made[1][0]
    assert ("a", True) == (made[1][0].id, made[1][1])
    assert put.how in ("new", "same")
    assert ["c"] == [one.id for one in lossy.real.pipelines.page(SCOPE, 1, 9)[0]]
    assert [
        "delete_pipeline",
        "replace_pipeline",
        "create_pipeline",
        "create_pipeline",
    ] == trail(lossy)


def batch_submitted(lossy: Lossy) -> None:
    """The jobs of one request are there once, and a repeat is told the same."""
    key = Idempotency("key", "print")
    told = [
        again(
            lambda: lossy.store.batches.submit(
                SCOPE, [spec(), spec()], told=["refused"], idempotency=key
            )
        )
        for _ in range(2)
    ]

    assert set(told[0].job_ids) == lossy.ids()
    assert (told[0].job_ids, ["refused"], True) == (told[1].job_ids, told[1].told, told[1].repeated)


def worker_steered(lossy: Lossy) -> None:
    """A drain is not done again by a late repeat, nor is anything written down twice."""
    add_worker(lossy.real)
    workers, keys = lossy.store.workers, [Idempotency(f"key {n}", "print") for n in range(2)]
    again(lambda: workers.drain("w1", by="ann", idempotency=keys[0]))
    again(lambda: workers.undrain("w1", act=Act("ann"), idempotency=keys[1]))
    late = again(lambda: workers.drain("w1", by="ann", idempotency=keys[0]))

    assert late.repeated
    assert lossy.real.workers.get("w1").drain is None
    assert ["undrain", "drain"] == trail(lossy, FLEET)


def worker_deleted(lossy: Lossy) -> None:
    """Who deletes a worker learns which jobs failed of it, even if the first answer was lost."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    assert claim(lossy.real) is not None
    failed = lossy.store.workers.dismiss("w1", by="ann", reason=None, keep_ms=KEEP_MS)

    assert ["job"] == failed
    assert ["submitted", "started", "failed"] == lossy.facts()
    assert ["delete_worker"] == trail(lossy, FLEET)


def dataset_held(lossy: Lossy) -> None:
    """A dataset that is held for a job stays."""
    lossy.real.datasets.put(SCOPE, a_dataset("o"), object_key="o")
    again(lambda: lossy.store.datasets.hold(SCOPE, ["d"], "job"))

    assert 1 == lossy.real.client.zcard(lossy.real.keys("dataset_jobs", SCOPE.key, "d"))


def key_made(lossy: Lossy) -> None:
    """A key whose token was answered is good, and there is one key per answer."""
    _, token = again(lambda: lossy.store.api_keys.create("ann", Role.ADMIN))
    found = again(lambda: lossy.store.api_keys.authenticate(token))

    assert found is not None
    again(lambda: lossy.store.api_keys.revoke(found.id))
    assert lossy.real.api_keys.authenticate(token) is None


def key_reserved(lossy: Lossy) -> None:
    """A request that took its idempotency key may do its work, and repeats get its answer."""
    parts = (lossy.store.client, lossy.store.keys, lossy.store.scripts)
    keys, key = IdempotencyKeys(*parts), Idempotency("key", "print")

    assert again(lambda: keys.reserve(SCOPE, key)) is None
    again(lambda: keys.publish(SCOPE, key, "the answer"))
    assert "the answer" == again(lambda: keys.reserve(SCOPE, key))


def worker_came_and_went(lossy: Lossy) -> None:
    """A worker enters and leaves the fleet whole."""
    again(lambda: add_worker(lossy.store))
    again(lambda: lossy.store.fleet.drain("w1"))
    again(lambda: beat(lossy.store, "w1", []))
    again(lambda: lossy.store.fleet.leave("w1"))

    assert [] == lossy.real.fleet.workers(now_ms=0)
    assert [] == lossy.real.client.keys("*:w:*")


ONCE = (
    submitted,
    dependent_submitted,
    submitted_with_a_key,
    completed_with_files,
    two_jobs,
    claimed_when_woken,
)
ENDS = (
    run_to("completed", Status.COMPLETED, ["completed"]),
    run_to("failed", Status.FAILED, ["failed"]),
    run_to("cancelled", Status.CANCELLED, ["cancelled"]),
    run_to("lost", Status.QUEUED, ["lost"]),
    run_to("given_back", Status.QUEUED, ["given_back"]),
)
REST = (
    ended_and_next_taken,
    moved_and_reprioritised,
    steered_with_keys,
    cancelled_in_bulk,
    paused_and_resumed,
    cancelled_while_queued,
    cancelled_while_running,
    reaped,
    disowned,
    promoted,
    expired,
    cascaded,
    retried,
    pruned,
    dataset_put,
    pipelines_kept,
    batch_submitted,
    worker_steered,
    worker_deleted,
    dataset_held,
    key_made,
    key_reserved,
    worker_came_and_went,
)
# Here the caller gets an error after two losses, as he must: he learns by looking.
ONE_LOSS_ONLY = (cancelled_while_queued, key_reserved, pipelines_kept, worker_deleted)
CASES = [
    (journey, times)
    for journey in (*ONCE, *ENDS, *REST)
    for times in (1, 2)
    if times == 1 or journey not in ONE_LOSS_ONLY
]


@pytest.mark.parametrize(
    ("journey", "times"), CASES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_each_reply_may_be_lost(
    store: Store, through: Store, proxy: Proxy, journey: Callable[[Lossy], None], times: int
) -> None:
    """Whichever answers of a journey are lost, its end is the same and the laws hold."""
    for k in count(1):
        assert k < MOST_REPLIES
        store.client.flushall()
        store.client.function_flush()
        through.client.ping()
        proxy.cut_reply(k, times=times)
        try:
            journey(Lossy(store, through))
        except Exception as error:
            error.add_note(f"answer {k} was lost")
            raise
        left = proxy.mend()
        laws.check(store)
        if left == times:
            assert k > 1
            return
