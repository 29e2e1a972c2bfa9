"""A real store and an empty key space for each test about data and keys."""

from collections.abc import Iterator

import pytest
import redis

from queueapp.embedded import ephemeral_server
from queueapp.store import Store, connect


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of a server that keeps nothing."""
    with ephemeral_server() as server:
        yield server.url


@pytest.fixture
def client(server_url: str) -> Iterator[redis.Redis]:
    """A client of an empty server."""
    client = connect(server_url, max_connections=32)
    client.flushall()
    yield client
    client.connection_pool.disconnect()


@pytest.fixture
def store(client: redis.Redis) -> Store:
    """An empty store."""
    return Store(client)
