"""Claim: the best job that fits, once, under a lease; or the worker parks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from queueapp.domain.fleet import Node, Requirements
from queueapp.domain.job import Claim
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store, connect
from tests.factories import NODE, SCOPE, add_worker, claim, finish, report, submit
from tests.waiting import eventually

NOW_MS = 1_700_000_000_000


def test_nothing_to_run_parks_the_worker(store: Store) -> None:
    """A claim that finds nothing puts the worker among the idle."""
    add_worker(store)

    assert claim(store) is None
    assert store.client.zrange(store.keys("idle"), 0, -1) == ["w1"]


def test_a_parked_worker_is_woken_with_a_claim(store: Store, redis_url: str) -> None:
    """Whoever makes a job runnable ends one fitting worker's wait, and with it goes the claim."""
    add_worker(store)
    claim(store)
    client = connect(redis_url)
    client.connection_pool.connection_kwargs["socket_timeout"] = 60.0
    with client, ThreadPoolExecutor(1) as waiter:
        waiting = waiter.submit(
            Store(client).attempts.claim, "w1", operation="waiting", lease_ms=30_000, wait_s=40
        )
        eventually(lambda: store.client.info("clients")["blocked_clients"])
        submit(store, id="job")
        held = waiting.result(30)

    assert held is not None
    assert ("job", 1) == (held.job.id, held.epoch)
    assert [] == store.client.zrange(store.keys("idle"), 0, -1)


def test_a_wait_that_nobody_ends_parks_again(store: Store) -> None:
    """It looks once more when its time is over: a wake-up that went to a dead worker costs that."""
    add_worker(store)
    claim(store)

    assert store.attempts.claim("w1", operation="again", lease_ms=30_000, wait_s=0.01) is None
    assert ["w1"] == store.client.zrange(store.keys("idle"), 0, -1)


def test_better_tiers_go_first_over_all_scopes(store: Store) -> None:
    """A critical job of any scope runs before another scope's normal job."""
    add_worker(store)
    submit(store, id="n")
    submit(store, id="c", scope=Scope("t2", "p2"), priority=Priority.CRITICAL)
    order = [held.job.id for held in (claim(store), claim(store)) if held]

    assert order == ["c", "n"]


def test_same_operation_gets_the_same_claim(store: Store) -> None:
    """A claim whose answer was lost is answered again, not made again."""
    add_worker(store)
    submit(store)
    submit(store)
    first = store.attempts.claim("w1", operation="op", lease_ms=1_000, now_ms=NOW_MS)
    again = store.attempts.claim("w1", operation="op", lease_ms=1_000, now_ms=NOW_MS)

    assert first == again
    assert store.client.zcard(store.keys("leases")) == 1


def test_the_lease_of_a_repeated_claim_begins_anew(store: Store) -> None:
    """Who repeats it counts from his own question: nobody else may have the job before that."""
    add_worker(store)
    submit(store, id="first", now_ms=NOW_MS)
    submit(store, id="second", now_ms=NOW_MS)
    ask = partial(store.attempts.claim, "w1", operation="op", lease_ms=1_000)
    first, again = ask(now_ms=NOW_MS), ask(now_ms=NOW_MS + 900)
    assert first is not None
    assert again == replace(first, lease_until_ms=NOW_MS + 1_900)
    end = partial(
        store.attempts.finish_and_claim,
        first.job.id,
        first.epoch,
        report(),
        max_lost=3,
        keep_ms=1_000,
        worker="w1",
        lease_ms=1_000,
    )
    for now_ms in (NOW_MS + 1_000, NOW_MS + 1_900):
        _, following = end(now_ms=now_ms)
        assert following is not None
        assert ("second", now_ms + 1_000) == (following.job.id, following.lease_until_ms)
        assert now_ms + 1_000 == store.client.zscore(store.keys("leases"), "second")


def test_only_types_that_the_worker_offers(store: Store) -> None:
    """A worker is never given a job type it did not publish."""
    add_worker(store, types=("Other",))
    submit(store)

    assert claim(store) is None


def test_job_waits_until_its_node_has_room(store: Store) -> None:
    """Claimed jobs reserve CPU and memory on the node for all its workers together."""
    small = Node("small", "small", cpu_units=2, memory_mb=4_096)
    add_worker(store, "w1", node=small)
    add_worker(store, "w2", node=small)
    submit(store, id="big", requirements=Requirements(1, 3_072))
    submit(store, id="bigger", requirements=Requirements(2, 1_024))
    submit(store, id="little", requirements=Requirements(1, 1_024))
    first, second = claim(store, "w1"), claim(store, "w2")

    assert first is not None
    assert second is not None
    assert (first.job.id, second.job.id) == ("big", "little")
    assert claim(store, "w2") is None
    finish(store, first)
    assert claim(store, "w1") is None
    finish(store, second)
    last = claim(store, "w1")
    assert last is not None
    assert last.job.id == "bigger"


