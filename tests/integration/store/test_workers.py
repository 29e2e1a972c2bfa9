"""Workers as operators steer them: drained, undrained, deleted; alive only while they ask."""

import pytest

from queueapp.domain.errors import Conflict, LeaseLost, NotFound
from queueapp.domain.fleet import DEAD_AFTER_MS, NodeSample, WorkerState
from queueapp.domain.scope import FLEET
from queueapp.domain.states import Status
from queueapp.store import Store
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE, add_worker, beat, claim, finish, job_type, submit

KEEP_MS = 86_400_000


def state(store: Store, name: str = "w1") -> WorkerState:
    """Return what a worker does now."""
    return store.workers.get(name).state(store.now_ms())


def test_a_worker_is_busy_while_it_runs_a_job(store: Store) -> None:
    """Its jobs are those that it holds, with their scope and host."""
    add_worker(store)
    assert WorkerState.IDLE == state(store)
    submit(store, id="job", host="router-1")
    held = claim(store)
    assert held is not None
    status = store.workers.get("w1")

    assert WorkerState.BUSY == status.state(store.now_ms())
    assert [("job", SCOPE, "router-1")] == [(j.job_id, j.scope, j.host) for j in status.jobs]
    assert (3, 15_360) == (status.free_cpu_units, status.free_memory_mb)
    finish(store, held)
    assert (WorkerState.IDLE, 1) == (state(store), store.workers.get("w1").succeeded)


def test_a_draining_worker_takes_nothing_until_it_is_undrained(store: Store) -> None:
    """Neither by a claim nor with the end of a job; who asked, why and until when is kept."""
    add_worker(store)
    submit(store)
    submit(store)
    held = claim(store)
    assert held is not None
    drained = store.workers.drain("w1", by="ann", reason="kernel", until_ms=99)
    assert 0 == drained.facts["running"]
    wish = store.workers.get("w1").drain

    assert WorkerState.SUSPENDED == state(store)
    assert wish is not None
    assert ("ann", "kernel", 99, False) == (wish.by, wish.reason, wish.until_ms, wish.restart)
    assert claim(store) is None
    assert [True, False] == [store.workers.undrain("w1").facts["was"] for _ in range(2)]
    assert claim(store) is not None


def test_a_drain_repeated_keeps_its_first_time(store: Store) -> None:
    """Only deadline and reason are replaced."""
    add_worker(store)
    store.workers.drain("w1", by="ann")
    first = store.workers.get("w1").drain
    store.workers.drain("w1", by="bob", until_ms=5)
    second = store.workers.get("w1").drain

    assert first is not None
    assert second is not None
    assert (first.at_ms, "bob", 5) == (second.at_ms, second.by, second.until_ms)


def test_a_drained_worker_is_told_the_time_left(store: Store) -> None:
    """In durations, so that its own clock does not matter."""
    add_worker(store)
    assert not store.workers.orders("w1").drain
    store.workers.drain("w1", by="ann", until_ms=store.now_ms() + 60_000, restart=True)
    orders = store.workers.orders("w1")

    assert (True, True, False) == (orders.drain, orders.restart, orders.dismissed)
    assert orders.left_ms is not None
    assert 50_000 < orders.left_ms <= 60_000
    store.workers.drain("w1", by="ann", until_ms=1)
    assert 0 == store.workers.orders("w1").left_ms


def test_a_deleted_workers_jobs_fail_and_it_holds_nothing(store: Store) -> None:
    """At once, for good, and its attempt can neither finish nor renew nor claim."""
    add_worker(store)
    submit(store, id="job")
    submit(store)
    held = claim(store)
    assert held is not None
    failed = store.workers.dismiss(["w1"], by="ann", reason="stuck", keep_ms=KEEP_MS)
    job = store.jobs.get(SCOPE, "job")

    assert {"w1": ["job"]} == failed
    assert Status.FAILED == job.status
    assert job.failure is not None
    assert "worker_terminated" == job.failure.code
    assert "ann" in job.failure.message
    assert [] == store.workers.all()
    assert store.workers.orders("w1").dismissed
    assert [["job", 1]] == beat(store, "w1", [("job", 1)])["lost"]
    assert claim(store) is None
    with pytest.raises(LeaseLost):
        finish(store, held)
    assert {"w1": []} == store.workers.dismiss(["w1"], by="ann", reason=None, keep_ms=KEEP_MS)


