"""What does it cost to give each job a process of its own?

Runs a job type that does nothing in three ways, interleaved, and prints medians and ratios:
in a plain thread (no isolation at all), in a fork of the zygote (how jobs run), and in a fresh
interpreter (the fallback). Run it with ``python -m bench.child_start [runs]``.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

from tests.integration.runner.running import Bench, open_bench

WARM_UP = 5
THREAD, FORK, FRESH = "thread", "fork of the zygote", "fresh interpreter"


def measure(runs: int) -> dict[str, list[float]]:
    """Return the milliseconds of each run, by way."""
    with tempfile.TemporaryDirectory() as folder:
        fork = open_bench(Path(folder) / "fork")
        fresh = open_bench(Path(folder) / "exec", isolation="exec")
        ways = {
            THREAD: lambda: _in_thread(fork),
            FORK: lambda: fork.run("Nothing"),
            FRESH: lambda: fresh.run("Nothing"),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(runs + WARM_UP):
            for name, way in ways.items():
                if name == FRESH and number % 5:
                    continue  # slow, so every fifth time
                began = time.perf_counter()
                way()
                if number >= WARM_UP:
                    times[name].append((time.perf_counter() - began) * 1000)
        fork.runner.close()
        fresh.runner.close()
    return times


def _in_thread(bench: Bench) -> None:
    thread = Thread(target=lambda: bench.run("NothingThread"))
    thread.start()
    thread.join()


def show(times: dict[str, list[float]]) -> None:
    """Print the table."""
    base = statistics.median(times[THREAD])
    print(f"{'way':<20}{'p50 ms':>9}{'p90 ms':>9}{'over thread ms':>16}{'vs thread':>11}")
    for name, taken in times.items():
        p50 = statistics.median(taken)
        p90 = statistics.quantiles(taken, n=10)[8]
        print(f"{name:<20}{p50:>9.2f}{p90:>9.2f}{p50 - base:>16.2f}{p50 / base:>10.1f}x")


if __name__ == "__main__":
    show(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
