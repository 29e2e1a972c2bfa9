"""Jobs of devices go to the node that keeps their host's session, if it comes for them in time."""

from typing import Any

import pytest

from queueapp.domain.fleet import Node
from queueapp.domain.job import Claim
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, beat, claim, finish, submit

KEPT: dict[str, Any] = {"changes": {"kept_ms": 60_000}}
NOW = 1_800_000_000_000


def node(name: str, **changes: Any) -> Node:
    """A machine with room."""
    return Node(name, name, 100, 10**6, **changes)


@pytest.fixture
def two(store: Store) -> Store:
    """A store with a worker on each of two nodes."""
    add_worker(store, "w1", node=node("n1", pin_capacity=2))
    add_worker(store, "w2", node=node("n2", pin_capacity=2))
    return store


def pinned(store: Store, job_id: str, host: str = "h1", **changes: Any) -> None:
    """Submit a job that is pinned to a device."""
    submit(store, **{"id": job_id, "host": host, "device": host, "now_ms": NOW, **changes})


def taken(store: Store, worker: str, *, later_ms: int = 0) -> str | None:
    """Return the id of the job that a worker takes."""
    held = claim(store, worker, now_ms=NOW + later_ms)
    return None if held is None else held.job.id


def run(store: Store, worker: str, job_id: str, host: str = "h1", **ends: Any) -> None:
    """Have a worker run a job of a host to its end."""
    pinned(store, job_id, host)
    held = claim(store, worker, now_ms=NOW)
    assert held is not None
    assert job_id == held.job.id
    finish(store, held, now_ms=NOW, **ends)


def kept(store: Store, name: str) -> list[str]:
    """Return the hosts that are noted as a node's."""
    return list(store.client.zrange(store.keys("kept", name), 0, -1))


def test_the_node_with_the_session_is_called_first(two: Store) -> None:
    """Though another has waited for longer; that one leaves the job to it, for a second."""
    run(two, "w1", "first", **KEPT)
    assert (None, None) == (taken(two, "w2"), taken(two, "w1", later_ms=1))
    pinned(two, "second")

    assert ["w2"] == two.client.zrange(two.keys("idle"), 0, -1)
    assert None is taken(two, "w2")
    assert "second" == taken(two, "w1")
    assert [f"{SCOPE.key}|h1"] == kept(two, "n1")


def test_one_that_does_not_come_is_not_waited_for(two: Store) -> None:
    """It may have died since it was called."""
    run(two, "w1", "first", **KEPT)
    taken(two, "w1")
    pinned(two, "second")

    assert (None, "second") == (taken(two, "w2"), taken(two, "w2", later_ms=1_001))
    assert "n2" == two.client.get(two.keys("keeper", SCOPE.key, "h1"))


def test_a_busy_node_is_waited_for_only_by_who_has_other_work(two: Store) -> None:
    """Other work of the same project and priority; and for a second from then on."""
    run(two, "w1", "first", **KEPT)
    pinned(two, "second")
    pinned(two, "third", "h3")
    submit(two, id="low", priority=Priority.LOW, now_ms=NOW)

    assert "third" == taken(two, "w2")
    assert ("second", "low") == (taken(two, "w2"), taken(two, "w2"))


def test_others_go_first_no_longer_than_a_second(two: Store) -> None:
    """Then the job is anybody's, whoever has other work."""
    run(two, "w1", "first", **KEPT)
    pinned(two, "second")
    for at in range(3):
        submit(two, id=f"other{at}", now_ms=NOW)

    assert "other0" == taken(two, "w2")
    assert "other1" == taken(two, "w2", later_ms=999)
    assert "second" == taken(two, "w2", later_ms=1_000)


@pytest.mark.parametrize("end", ["failed", "cancelled", "lost", "given_back"])
def test_after_any_other_end_no_node_is_preferred(two: Store, end: str) -> None:
    """There is no session then."""
    pinned(two, "first", once=True)
    held = claim(two, "w1", now_ms=NOW)
    assert held is not None
    finish(two, held, end, now_ms=NOW)

    assert ([], 0) == (kept(two, "n1"), two.client.exists(two.keys("keeper", SCOPE.key, "h1")))


def test_the_session_is_forgotten_with_its_time_or_when_the_keeper_says_so(two: Store) -> None:
    """The key ends by itself; a heartbeat that does not name the host ends it earlier."""
    run(two, "w1", "first", **KEPT)
    run(two, "w1", "other", "h2", **KEPT)
    key = two.keys("keeper", SCOPE.key, "h1")
    assert 0 < two.client.pttl(key) <= 60_000
    beat(two, "w1", [], now_ms=NOW)
    assert 1 == two.client.exists(key)
    beat(two, "w1", [], kept=[f"{SCOPE.key}|h2"], now_ms=NOW)

    assert ([f"{SCOPE.key}|h2"], 0) == (kept(two, "n1"), two.client.exists(key))


def test_a_node_at_capacity_gives_up_the_host_that_was_idle_longest(two: Store) -> None:
    """As its keeper does."""
    for at, host in enumerate(("h1", "h2", "h3")):
        run(two, "w1", f"j{at}", host, changes={"kept_ms": 60_000 + at})

    assert [f"{SCOPE.key}|h2", f"{SCOPE.key}|h3"] == kept(two, "n1")
    assert 0 == two.client.exists(two.keys("keeper", SCOPE.key, "h1"))


def in_use(store: Store, worker: str, *hosts: str) -> list[Claim]:
    """Have a worker run jobs of hosts."""
    for host in hosts:
        pinned(store, f"on-{host}", host)
    found = [claim(store, worker, now_ms=NOW) for _ in hosts]
    return [held for held in found if held is not None]


def test_a_node_whose_hosts_are_all_in_use_takes_no_other(two: Store) -> None:
    """But all other work, of any project; and the host as soon as one is idle."""
    held = in_use(two, "w1", "h1", "h2")
    for at in range(20):
        pinned(two, f"new{at:02}", f"n{at}")
    submit(two, id="behind", now_ms=NOW)
    submit(two, id="else", scope=Scope("t", "else"), now_ms=NOW, type="Other")
    add_worker(two, "w1", node=node("n1", pin_capacity=2), types=("Sleep", "Other"))
    assert {"else", None} == {taken(two, "w1"), taken(two, "w1")}
    assert "new00" == taken(two, "w2")
    finish(two, held[0], now_ms=NOW, **KEPT)

    assert "new01" == taken(two, "w1")
    assert [f"{SCOPE.key}|h2", f"{SCOPE.key}|n1"] == kept(two, "n1")


def test_other_projects_are_not_overlooked_behind_a_full_node(two: Store) -> None:
    """Of the same type, tier and needs, though their turn comes later."""
    in_use(two, "w1", "h1", "h2")
    pinned(two, "new", "h3")
    submit(two, id="theirs", scope=Scope("t", "theirs"), now_ms=NOW)
    submit(two, id="low", priority=Priority.LOW, now_ms=NOW)

    assert ["theirs", "low", None] == [taken(two, "w1") for _ in range(3)]


def test_jobs_that_are_pinned_to_no_device_know_no_node(two: Store) -> None:
    """Nothing is kept for them, nor noted."""
    submit(two, id="plain", host="h1", now_ms=NOW)
    held = claim(two, "w1", now_ms=NOW)
    assert held is not None
    finish(two, held, now_ms=NOW)

    assert [] == two.client.keys("*kept*") + two.client.keys("*keeper*")
