"""What users keep in files: datasets and artifacts; used by the API and by workers.

It joins the store's records with the object store's bytes. It knows nothing of HTTP.
"""

from collections.abc import Iterator

import structlog

from queueapp.domain.audit import Act
from queueapp.domain.dataset import Dataset
from queueapp.domain.errors import NotFound
from queueapp.domain.job import Artifact, Job
from queueapp.domain.scope import Scope
from queueapp.engine.engine import Engine
from queueapp.engine.intake import Intake, Upload
from queueapp.eventlog.describing import PROFILE_TYPE
from queueapp.objects import ObjectStore
from queueapp.store.records import Put

log = structlog.get_logger("queueapp.engine.library")


class Library:
    """One object per process; every method may be called from any thread."""

    def __init__(self, engine: Engine, objects: ObjectStore) -> None:
        self._engine = engine
        self._store = engine.store
        self._objects = objects
        self._intake = Intake(engine, objects)

    # -- datasets ---------------------------------------------------------------------------

    def receive(
        self, scope: Scope, upload: Upload, *, act: Act, dataset_id: str | None = None
    ) -> Put[Dataset]:
        """Store an upload under a chosen or a new id; the same again changes nothing.

        Raises: BadLog, Unavailable, QueueFull. Nothing is stored then.
        """
        return self._intake.receive(scope, upload, act=act, dataset_id=dataset_id)

    def dataset(self, scope: Scope, dataset_id: str) -> Dataset:
        """Return a dataset of the scope. Raises: NotFound."""
        return self._intake.settled(scope, self._store.datasets.get(scope, dataset_id))

    def datasets(self, scope: Scope, *, page: int, page_size: int) -> tuple[list[Dataset], int]:
        """Return one page of the scope's datasets, newest first, and how many there are."""
        found, total = self._store.datasets.page(scope, page, page_size)
        return [self._intake.settled(scope, one) for one in found], total

    def delete_dataset(self, scope: Scope, dataset_id: str, *, act: Act) -> None:
        """Forget a dataset and its bytes. Raises: NotFound, InUse."""
        self._intake.drop(self._store.datasets.delete(scope, dataset_id, act=act))

    def job_ended(self, scope: Scope, job_id: str) -> None:
        """Take over what a job of queueapp's own has found; others are none of our business."""
        try:
            job = self._engine.job(scope, job_id)
            if job.spec.type == PROFILE_TYPE and job.ended:
                self.profiled(scope, job.spec.inputs["datasetId"], job)
        except NotFound:
            log.info("the dataset of an ended job is gone", job=job_id)

    def profiled(self, scope: Scope, dataset_id: str, job: Job) -> Dataset:
        """Store what a DatasetProfile job found, unless the dataset has changed since.

        Raises: NotFound.
        """
        return self._intake.profiled(scope, dataset_id, job)

    def sweep(self, limit: int = 100) -> int:
        """Delete objects that no record names; return how many. A chore calls it."""
        keys = self._store.datasets.orphans(self._engine.now_ms(), limit)
        for key in keys:
            self._objects.delete(key)
            self._store.datasets.forget_orphan(key)
        return len(keys)

    # -- artifacts --------------------------------------------------------------------------

    def artifact(self, scope: Scope, artifact_id: str) -> Artifact:
        """Return an artifact of the scope. Raises: NotFound."""
        return self._store.artifacts.get(scope, artifact_id)

    def open_artifact(self, artifact: Artifact, start: int, end: int) -> Iterator[bytes]:
        """Return an artifact's bytes from ``start`` up to but without ``end``. Raises: NotFound."""
        return self._objects.read(artifact.object_key, start, end)
