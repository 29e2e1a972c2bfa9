"""Script calls keep connections for themselves, and give up what is dead."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from queueapp.domain.errors import LeaseLost, Unavailable
from queueapp.domain.outcome import Outcome
from queueapp.domain.states import AttemptEnd
from queueapp.store import Store, connect
from queueapp.store.answers import FinishReport
from tests.factories import SCOPE, add_worker, submit

CONNECTIONS = 6


@pytest.fixture
def small(store: Store, redis_url: str) -> Iterator[Store]:
    """The store through a client with few connections."""
    client = connect(redis_url, max_connections=CONNECTIONS, name="small")
    yield Store(client)
    client.connection_pool.disconnect()


def _open(store: Store) -> list[str]:
    rows = store.client.client_list()
    return sorted(row["id"] for row in rows if row["name"] == "small")


def _claim(store: Store, number: int = 0) -> object:
    return store.attempts.claim("w1", operation=f"op{number}", lease_ms=30_000)


def test_one_thread_needs_one_connection(small: Store, store: Store) -> None:
    """Calls one after the other share a connection."""
    add_worker(small)
    _claim(small)
    before = _open(store)
    for number in range(5):
        _claim(small, number)

    assert before == _open(store)


def test_a_refusal_keeps_the_connection(small: Store, store: Store) -> None:
    """What a script refuses says nothing against the connection."""
    add_worker(small)
    told = FinishReport.of(Outcome(AttemptEnd.COMPLETED))
    seen = []
    for _ in range(3):
        with pytest.raises(LeaseLost):
            small.attempts.finish("nobody", 1, told, max_lost=3, keep_ms=1000)
        seen.append(_open(store))

    assert seen[1] == seen[2]


def test_dead_connections_are_replaced_at_once(small: Store, store: Store) -> None:
    """When the server has closed every idle connection, the next call still gets its answer."""
    add_worker(small)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: _claim(small, number), range(12)))
    for row in store.client.client_list():
        if row["name"] == "small":
            store.client.client_kill_filter(_id=row["id"])
    submit(store, id="job")

    claim = small.attempts.claim("w1", operation="new", lease_ms=30_000)

    assert claim is not None
    assert "job" == claim.job.id


def test_many_threads_stay_within_the_bound(small: Store, store: Store) -> None:
    """More threads than connections all get answers, and so do plain commands beside them."""
    add_worker(small)
    begin = Barrier(2 * CONNECTIONS)

    def work(number: int) -> object:
        begin.wait(60)
        found = [_claim(small, number * 100 + turn) for turn in range(20)]
        return [*found, small.jobs.running(SCOPE)]

    with ThreadPoolExecutor(2 * CONNECTIONS) as pool:
        answers = list(pool.map(work, range(2 * CONNECTIONS)))

    assert [[None] * 20 + [[]]] * (2 * CONNECTIONS) == answers
    assert CONNECTIONS >= len(_open(store))


def test_a_fork_shares_no_connection(small: Store, store: Store) -> None:
    """A child process opens connections of its own."""
    add_worker(small)
    _claim(small)
    parent = _open(store)
    pid = os.fork()
    if pid == 0:
        try:
            _claim(small, 1)
            fresh = set(_open(small)) - set(parent)
            os._exit(0 if fresh else 1)
        except BaseException:  # noqa: BLE001 - a fork must never return
            os._exit(2)
    _, status = os.waitpid(pid, 0)
    _claim(small, 2)

    assert 0 == os.waitstatus_to_exitcode(status)


def test_a_server_that_does_not_answer_is_waited_for_once(redis_url: str, store: Store) -> None:
    """The kernel keeps the time of a wire; a time-out is no broken connection to be repeated."""
    client = connect(redis_url, max_connections=CONNECTIONS, name="small")
    client.connection_pool.connection_kwargs["socket_timeout"] = 1.5
    hasty = Store(client)
    add_worker(hasty)
    _claim(hasty)
    store.client.client_pause(3_500, all=True)
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            _claim(hasty, 1)
        waited_s = time.monotonic() - began
    finally:
        store.client.client_unpause()
        client.connection_pool.disconnect()

    assert 1.4 < waited_s < 2.9
