"""A proxy that loses answers of the store, and the store as it is seen through it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from queueapp.store import Store, connect
from tests import laws
from tests.faults.proxy import Proxy
from tests.integration.store.lossy import Journey, Lossy

MOST_REPLIES = 200


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    """A proxy before the store."""
    folder = Path(tempfile.mkdtemp(prefix="qa-"))  # socket paths must be short
    with Proxy(folder / "s", redis_url) as standing:
        yield standing
    shutil.rmtree(folder)


@pytest.fixture
def through(proxy: Proxy) -> Iterator[Store]:
    """A store that is reached through the proxy."""
    client = connect(proxy.url, name="lossy")
    yield Store(client)
    client.close()


@pytest.fixture
def lose_each(store: Store, through: Store, proxy: Proxy) -> Callable[[Journey, int], None]:
    """Run a journey again and again, each time with another answer lost, until all were."""

    def run(journey: Journey, times: int) -> None:
        for k in count(1):
            assert k < MOST_REPLIES
            store.client.flushall()
            store.client.function_flush()
            through.client.ping()
            proxy.cut_reply(k, times=times)
            try:
                journey(Lossy(store, through))
            except Exception as error:
                error.add_note(f"answer {k} was lost")
                raise
            left = proxy.mend()
            laws.check(store)
            if left == times:
                assert k > 1
                return

    return run
