"""A worker that offers what schedules submit."""

import pytest

from queueapp.store import Store
from tests.factories import add_worker


@pytest.fixture(name="worker")
def _worker(store: Store) -> None:
    add_worker(store)