def test_scopes_share_a_tier_fairly(store: Store) -> None:
    """A scope that submits one job is not made to wait behind another's hundred."""
    add_worker(store, node=Node("large", "large", cpu_units=500, memory_mb=10**6))
    for _ in range(100):
        submit(store)
    for _ in range(10):
        claim(store)
    submit(store, id="single", scope=Scope("late", "project"))
    held = claim(store)
    assert held is not None
    following = [held.job.id]
    held = claim(store)
    assert held is not None
    following.append(held.job.id)

    assert "single" in following


def test_draining_worker_gets_nothing(store: Store) -> None:
    """A worker that drains neither claims nor parks."""
    add_worker(store)
    submit(store)
    store.fleet.drain("w1")

    assert claim(store) is None
    assert store.client.zcard(store.keys("idle")) == 0


def test_hundred_and_first_scope_is_found_behind_jobs_that_do_not_fit(store: Store) -> None:
    """Jobs that fit no worker hide nobody's job that does."""
    add_worker(store)
    for number in range(100):
        submit(store, scope=Scope("t", f"p{number}"), requirements=Requirements(64, 1_024))
    submit(store, id="fits", scope=Scope("t", "last"))
    held = claim(store)

    assert held is not None
    assert held.job.id == "fits"


def test_place_is_kept_over_a_return(store: Store) -> None:
    """A job that is given back stands where it stood."""
    add_worker(store)
    submit(store, id="a")
    submit(store, id="b")
    held = claim(store)
    assert held is not None
    finish(store, held, "given_back")

    assert (store.jobs.position(SCOPE, "a"), store.jobs.position(SCOPE, "b")) == (1, 2)
    assert int(store.client.hget(store.keys("node", NODE.id), "cpu_used") or 0) == 0


def test_big_job_is_overtaken_only_so_often(store: Store) -> None:
    """A job that needs the whole node gets it after a bounded number of overtakes."""
    add_worker(store, node=Node("n", "n", cpu_units=4, memory_mb=10**6))
    first = claim_after_submit(store, "running")
    submit(store, id="big", requirements=Requirements(4, 1_024))
    order = []
    for number in range(40):
        submit(store, id=f"small{number:02}")
    for _ in range(40):
        held = claim(store)
        if held is None:
            break
        order.append(held.job.id)
        finish(store, held)
    assert len(order) == 16
    finish(store, first)
    last = claim(store)

    assert last is not None
    assert "big" == last.job.id


def test_urgent_big_job_is_not_starved_by_a_lower_tier(store: Store) -> None:
    """Jobs of a lower tier overtake a better one that lacks room only so often, too."""
    add_worker(store, node=Node("n", "n", cpu_units=2, memory_mb=10**6))
    first = claim_after_submit(store, "running")
    submit(store, id="big", priority=Priority.CRITICAL, requirements=Requirements(2, 1_024))
    for number in range(16):
        finish(store, claim_after_submit(store, f"small{number}"))
    submit(store, id="small")
    assert claim(store) is None
    finish(store, first)
    held = claim(store)

    assert held is not None
    assert "big" == held.job.id


def test_hold_lets_better_tiers_through(store: Store) -> None:
    """While a node is kept for a big job, a job of a better tier may still start."""
    add_worker(store, node=Node("n", "n", cpu_units=2, memory_mb=10**6))
    claim_after_submit(store, "running")
    submit(store, id="big", requirements=Requirements(2, 1_024))
    for number in range(16):
        held = claim_after_submit(store, f"small{number}")
        finish(store, held)
    submit(store, id="small")
    assert claim(store) is None
    submit(store, id="urgent", priority=Priority.CRITICAL)
    held = claim(store)

    assert held is not None
    assert "urgent" == held.job.id


def test_finish_takes_the_next_job_in_the_same_call(store: Store) -> None:
    """The thread that ends a job gets the next one, and a repeat gets the same one."""
    add_worker(store)
    held = claim_after_submit(store, "first")
    submit(store, id="second")
    ends = [
        store.attempts.finish_and_claim(
            "first", held.epoch, report(), max_lost=3, keep_ms=1_000, worker="w1", lease_ms=1_000
        )
        for _ in range(2)
    ]

    assert ["Completed", "Completed"] == [status for status, _ in ends]
    assert ["second", "second"] == [following.job.id for _, following in ends if following]
    assert 1 == store.client.zcard(store.keys("leases"))


def claim_after_submit(store: Store, job_id: str) -> Claim:
    """Submit a job and claim the best one."""
    submit(store, id=job_id)
    held = claim(store)
    assert held is not None
    return held


def test_burst_of_one_tenant_delays_nobody_else(store: Store) -> None:
    """Behind a thousand jobs of one tenant another's single job is the very next to start."""
    add_worker(store)
    for _ in range(1_000):
        submit(store)
    running = [claim(store) for _ in range(NODE.cpu_units)]
    for priority in (Priority.NORMAL, Priority.HIGH):
        single = submit(store, scope=Scope(f"other {priority}", "project"), priority=priority)
        first = running.pop(0)
        assert first is not None
        finish(store, first)
        held = claim(store)

        assert held is not None
        assert single.job_id == held.job.id
        running.append(held)
