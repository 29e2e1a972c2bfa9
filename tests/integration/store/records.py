"""Makes datasets, pipelines and jobs for tests in one line."""

from typing import Any

from queueapp.domain.dataset import Dataset, Pipeline
from queueapp.domain.job import JobSpec
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store

SCOPE = Scope("acme", "sales")
OTHER = Scope("acme", "purchasing")


def make_dataset(dataset_id: str = "d", **changed: Any) -> Dataset:
    """Return a dataset as the library would store it."""
    facts: dict[str, Any] = {
        "id": dataset_id,
        "name": "Orders",
        "status": "Ready",
        "format": "csv",
        "object_key": f"datasets/{dataset_id}",
        "size_bytes": 3,
        "sha256": "00",
        "created_ms": 0,
        "updated_ms": 0,
        "created_by": "ann",
    }
    return Dataset(**{**facts, **changed})


def make_pipeline(pipeline_id: str = "p", **changed: Any) -> Pipeline:
    """Return a pipeline as a caller would put it."""
    return Pipeline(**{"id": pipeline_id, "name": "Daily", **changed})


def submit_job(store: Store, job_id: str, *, now_ms: int | None = 1_000) -> None:
    """Put a job into the queue of the scope."""
    spec = JobSpec(job_id, SCOPE, "Job", "ProcessMining", Priority.NORMAL, "ann")
    store.jobs.submit(spec, now_ms=now_ms)
