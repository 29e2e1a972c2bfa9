"""A worker keeps its own time of its leases and ends an attempt that it could not renew."""

import threading
import time
from typing import Any

import dramatiq
import pytest

from queueapp.broker import QueueBroker
from queueapp.consumer import Station
from queueapp.domain.job import Claim
from queueapp.middleware.fence import FenceMiddleware
from queueapp.store import Store
from tests.factories import add_worker, finish, submit

LEASE_MS = 30_000


@pytest.fixture
def station(store: Store) -> Station:
    """A worker's station that holds one job."""
    add_worker(store)
    submit(store, id="job")
    made = Station(store, worker="w1", slots=1, lease_ms=LEASE_MS, finish=lambda *_: None)
    assert made.claim() is not None
    return made


def test_a_lease_ends_here_when_it_ends_there(station: Station) -> None:
    """A held job is overdue a lease after the claim was asked for, and not before."""
    now_s = time.monotonic()

    assert [] == station.overdue(now_s + LEASE_MS / 1000 - 1)
    assert [("job", 1)] == station.overdue(now_s + LEASE_MS / 1000)


def test_a_renewed_lease_lasts_from_the_question(station: Station) -> None:
    """A heartbeat counts from when it was sent; one for a job that is not held counts nothing."""
    asked_s = time.monotonic() + 20
    station.renewed([("job", 1), ("other", 1)], asked_s)

    assert [] == station.overdue(asked_s + LEASE_MS / 1000 - 1)
    assert [("job", 1)] == station.overdue(asked_s + LEASE_MS / 1000)


def test_an_ended_attempt_has_no_lease(station: Station, store: Store) -> None:
    """What was given back or ended is not watched any more."""
    claim = store.attempts.claim("w1", operation="again", lease_ms=LEASE_MS)
    assert claim is None
    (held,) = station.held()
    assert station.free.acquire(timeout=0)  # as the consumer does before it claims
    station.done(station._held[held])

    assert [] == station.overdue(time.monotonic() + 10**6)


def test_a_claim_that_comes_late_is_asked_for_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a lease may have gone by on the way: the job is renewed before it begins."""
    add_worker(store)
    submit(store, id="job")
    ask, asked = store.attempts.claim, list[tuple[float, str]]()

    def late(worker: str, **wishes: Any) -> Claim | None:
        asked.append((time.monotonic(), wishes["operation"]))
        answer = ask(worker, **wishes)
        time.sleep(1.1 if len(asked) == 1 else 0)
        return answer

    monkeypatch.setattr(store.attempts, "claim", late)
    made = Station(store, worker="w1", slots=1, lease_ms=2_000, finish=lambda *_: None)
    claim = made.claim()

    assert claim is not None
    assert 2 <= len(asked)
    assert 1 == len({operation for _, operation in asked})
    ends_s = made.lease_ends_s("job", 1)
    assert ends_s is not None
    assert ends_s > asked[0][0] + 1.1 + 1.9
    finish(store, claim)


def test_an_attempt_that_was_not_renewed_is_ended(station: Station, store: Store) -> None:
    """The fence stops an attempt a little before its lease ends, as a lost one."""
    stopped = threading.Event()
    calls: list[tuple[str, int, str]] = []

    def stop(job_id: str, epoch: int, how: str) -> None:
        calls.append((job_id, epoch, how))
        stopped.set()

    late_s = time.monotonic() + LEASE_MS / 1000 - 0.5
    fence = FenceMiddleware(station, stop=stop, clock=lambda: late_s)
    broker = QueueBroker(store)
    worker = dramatiq.Worker(broker)
    fence.before_worker_boot(broker, worker)
    try:
        assert stopped.wait(60)
    finally:
        fence.after_worker_shutdown(broker, worker)

    assert 1.0 == fence.margin_s
    assert ("job", 1, "lost") == calls[0]
    finish(store, station._held["job", 1])
