"""A started runner over the zoo of job types."""

from collections.abc import Iterator

import pytest

from tests.integration.runner.running import Bench, open_bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A started runner with a grace of one second."""
    bench = open_bench(tmp_path_factory.mktemp("runner"))
    bench.runner.start()
    yield bench
    bench.runner.close()