def test_several_workers_are_deleted_in_one_step(store: Store) -> None:
    """Each with its jobs and its entry in the trail; others stay, unknown ones are passed over."""
    for name in ("w1", "w2", "w3"):
        add_worker(store, name)
    for number in range(3):
        submit(store, id=f"job{number}")
    held = [claim(store, name) for name in ("w1", "w1", "w2")]
    gone = store.workers.dismiss(["w2", "w9", "w1"], by="ann", reason=None, keep_ms=KEEP_MS)

    assert all(held)
    assert {"w2": ["job2"], "w1": ["job0", "job1"]} == gone
    assert ["w2", "w1"] == list(gone)
    assert 1 == len(store.client.keys("*:op:*"))
    assert ["w3"] == [status.worker.name for status in store.workers.all()]
    for number, name in ((0, "w1"), (1, "w1"), (2, "w2")):
        failure = store.jobs.get(SCOPE, f"job{number}").failure
        assert failure is not None
        assert f"The worker {name} was deleted by ann." == failure.message
    trail = store.audit.page(FLEET, AuditFilter(), before=None, limit=10).entries
    assert ["w1", "w2"] == [entry.facts["worker"] for entry in trail]


def test_no_step_fails_more_jobs_than_it_may(store: Store) -> None:
    """A worker that would go past that waits for the next step, and all are told together."""
    for name in ("w1", "w2", "w3"):
        add_worker(store, name)
    for number, name in enumerate(("w1", "w1", "w2")):
        submit(store, id=f"job{number}")
        assert claim(store, name) is not None
    names = ["w1", "w2", "w3"]
    gone = store.workers.dismiss(names, by="ann", reason=None, keep_ms=KEEP_MS, most=1)

    assert {"w1": ["job0", "job1"], "w3": [], "w2": ["job2"]} == gone
    assert [] == store.workers.all()


def test_a_deleted_worker_cannot_register_again(store: Store) -> None:
    """One that was frozen meanwhile must not come back to life."""
    add_worker(store)
    store.workers.dismiss(["w1"], by="ann", reason=None, keep_ms=KEEP_MS)
    with pytest.raises(Conflict):
        add_worker(store)
    assert [] == store.workers.all()


def test_unknown_workers_are_not_found(store: Store) -> None:
    """Whatever is asked of them, and nothing is written."""
    for act in (
        lambda: store.workers.drain("w9", by="ann"),
        lambda: store.workers.undrain("w9"),
        lambda: store.workers.dismiss(["w8", "w9"], by="ann", reason=None, keep_ms=KEEP_MS),
        lambda: store.workers.get("w9"),
    ):
        with pytest.raises(NotFound):
            act()
    assert [] == store.client.keys("*:w:*")


def test_a_worker_that_beats_but_never_asks_is_dead(store: Store) -> None:
    """A beating thread proves nothing: what counts is that jobs could be taken."""
    add_worker(store)
    store.fleet.heartbeat("w1", [], lease_ms=30_000, sample=NodeSample(), idle_ms=DEAD_AFTER_MS + 1)

    assert WorkerState.DEAD == state(store)
    assert [""] == [worker["live"] for worker in store.fleet.workers(now_ms=store.now_ms())]
    assert [] == store.fleet.places(now_ms=store.now_ms())
    beat(store, "w1", [])
    assert WorkerState.IDLE == state(store)


def test_a_silent_worker_is_dead_whatever_it_runs(store: Store) -> None:
    """Three missed heartbeats, busy or not."""
    add_worker(store)
    submit(store)
    assert claim(store) is not None
    status = store.workers.get("w1")
    assert WorkerState.BUSY == status.state(status.heartbeat_ms + DEAD_AFTER_MS - 1)
    assert WorkerState.DEAD == status.state(status.heartbeat_ms + DEAD_AFTER_MS)


def test_workers_are_listed_by_birth_with_their_types(store: Store) -> None:
    """Two of one node share its room."""
    add_worker(store, "w2", types=("Sleep", "Wake"))
    add_worker(store, "w1")
    submit(store, type=job_type("Wake").name)
    assert claim(store, "w2") is not None
    found = store.workers.all()

    assert ["w1", "w2"] == [status.worker.name for status in found]
    assert ("Sleep", "Wake") == found[1].types
    assert [3, 3] == [status.free_cpu_units for status in found]
