"""A web server for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.integration.web.wire import Server


@pytest.fixture(scope="module")
def server(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for most tests; they leave no stream open."""
    with Server(redis_url, tmp_path_factory.mktemp("wire")) as running:
        yield running
