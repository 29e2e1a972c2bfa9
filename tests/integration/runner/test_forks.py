"""Hundreds of forks of a process that has polars loaded: none may fail or hang."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from queueapp.domain.states import AttemptEnd
from tests.integration.runner.running import open_bench

FORKS = 320
AT_ONCE = 6


def test_hundreds_of_forks_use_polars_and_none_hangs(tmp_path: Path) -> None:
    """Each child makes its own thread pool; the zygote never had one."""
    bench = open_bench(tmp_path)
    try:
        bench.runner.start()
        assert "fork" == bench.runner.mode
        with ThreadPoolExecutor(AT_ONCE) as threads:
            kinds = ["GroupBy"] * FORKS
            outcomes = list(threads.map(lambda kind: bench.run(kind, timeout_ms=20_000), kinds))
    finally:
        bench.runner.close()

    assert {AttemptEnd.COMPLETED} == {outcome.end for outcome in outcomes}
    assert {499_500} == {outcome.summary["total"] for outcome in outcomes}
