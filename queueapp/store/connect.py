"""One client per process, with bounded connections, explicit time-outs and no hidden retries.

A repeated script is only safe because scripts know repeats by their operation id;
redis-py would repeat anything, so its own retries are off and ``Scripts`` repeats instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from queueapp.domain.errors import Unavailable
from queueapp.store.breaker import guard

SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 2.0

# redis-py types each answer as the union over a command's options, so a caller cannot tell what
# it gets; answers are given their type where they are read.
Client: TypeAlias = Any


def connect(
    url: str,
    *,
    max_connections: int = 4,
    name: str = "queueapp",
    patience_s: float | None = None,
) -> Client:
    """Return a client for ``url`` that opens at most ``max_connections`` connections.

    ``patience_s``: wait no longer than this for the server, and while it is silent refuse calls at
    once; without it each call waits for as long as it takes, within bounds.
    """
    wait_s = patience_s or SOCKET_TIMEOUT_S
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=wait_s,
        socket_timeout=wait_s,
        socket_connect_timeout=min(wait_s, CONNECT_TIMEOUT_S),
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        client_name=name,
    )
    client = redis.Redis(connection_pool=pool)
    if patience_s is not None:
        guard(client)
    return client


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every sign of a store that cannot serve into ``Unavailable``."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise Unavailable from error
    except (redis.exceptions.OutOfMemoryError, redis.exceptions.ReadOnlyError) as error:
        raise Unavailable(f"The store refuses writes: {error}") from error
