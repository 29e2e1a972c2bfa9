"""Fixtures that every room's tests share: one real server per run, a clean store per test.

And a guard over each test: nothing that it started may be at work after it.
"""

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from queueapp.embedded import EmbeddedServerError, ephemeral_server
from queueapp.store import Store, connect
from tests import laws
from tests.left_behind import Shared, at_work, left_since
from tests.waiting import eventually, wait_for_a_whole_hour

# Examples are the same each time and may take as long as they like: a run fails for a reason that
# is there the next time too. `make nightly` asks for the other profile.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", PATIENT, derandomize=True, database=None)
settings.register_profile("chance", PATIENT, max_examples=1_000)
settings.load_profile("same")

_shared = Shared()


def pytest_configure(config: pytest.Config) -> None:
    """Hear of the fixtures of the whole session too, which a conftest's own hooks do not."""
    config.pluginmanager.register(_shared)


@pytest.fixture(autouse=True)
def _nothing_is_left_at_work() -> Iterator[None]:
    """The threads and processes that a test starts end with it."""
    before = at_work()
    yield
    left = left_since(before | _shared.started)
    assert not left, "left at work: " + "; ".join(left)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real server that keeps nothing, for the whole run."""
    try:
        with ephemeral_server() as server:
            yield server.url
    except EmbeddedServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def _session_store(redis_url: str) -> Iterator[Store]:
    client = connect(redis_url, max_connections=32, name="tests")
    yield Store(client)
    client.close()


def _waiting(store: Store) -> int:
    """Count who waits in the store for news: workers, and readers of events."""
    clients: dict[str, int] = store.client.info("clients")
    return clients["blocked_clients"]


@pytest.fixture
def store(_session_store: Store) -> Iterator[Store]:
    """An empty store that nobody else uses; after the test the laws must hold in it."""
    wait_for_a_whole_hour(time.time())
    eventually(lambda: not _waiting(_session_store))
    _session_store.client.flushall()
    yield _session_store
    laws.check(_session_store)
