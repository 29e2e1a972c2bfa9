"""Answers to who steers a queue or its workers are lost: nothing is done twice."""

from collections.abc import Callable
from typing import Any

from queueapp.domain.audit import Act
from queueapp.domain.bulk import BulkAction, BulkFilter, BulkState
from queueapp.domain.outcome import Progress
from queueapp.domain.queue import Priority
from queueapp.domain.scope import FLEET
from queueapp.domain.states import Status
from queueapp.engine.bulk import drive
from queueapp.store.answers import Idempotency
from tests.factories import NOTHING, SCOPE, add_worker, claim, finish, submit
from tests.integration.store.lossy import KEEP_MS, Journey, Lossy, again, losses


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
    assert ["resume", "pause", "priority", "move"] == lossy.trail()


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


def limited(lossy: Lossy) -> None:
    """A limit and a share are set and written down once."""
    pauses = lossy.store.pauses
    pauses.limit_scope(SCOPE, 3, act=Act("root"))
    pauses.weigh_scope(SCOPE, 2, act=Act("root"))
    pauses.limit_type("Sleep", 1, act=Act("root"))

    assert (3, 1) == (
        lossy.real.pauses.around(SCOPE, "Sleep").scope_limit,
        lossy.real.pauses.around(SCOPE, "Sleep").type_limit,
    )
    assert (["weigh", "limit"], ["limit_type"]) == (lossy.trail(), lossy.trail(FLEET))


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


def worker_steered(lossy: Lossy) -> None:
    """A drain is not done again by a late repeat, nor is anything written down twice."""
    add_worker(lossy.real)
    workers, keys = lossy.store.workers, [Idempotency(f"key {n}", "print") for n in range(2)]
    again(lambda: workers.drain("w1", by="ann", idempotency=keys[0]))
    again(lambda: workers.undrain("w1", act=Act("ann"), idempotency=keys[1]))
    late = again(lambda: workers.drain("w1", by="ann", idempotency=keys[0]))

    assert late.repeated
    assert lossy.real.workers.get("w1").drain is None
    assert ["undrain", "drain"] == lossy.trail(FLEET)


def worker_deleted(lossy: Lossy) -> None:
    """Who deletes a worker learns which jobs failed of it, even if the first answer was lost."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    assert claim(lossy.real) is not None
    gone = lossy.store.workers.dismiss(["w1"], by="ann", reason=None, keep_ms=KEEP_MS)

    assert {"w1": ["job"]} == gone
    assert ["submitted", "started", "failed"] == lossy.facts()
    assert ["delete_worker"] == lossy.trail(FLEET)


@losses(
    moved_and_reprioritised,
    steered_with_keys,
    cancelled_in_bulk,
    paused_and_resumed,
    limited,
    cancelled_while_queued,
    cancelled_while_running,
    worker_steered,
    worker_deleted,
    looks=(cancelled_while_queued, limited, worker_deleted),
)
def test_each_answer_may_be_lost(
    lose_each: Callable[[Journey, int], None], journey: Journey, times: int
) -> None:
    """Whichever answers of a journey are lost, its end is the same and the laws hold."""
    lose_each(journey, times)
