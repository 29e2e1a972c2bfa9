"""Jobs that may wait in the queue for so long only, and jobs that may run once only."""

from typing import Any

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.fleet import Node
from queueapp.domain.job import Job
from queueapp.domain.states import Status
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, report, submit

DAY_MS = 86_400_000
TTL: dict[str, Any] = {"queue_ttl_ms": 5_000, "keep_ms": 60_000}


def expire(store: Store, now_ms: int) -> int:
    """Do the chore."""
    return int(store.scripts.call("expire", limit=10, keep_ms=DAY_MS, now_ms=now_ms))


def job(store: Store, job_id: str = "job") -> Job:
    """Return a job as it is."""
    return store.jobs.get(SCOPE, job_id)


def test_what_is_queued_too_long_fails(store: Store) -> None:
    """Not a moment earlier; it says why, and is kept for as long as it asked for."""
    now = store.now_ms()
    submit(store, id="job", now_ms=now, **TTL)

    assert (0, Status.QUEUED) == (expire(store, now + 4_999), job(store).status)
    assert 1 == expire(store, now + 5_000)
    failure = job(store).failure
    assert failure is not None
    assert (Status.FAILED, "queue_ttl_expired") == (job(store).status, failure.code)
    assert now + 65_000 == store.client.zscore(store.keys("ended"), "job")
    assert 0 == expire(store, now + 5_000)


@pytest.mark.parametrize("hindrance", ["pause", "dependency", "host"])
def test_it_fails_whatever_it_waits_for(store: Store, hindrance: str) -> None:
    """Its time runs while nothing could start it, too; who waits behind it goes on."""
    now = store.now_ms()
    submit(store, id="first", now_ms=now, host="h")
    more: dict[str, Any] = {
        "pause": {},
        "dependency": {"dependencies": ("first",)},
        "host": {"host": "h"},
    }[hindrance]
    submit(store, id="job", now_ms=now, **TTL, **more)
    submit(store, id="last", now_ms=now, host="h")
    if hindrance == "pause":
        store.pauses.pause(SCOPE, act=Act("ann"))

    assert 1 == expire(store, now + 6_000)
    assert [Status.FAILED, Status.QUEUED] == [job(store).status, job(store, "last").status]


def test_the_time_of_a_scheduled_job_begins_when_it_may_start(store: Store) -> None:
    """It could not start before."""
    now = store.now_ms()
    submit(store, id="job", now_ms=now, scheduled_ms=now + 10**6, **TTL)

    assert 0 == expire(store, now + 10**6 + 4_999)
    assert 1 == expire(store, now + 10**6 + 5_000)
    assert Status.FAILED == job(store).status


def test_a_claim_passes_what_is_too_late(store: Store) -> None:
    """Even where upkeep is slow nothing starts after its time."""
    now = store.now_ms()
    add_worker(store)
    for name in ("late", "later"):
        submit(store, id=name, now_ms=now, **TTL)
    submit(store, id="good", now_ms=now)
    held = claim(store, now_ms=now + 5_000)

    assert held is not None
    assert "good" == held.job.id
    assert [Status.FAILED] * 2 == [job(store, name).status for name in ("late", "later")]


def test_the_first_start_ends_the_countdown(store: Store) -> None:
    """A job that comes back to the queue was started in time."""
    now = store.now_ms()
    add_worker(store)
    submit(store, id="job", now_ms=now, **TTL)
    held = claim(store, now_ms=now + 1_000)
    assert held is not None
    finish(store, held, "given_back", now_ms=now + 2_000)

    assert 0 == expire(store, now + DAY_MS)
    assert Status.QUEUED is job(store).status


@pytest.mark.parametrize("act", ["cancel", "complete"])
def test_an_ended_job_is_forgotten_when_it_asked_to_be(store: Store, act: str) -> None:
    """Its own time goes before the setting."""
    now = store.now_ms()
    add_worker(store)
    submit(store, id="job", now_ms=now, keep_ms=60_000)
    if act == "cancel":
        wish: dict[str, Any] = {"by": "ann", "reason": None, "force": False, "preserve": True}
        store.jobs.cancel(SCOPE, "job", keep_ms=DAY_MS, now_ms=now, **wish)
    else:
        held = claim(store, now_ms=now)
        assert held is not None
        finish(store, held, now_ms=now)

    assert now + 60_000 == store.client.zscore(store.keys("ended"), "job")


def test_what_may_run_once_is_not_run_again_when_it_is_lost(store: Store) -> None:
    """Nobody knows how far it came."""
    add_worker(store)
    submit(store, id="job", once=True)
    held = claim(store)
    assert held is not None

    assert "Failed" == finish(store, held, "lost")
    failure = job(store).failure
    assert failure is not None
    assert "worker_lost" == failure.code


def test_what_may_run_once_is_not_run_again_when_its_lease_ended(store: Store) -> None:
    """The same by upkeep."""
    now = store.now_ms()
    add_worker(store)
    submit(store, id="job", once=True, now_ms=now)
    claim(store, now_ms=now)
    store.scripts.call("reap", max_lost=3, keep_ms=DAY_MS, limit=10, now_ms=now + 60_000)

    assert Status.FAILED is job(store).status


@pytest.mark.parametrize(("stage", "status"), [(None, "Queued"), ("Sending", "Failed")])
def test_what_may_run_once_is_given_back_before_it_began(
    store: Store, stage: str | None, status: str
) -> None:
    """A stopping worker gives it back as long as it had not begun; after that it has failed."""
    add_worker(store)
    submit(store, id="job", once=True)
    held = claim(store)
    assert held is not None
    progress = report().progress if stage is None else type(report().progress)(stage=stage)

    assert status == finish(store, held, "given_back", changes={"progress": progress})


def test_a_device_lists_the_jobs_that_are_not_pinned_to_it(store: Store) -> None:
    """Its index has them until they are forgotten; they do not wait for each other."""
    now = store.now_ms()
    add_worker(store)
    for name in ("a", "b"):
        submit(store, id=name, device="h", keep_ms=1_000, now_ms=now)
    held = [claim(store, now_ms=now) for _ in range(2)]
    index = store.keys("index", SCOPE.key, "host", "h")

    assert ["a", "b"] == store.client.zrange(index, 0, -1)
    for one in held:
        assert one is not None
        finish(store, one, now_ms=now)
    store.scripts.call("prune", limit=10, now_ms=now + 2_000)
    assert 0 == store.client.exists(index)


def test_the_next_job_of_a_host_starts_elsewhere_when_its_worker_died(store: Store) -> None:
    """What ran has failed and is not repeated; who waited for the host goes to another node."""
    now = store.now_ms()
    add_worker(store)
    for name in ("first", "second"):
        submit(store, id=name, host="h", once=True, now_ms=now)
    claim(store, now_ms=now)
    add_worker(store, "w2", node=Node("node-2", "host-2", 4, 16_384))

    assert claim(store, "w2", now_ms=now) is None
    store.scripts.call("reap", max_lost=3, keep_ms=DAY_MS, limit=10, now_ms=now + 60_000)
    held = claim(store, "w2", now_ms=now + 60_000)
    assert held is not None
    assert ("second", Status.FAILED) == (held.job.id, job(store, "first").status)
