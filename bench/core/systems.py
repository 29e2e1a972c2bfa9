"""What is measured: how each system's worker and client are started, how its queue is counted."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.core.install import NODE_HOME, PYTHON, ROOT
from queueapp.domain.scope import Scope
from queueapp.store import Keys

PROGRAMS = "bench.core.programs"
NODE_PROGRAM = str(ROOT / "bench" / "core" / "programs" / "bullmq.cjs")
SLOTS = 8

Remaining = Callable[[Any, int], int]


@dataclass(frozen=True)
class System:
    """One way to run jobs."""

    name: str
    package: str | None  # None is ours
    worker: list[str]
    client: list[str]
    remaining: Remaining  # jobs of n that are not done, asked of the server
    share: float = 1.0  # of the jobs of a round: slow systems get fewer
    environ: Mapping[str, str] = field(default_factory=dict)

    def environment(self, url: str, data_dir: Path) -> dict[str, str]:
        """Return the environment of its processes."""
        ours = {
            "REDIS_URL": url,
            "RQ_REDIS_URL": url,
            "PYTHONPATH": str(ROOT),
            "BENCH_NODE_HOME": str(NODE_HOME),
            "QUEUEAPP_DATA_DIR": str(data_dir),
            "QUEUEAPP_ACTORS": f"{PROGRAMS}.queueapp_jobs",
            "QUEUEAPP_NODE_CPU_UNITS": str(SLOTS),
            "QUEUEAPP_NODE_MEMORY_GB": "16",
        }
        return {**os.environ, **ours, **self.environ}


def _counted(*keys: str) -> Remaining:
    """Count the jobs that still stand in lists or hashes."""

    def remaining(client: Any, _jobs: int) -> int:
        pipe = client.pipeline(transaction=False)
        for key in keys:
            kind, name = key.split(" ")
            pipe.execute_command(kind, name)
        return sum(pipe.execute())

    return remaining


def _done(key: str) -> Remaining:
    """Count by the sorted set of the jobs that are done."""
    return lambda client, jobs: jobs - int(client.zcard(key))


def _ours(name: str, job_type: str, share: float) -> System:
    return System(
        name=name,
        package=None,
        worker=[
            *(sys.executable, "-m", "dramatiq", "queueapp.worker:setup"),
            *("--processes", "1", "--threads", str(SLOTS)),
        ],
        client=[sys.executable, "-m", f"{PROGRAMS}.client", f"{PROGRAMS}.queueapp_send"],
        remaining=_done(Keys()("done", Scope("bench", "bench").key)),
        share=share,
        environ={"BENCH_JOB_TYPE": job_type},
    )


def _python(name: str, package: str, worker: str, remaining: Remaining, share: float) -> System:
    module = f"{PROGRAMS}.{package}_jobs"
    return System(
        name=name,
        package=package,
        worker=[str(PYTHON), "-m", *worker.format(module=module, slots=SLOTS).split()],
        client=[str(PYTHON), "-m", f"{PROGRAMS}.client", module],
        remaining=remaining,
        share=share,
    )


def systems() -> list[System]:
    """Return every system, ours first, then stock Dramatiq, which the others are compared with."""
    rq_done = _done("rq:finished:bench")
    celery_left = _counted("LLEN celery", "HLEN unacked")
    celery = "celery -A {module} worker --loglevel WARNING "
    return [
        _ours("queueapp, in a thread", "Bench.Thread", 1.0),
        _ours("queueapp, own process", "Bench.Process", 0.1),
        _python(
            "dramatiq, 8 threads",
            "dramatiq",
            "dramatiq {module} --processes 1 --threads {slots}",
            _counted("HLEN dramatiq:default.msgs"),
            1.0,
        ),
        _python("rq, fork per job", "rq", "rq.cli worker bench", rq_done, 0.02),
        _python(
            "rq, SimpleWorker",
            "rq",
            "rq.cli worker bench --worker-class rq.worker.SimpleWorker",
            rq_done,
            0.2,
        ),
        _python("celery, prefork", "celery", celery, celery_left, 0.5),
        _python(
            "celery, 8 threads",
            "celery",
            celery + "--pool threads --concurrency {slots}",
            celery_left,
            0.5,
        ),
        _python(
            "huey, 8 threads",
            "huey",
            "huey.bin.huey_consumer {module}.huey --workers {slots} --worker-type thread",
            _counted("LLEN huey.redis.bench"),
            1.0,
        ),
        System(
            name="bullmq, concurrency 8",
            package="bullmq",
            worker=["node", NODE_PROGRAM, "work"],
            client=["node", NODE_PROGRAM],
            remaining=_done("bull:bench:completed"),
        ),
    ]
