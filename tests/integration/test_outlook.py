"""Estimates made while the queue moves."""

from queueapp.outlook import Outlook
from queueapp.store import Store
from tests.factories import add_worker, spec


def test_an_estimate_outlives_a_queue_that_empties(store: Store) -> None:
    """A position that is out of date when the queue is read makes a guess, never an error."""
    add_worker(store)
    outlook = Outlook(store, now_ms=lambda: 1_000)

    assert outlook.start(spec(), 7) is not None or outlook.slots().total == 0
