"""Jobs far behind are told as those in front are, at no more cost; the queue's end is told too."""

import pytest

from queueapp.domain.fleet import Node
from queueapp.domain.job import Job
from queueapp.domain.queue import Priority
from queueapp.domain.states import Status
from queueapp.foresight.outlook import HEAD
from queueapp.foresight.system import SystemViews
from queueapp.store import Store
from tests.factories import NODE, SCOPE, add_worker, spec, submit
from tests.integration.foresight.starting import MINUTE, ONE_SLOT, T0, TIMEOUT, outlook, run_for


def test_a_deep_position_is_told_alone_as_in_a_page(store: Store) -> None:
    """Whoever asks, for one job or for many: the same queue, the same numbers."""
    add_worker(store)
    for _ in range(HEAD + 30):
        submit(store, now_ms=T0)
    sight = outlook(store)
    page = sight.starts(SCOPE, HEAD - 5, HEAD + 30)
    jobs = store.jobs.get_many(one.job_id for one in page)

    alone = [outlook(store).queued(job, one.position) for job, one in zip(jobs, page, strict=True)]

    assert page == alone
    assert [one.job_id for one in page] == [one.job_id for one in alone]


def test_far_behind_dependencies_hosts_and_schedules_still_bound(store: Store) -> None:
    """What a single record tells counts beyond the jobs simulated one by one, too."""
    node = Node("node-1", "host-1", cpu_units=1_000, memory_mb=10**9)
    add_worker(store, node=node)
    for _ in range(HEAD):
        submit(store, now_ms=T0)
    submit(store, now_ms=T0, id="due", scheduled_ms=T0 + 10**9)
    submit(store, now_ms=T0, id="host-1", host="r1")
    submit(store, now_ms=T0, id="host-2", host="r1")
    submit(store, now_ms=T0, id="after", dependencies=("host-1",))
    submit(store, now_ms=T0, id="open", dependencies=("after", "due"))

    found = {one.job_id: one.start_ms for one in outlook(store).starts(SCOPE, HEAD + 1, HEAD + 5)}
    base = found["host-1"]

    assert base is not None
    assert found["due"] == T0 + 10**9
    assert found["host-2"] is not None
    assert found["host-2"] >= T0 + TIMEOUT
    assert found["after"] == base + TIMEOUT
    assert found["open"] is None


def test_the_queues_end_is_work_over_slots(store: Store) -> None:
    """By mean run times; null without samples; a tier's end counts the tiers above it."""
    add_worker(store)  # four slots
    run_for(store, 10, times=5)
    for priority in (Priority.HIGH, Priority.HIGH, Priority.LOW):
        for _ in range(2):
            submit(store, now_ms=T0, priority=priority)

    sight = outlook(store).foresight(SCOPE)

    assert 15 * MINUTE == sight.drain_ms()
    assert 10 * MINUTE == sight.drain_ms(Priority.HIGH)
    assert 0.0 == sight.drain_ms(Priority.CRITICAL)
    assert (
        15 * MINUTE
        == SystemViews(store, outlook(store), now_ms=lambda: T0).of(SCOPE.tenant).drain_ms
    )


def test_without_samples_the_queues_end_is_unknown(store: Store) -> None:
    """No number is made up; an empty queue has ended."""
    add_worker(store)
    assert 0.0 == outlook(store).foresight(SCOPE).drain_ms()

    submit(store, now_ms=T0)

    assert outlook(store).foresight(SCOPE).drain_ms() is None


def test_a_trial_stores_nothing(store: Store) -> None:
    """It is told what would be, at the place that it would take."""
    add_worker(store, node=ONE_SLOT)
    for priority in (Priority.HIGH, Priority.LOW):
        submit(store, now_ms=T0, priority=priority)
    before = sorted(store.client.scan_iter())

    _, found = outlook(store).trial(Job(spec(), Status.QUEUED, T0, T0))

    assert (2, T0 + TIMEOUT) == (found.position, found.start_ms)
    assert before == sorted(store.client.scan_iter())


@pytest.mark.parametrize("queued", [1, HEAD, HEAD + 1, 2_000])
def test_a_page_costs_the_page(store: Store, queued: int) -> None:
    """However long the queue, the store is asked as often and answers as much."""
    add_worker(store, node=NODE)
    for _ in range(queued):
        submit(store, now_ms=T0)
    sight = outlook(store)
    sight.starts(SCOPE, 1, 1)
    before = store.client.info("stats")["total_net_output_bytes"]

    sight.starts(SCOPE, max(1, queued - 10), queued)

    assert store.client.info("stats")["total_net_output_bytes"] - before < 150_000
