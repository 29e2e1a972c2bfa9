"""Answers to the chores and to workers that come and go are lost: nothing happens twice."""

from collections.abc import Callable

from queueapp.domain.states import Status
from tests.factories import SCOPE, add_worker, beat, claim, finish, spec, submit
from tests.integration.store.lossy import KEEP_MS, Journey, Lossy, again, losses


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


def caught_up(lossy: Lossy) -> None:
    """What single changes left for later is done, however often it is asked for."""
    for name in ("a", "b", "c"):
        submit(lossy.real, id=name)
    again(lambda: lossy.store.queue.move(SCOPE, "a", position=3))
    lossy.real.jobs.cancel(
        SCOPE, "b", by="ann", reason=None, force=False, preserve=False, keep_ms=KEEP_MS
    )
    again(lambda: lossy.store.scripts.call("catch_up", scope=None, limit=10))

    owned = lossy.real.client.zrange(lossy.real.keys("owned", SCOPE.key, "ann"), 0, -1)
    assert ["c", "a"] == owned


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


def worker_came_and_went(lossy: Lossy) -> None:
    """A worker enters and leaves the fleet whole."""
    again(lambda: add_worker(lossy.store))
    again(lambda: lossy.store.fleet.drain("w1"))
    again(lambda: beat(lossy.store, "w1", []))
    again(lambda: lossy.store.fleet.leave("w1"))

    assert [] == lossy.real.fleet.workers(now_ms=0)
    assert [] == lossy.real.client.keys("*:w:*")


@losses(reaped, disowned, promoted, expired, cascaded, caught_up, pruned, worker_came_and_went)
def test_each_answer_may_be_lost(
    lose_each: Callable[[Journey, int], None], journey: Journey, times: int
) -> None:
    """Whichever answers of a journey are lost, its end is the same and the laws hold."""
    lose_each(journey, times)
