"""A wish to cancel survives whatever happens to the attempt that it was meant for."""

import pytest

from queueapp.consumer import ClaimConsumer, Station
from queueapp.domain.outcome import Failure
from queueapp.domain.states import Status
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, submit


@pytest.mark.parametrize(
    ("outcome", "end"), [("lost", "lost"), ("failed", "failed"), ("given_back", "given_back")]
)
def test_an_unwanted_job_is_not_attempted_again(store: Store, outcome: str, end: str) -> None:
    """An attempt that would be repeated ends its job when somebody has asked to cancel it."""
    from queueapp.domain.job import RetryPolicy

    add_worker(store)
    submit(store, id="job", retry=RetryPolicy(5, delay_ms=1, max_delay_ms=1))
    held = claim(store)
    assert held is not None
    store.jobs.cancel(
        SCOPE, "job", by="ann", reason=None, force=False, preserve=True, keep_ms=1_000
    )
    failure = Failure("job_error", "it broke", retryable=True)
    status = finish(store, held, outcome, changes={"failure": failure})
    job = store.jobs.get(SCOPE, "job")

    assert (Status.CANCELLED, Status.CANCELLED) == (status, job.status)
    assert [end] == [attempt.end for attempt in job.attempts]


def test_an_attempt_that_cannot_be_ended_is_let_go(store: Store) -> None:
    """When the end cannot be stored for a reason that stays, the lease ends by itself."""
    add_worker(store)
    submit(store, id="job")

    def broken(*_: object) -> None:
        raise RuntimeError("no such thing")

    station = Station(store, worker="w1", slots=1, lease_ms=30_000, finish=broken)
    consumer = ClaimConsumer(station, timeout_s=0.05)
    message = next(consumer)
    assert message is not None
    with pytest.raises(RuntimeError):
        consumer.ack(message)

    assert [] == station.held()
    assert station.free.acquire(timeout=0)
