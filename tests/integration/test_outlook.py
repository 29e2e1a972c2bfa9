"""Estimates made while the queue moves."""

from queueapp.domain.audit import Act
from queueapp.domain.fleet import Requirements
from queueapp.outlook import Outlook
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, spec


def test_an_estimate_outlives_a_queue_that_empties(store: Store) -> None:
    """A position that is out of date when the queue is read makes a guess, never an error."""
    add_worker(store)
    outlook = Outlook(store, now_ms=lambda: 1_000)

    assert outlook.start(spec(), 7) is not None or outlook.slots().total == 0


def test_a_job_that_no_node_can_hold_has_no_start(store: Store) -> None:
    """It waits until a larger node joins; a moment would be made up."""
    add_worker(store)
    outlook = Outlook(store, now_ms=lambda: 1_000)
    sizes = (Requirements(1, 1024), Requirements(1_000, 1024), Requirements(1, 10**9))

    starts = [outlook.start(spec(requirements=size), 1) for size in sizes]

    assert [True, False, False] == [start is not None for start in starts]
    assert outlook.start(spec(type="Unoffered"), 1) is None


def test_a_job_starts_after_what_holds_it_back(store: Store) -> None:
    """Schedules, pauses and running dependencies bound the start; unknown ends leave it open."""
    add_worker(store)
    outlook = Outlook(store, now_ms=lambda: 1_000)
    store.jobs.submit(spec(id="first"), now_ms=900)

    assert outlook.start(spec(scheduled_ms=50_000), 1) == 50_000
    assert outlook.start(spec(dependencies=("first",)), 1) is None
    held = claim(store, now_ms=1_000)
    assert held is not None
    assert outlook.start(spec(dependencies=("first",)), 1) == 1_000 + 120 * 60_000
    store.pauses.pause(SCOPE, act=Act("ann"), until_ms=90_000)
    assert outlook.start(spec(), 1) == 90_000
    store.pauses.pause(SCOPE, act=Act("ann"))
    assert outlook.start(spec(), 1) is None
