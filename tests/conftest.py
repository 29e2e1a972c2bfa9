"""Fixtures that every room's tests share: one real server per run, a clean store per test."""

from collections.abc import Iterator

import pytest

from queueapp.embedded import EmbeddedServerError, ephemeral_server
from queueapp.store import Store, connect
from tests import laws


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


@pytest.fixture
def store(_session_store: Store) -> Iterator[Store]:
    """An empty store; after the test the laws must hold in it."""
    _session_store.client.flushall()
    yield _session_store
    laws.check(_session_store)
