"""A stopping worker asks for its jobs until it has given every one of them back."""

import threading

import dramatiq
from dramatiq.broker import MessageProxy

from queueapp.broker import QueueBroker
from queueapp.consumer import ClaimConsumer, ClaimedMessage, Station
from queueapp.domain.job import Claim
from queueapp.middleware.drain import DrainMiddleware
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, finish, submit
from tests.waiting import eventually


def test_a_job_that_does_not_hear_at_first_is_asked_again(store: Store) -> None:
    """An attempt that has not begun to listen is asked until it is over, then no more."""
    add_worker(store)
    submit(store, id="job")
    station = Station(store, worker="w1", slots=1, lease_ms=30_000, finish=lambda *_: None)
    assert station.free.acquire(timeout=0)
    claim = station.claim()
    assert claim is not None
    asked: list[tuple[str, int]] = []
    thrice = threading.Event()

    def give_back(job_id: str, epoch: int) -> None:
        asked.append((job_id, epoch))
        if len(asked) == 3:
            thrice.set()

    drain = DrainMiddleware(station, give_back=give_back, patience_s=0.1)
    broker = QueueBroker(store)
    drain.before_worker_shutdown(broker, dramatiq.Worker(broker))
    try:
        assert thrice.wait(60)
        finish(store, claim, "given_back")
    finally:
        station.done(claim)  # else it would be asked for ever

    assert {("job", 1)} == set(asked)
    assert station.draining.is_set()


def test_a_claim_that_waits_gets_nothing_of_what_is_given_back(store: Store) -> None:
    """From the first end of a job on, before anybody but the signal has said that it stops."""
    add_worker(store)
    submit(store, id="job")

    def give_back(claim: Claim, _: object) -> None:
        finish(store, claim, "given_back")

    station = Station(store, worker="w1", slots=2, lease_ms=30_000, finish=give_back)
    consumer = ClaimConsumer(station, timeout_s=4)
    held = consumer.__next__()
    assert isinstance(held, ClaimedMessage)
    assert consumer.__next__() is None
    waited: list[MessageProxy | None] = []
    waiting = threading.Thread(target=lambda: waited.append(consumer.__next__()))
    waiting.start()
    try:
        eventually(lambda: store.client.info("clients")["blocked_clients"])
        station.draining.set()
        ClaimConsumer(station, timeout_s=1).ack(held)
    finally:
        waiting.join()
    job = store.jobs.get(SCOPE, "job")

    assert [None] == waited
    assert ("Queued", 1) == (job.status, job.epoch)
    assert ["given_back"] == [attempt.end for attempt in job.attempts]
