"""Makes jobs and workers in any state, in one line."""

import uuid
from dataclasses import replace
from typing import Any

from queueapp.config import Config
from queueapp.domain.fleet import JobTypeInfo, Node, NodeSample, Requirements, Worker
from queueapp.domain.job import Artifact, Claim, JobSpec
from queueapp.domain.outcome import Failure, Progress, Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.engine.engine import Engine
from queueapp.store import Store
from queueapp.store.answers import FinishReport, Idempotency, JobReceipt

SCOPE = Scope("tenant", "project")
NODE = Node("node-1", "host-1", cpu_units=4, memory_mb=16_384)
LARGE = Node("large", "large", cpu_units=100, memory_mb=10**6)
NOTHING = Usage()


def job_type(name: str = "Sleep", **changes: Any) -> JobTypeInfo:
    """Return a job type that takes any parameters."""
    return JobTypeInfo(
        name=name,
        description="Sleeps.",
        parameters_schema={"type": "object"},
        resource_types=(),
        datasets=(),
        stages=(),
        outputs=(),
        **changes,
    )


def spec(**changes: Any) -> JobSpec:
    """Return a job to be submitted."""
    plain = JobSpec(
        id=str(uuid.uuid4()),
        scope=SCOPE,
        name="a job",
        type="Sleep",
        priority=Priority.NORMAL,
        submitted_by="ann",
        requirements=Requirements(1, 1024),
    )
    return replace(plain, **changes)


def engine(store: Store, **settings: Any) -> Engine:
    """Return an engine that submits to the store as it is, without a broker."""

    def enqueue(job: JobSpec, *, idempotency: Idempotency | None, head: bool) -> JobReceipt:
        return store.jobs.submit(job, idempotency=idempotency, head=head)

    return Engine(store, Config(**settings), enqueue=enqueue)


def add_worker(
    store: Store, name: str = "w1", *, node: Node = NODE, types: tuple[str, ...] = ("Sleep",)
) -> str:
    """Register a worker and return its name."""
    worker = Worker(name=name, node=node, pid=1, slots=4, born_ms=0, version="0")
    store.fleet.register(worker, [job_type(kind) for kind in types])
    return name


def submit(store: Store, *, now_ms: int | None = None, **changes: Any) -> JobReceipt:
    """Submit a job."""
    return store.jobs.submit(spec(**changes), now_ms=now_ms)


def claim(store: Store, worker: str = "w1", *, now_ms: int | None = None) -> Claim | None:
    """Claim for a worker, each time as a new operation."""
    return store.attempts.claim(worker, operation=uuid.uuid4().hex, lease_ms=30_000, now_ms=now_ms)


def report(outcome: str = "completed", **changes: Any) -> FinishReport:
    """Return the report of an ended attempt."""
    failure = Failure("job_error", "it broke") if outcome == "failed" else None
    plain = FinishReport(
        outcome=outcome,
        result={},
        artifacts=(),
        progress=Progress(),
        usage=NOTHING,
        failure=failure,
        bases=("p",),
    )
    return replace(plain, **changes)


def finish(store: Store, held: Claim, outcome: str = "completed", **options: Any) -> str:
    """End an attempt and return the job's status."""
    changes = options.pop("changes", {})
    return store.attempts.finish(
        held.job.id,
        held.epoch,
        report(outcome, **changes),
        **{"max_lost": 3, "keep_ms": 86_400_000, **options},
    )


def artifact(**changes: Any) -> Artifact:
    """Return the record of a file that a job made."""
    plain = Artifact(
        id="a",
        job_id="job",
        type="EnrichedDataset",
        title="Rows",
        name="rows.csv",
        format="csv",
        media_type="text/csv",
        size_bytes=3,
        sha256="0" * 64,
        object_key="artifacts/a",
    )
    return replace(plain, **changes)


def beat(store: Store, worker: str, held: list[tuple[str, int]], **options: Any) -> dict[str, Any]:
    """Send a worker's heartbeat."""
    return store.fleet.heartbeat(
        worker, held, **{"lease_ms": 30_000, "sample": NodeSample(), **options}
    )
