"""How much server memory a queued no-op job takes, and which key takes it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from bench.core.queue import Queue
from bench.core.server import Server, running_server
from bench.core.table import Row
from queueapp.store.keys import PATTERNS

PER_JOB = ("job", "spec")
SAMPLED = 5000
BATCH = 500
EMBEDDED = {"hash-max-listpack-value": "1024"}


def memory_per_job(jobs: int, **settings: str) -> tuple[float, dict[str, tuple[int, float]]]:
    """Queue no-op jobs on a server of their own; return bytes a job, in all and by key family."""
    with running_server(**settings) as server:
        queue = Queue(server, "memory")
        before = server.memory()
        queue.fill(jobs)
        whole = (server.memory() - before) / jobs
        return whole, _families(server, queue, jobs)


def _families(server: Server, queue: Queue, jobs: int) -> dict[str, tuple[int, float]]:
    """Return each family's number of keys and its bytes a job."""
    found: dict[str, tuple[int, float]] = {}
    for name in PER_JOB:
        keys = [queue.store.keys(name, job) for job in queue.ids[:SAMPLED]]
        found[name] = (jobs, sum(_usage(server, keys)) / len(keys))
    shared: dict[str, list[str]] = defaultdict(list)
    for key in _others(server.client, queue):
        shared[_family(key.removeprefix(queue.prefix + ":"))].append(key)
    for name, keys in shared.items():
        found[name] = (len(keys), sum(_usage(server, keys)) / jobs)
    return found


def _others(client: Any, queue: Queue) -> Iterator[str]:
    job = queue.store.keys("job", "")
    for key in client.scan_iter(f"{queue.prefix}:*", count=10_000):
        if not key.startswith(job):
            yield key


def _usage(server: Server, keys: Sequence[str]) -> list[int]:
    pipe = server.client.pipeline(transaction=False)
    found: list[int] = []
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        for key in batch:
            pipe.memory_usage(key, samples=0)
        found += pipe.execute()
    return found


def _family(key: str) -> str:
    """Return the name of a key in the table of keys; of an index also its field."""
    for name, pattern in PATTERNS.items():
        parts = ("([^:]+)" if part == "$" else re.escape(part) for part in pattern)
        match = re.fullmatch(":".join(parts), key)
        if match:
            return f"index by {match[2]}" if name == "index" else name
    return "?"


def rows(jobs: int) -> tuple[list[Row], float]:
    """Return the table, with default settings beside the embedded server's, and the goal's figure.

    What a server allocates beyond its keys' own usage is its table of keys and the slack in it.
    """
    plain, by_family = memory_per_job(jobs)
    embedded, beside = memory_per_job(jobs, **EMBEDDED)
    ordered = sorted(by_family.items(), key=lambda item: -item[1][1])
    found: list[Row] = [
        (name, f"{keys:,}", f"{size:.1f}", f"{beside[name][1]:.1f}")
        for name, (keys, size) in ordered
        if size >= 0.05
    ]
    rest = [
        total - sum(size for _, size in families.values())
        for total, families in ((plain, by_family), (embedded, beside))
    ]
    found.append(("table of keys, and the rest", "", f"{rest[0]:.1f}", f"{rest[1]:.1f}"))
    found.append(("all", "", f"{plain:.0f}", f"{embedded:.0f}"))
    return found, plain
