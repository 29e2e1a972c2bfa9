"""What users keep: datasets, pipelines and artifacts; used by the API and by workers.

It joins the store's records with the object store's bytes, so that a failure anywhere leaves
neither without the other. It knows nothing of HTTP.
"""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from queueapp.domain.dataset import Dataset, DatasetStatus, Pipeline
from queueapp.domain.errors import (
    JobTypeUnavailable,
    NotFound,
    QueueappError,
    Unavailable,
    ValidationFailed,
)
from queueapp.domain.job import Artifact, Job, JobRequest, Resource
from queueapp.domain.scope import Scope
from queueapp.engine import Engine
from queueapp.eventlog import LogError
from queueapp.objects import ObjectStore, object_key
from queueapp.profiling import (
    PROFILE_TYPE,
    check_header,
    check_options,
    describe_log,
    format_of,
    unpacked_within,
)
from queueapp.store.records import Put

log = structlog.get_logger("queueapp.library")

# Larger logs are read by a job: reading 20 MB takes about a second and 100 MB of memory.
READ_AT_ONCE_BYTES = 20 << 20
# Each reading holds a whole small log in memory; further uploads wait for their turn.
READINGS_AT_ONCE = 2
# No upload takes longer than this from its first byte in the object store to its record.
GIVE_UP_MS = 6 * 3_600_000
SUBMIT_GRACE_MS = 120_000
MAX_PROFILE_GB = 4.0


class BadLog(ValidationFailed):
    """The file cannot be used as an event log."""

    def __init__(self, error: LogError) -> None:
        where = f" (row {error.row})" if error.row is not None else ""
        message = f"{error.message[:1].upper()}{error.message[1:]}{where}."
        super().__init__(message, errors=[(error.field or "file", message)])
        self.reason = error.code


@dataclass(frozen=True)
class Upload:
    """A file that has arrived on this machine's disk, and what its sender said about it."""

    path: Path
    size_bytes: int
    sha256: str
    name: str
    filename: str | None = None
    columns: dict[str, str | None] | None = None
    options: dict[str, str | None] = field(default_factory=dict)


class Library:
    """One object per process; every method may be called from any thread."""

    def __init__(self, engine: Engine, objects: ObjectStore) -> None:
        self._engine = engine
        self._store = engine.store
        self._objects = objects
        self._reading = threading.BoundedSemaphore(READINGS_AT_ONCE)

    # -- datasets ---------------------------------------------------------------------------

    def receive(
        self, scope: Scope, upload: Upload, *, by: str, dataset_id: str | None = None
    ) -> Put[Dataset]:
        """Store an upload under a chosen or a new id; the same again changes nothing.

        A small log is read at once, a large one is left to a job: its status is Profiling.
        Raises: BadLog, Unavailable. Nothing is stored then.
        """
        draft = self._draft(scope, upload, dataset_id or str(uuid.uuid4()), by)
        known = self._known(scope, draft.id)
        if known is not None and known.fingerprint == draft.fingerprint:
            return Put("same", known, None)
        try:
            small = unpacked_within(upload.path, draft.format, READ_AT_ONCE_BYTES)
            if small:
                draft = replace(draft, profile=self._read(draft, upload.path))
            else:
                check_header(
                    upload.path, form=draft.format, columns=draft.columns, options=draft.options
                )
        except LogError as error:
            raise BadLog(error) from error
        if small:
            put = self._publish(scope, draft, upload.path)
            self._drop(put.left)
            return put
        return self._publish_unread(scope, draft, upload.path, known)

    def dataset(self, scope: Scope, dataset_id: str) -> Dataset:
        """Return a dataset of the scope. Raises: NotFound."""
        return self._settled(scope, self._store.datasets.get(scope, dataset_id))

    def datasets(self, scope: Scope, *, page: int, page_size: int) -> tuple[list[Dataset], int]:
        """Return one page of the scope's datasets, newest first, and how many there are."""
        found, total = self._store.datasets.page(scope, page, page_size)
        return [self._settled(scope, one) for one in found], total

    def delete_dataset(self, scope: Scope, dataset_id: str) -> None:
        """Forget a dataset and its bytes. Raises: NotFound, InUse."""
        self._drop(self._store.datasets.delete(scope, dataset_id))

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
        dataset = self._store.datasets.get(scope, dataset_id)
        if dataset.status != DatasetStatus.PROFILING or dataset.profile_job != job.id:
            return dataset
        found = job.summary.get("profile")
        if found and job.summary.get("sha256") == dataset.sha256:
            return self._settle(scope, dataset, DatasetStatus.READY, profile=found)
        reason = job.failure.message if job.failure else f"Its reading was {job.status.lower()}."
        return self._settle(scope, dataset, DatasetStatus.FAILED, error=reason)

    def sweep(self, limit: int = 100) -> int:
        """Delete objects that no record names; return how many. A chore calls it."""
        keys = self._store.datasets.orphans(self._engine.now_ms(), limit)
        for key in keys:
            self._objects.delete(key)
            self._store.datasets.forget_orphan(key)
        return len(keys)

    # -- pipelines --------------------------------------------------------------------------

    def put_pipeline(self, scope: Scope, pipeline: Pipeline) -> Put[Pipeline]:
        """Create or replace a pipeline; the same again changes nothing."""
        return self._store.pipelines.put(scope, pipeline)

    def pipeline(self, scope: Scope, pipeline_id: str) -> Pipeline:
        """Return a pipeline of the scope. Raises: NotFound."""
        return self._store.pipelines.get(scope, pipeline_id)

    def pipelines(self, scope: Scope, *, page: int, page_size: int) -> tuple[list[Pipeline], int]:
        """Return one page of the scope's pipelines, newest first, and how many there are."""
        return self._store.pipelines.page(scope, page, page_size)

    def delete_pipeline(self, scope: Scope, pipeline_id: str) -> None:
        """Forget a pipeline; jobs keep the copy they were submitted with. Raises: NotFound."""
        self._store.pipelines.delete(scope, pipeline_id)

    # -- artifacts --------------------------------------------------------------------------

    def artifact(self, scope: Scope, artifact_id: str) -> Artifact:
        """Return an artifact of the scope. Raises: NotFound."""
        return self._store.artifacts.get(scope, artifact_id)

    def open_artifact(self, artifact: Artifact, start: int, end: int) -> Iterator[bytes]:
        """Return an artifact's bytes from ``start`` up to but without ``end``. Raises: NotFound."""
        return self._objects.read(artifact.object_key, start, end)

    # -- how an upload becomes a dataset ----------------------------------------------------

    def _draft(self, scope: Scope, upload: Upload, dataset_id: str, by: str) -> Dataset:
        try:
            check_options(upload.options)
            form = format_of(upload.path, upload.filename)
        except LogError as error:
            raise BadLog(error) from error
        # Each upload has an object of its own, so that a record never names half-replaced bytes.
        key = object_key("datasets", scope.tenant, scope.project, dataset_id, uuid.uuid4().hex)
        return Dataset(
            id=dataset_id,
            name=upload.name,
            status=DatasetStatus.READY,
            format=form,
            object_key=key,
            size_bytes=upload.size_bytes,
            sha256=upload.sha256,
            created_ms=0,
            updated_ms=0,
            created_by=by,
            columns=upload.columns,
            options=upload.options,
        )

    def _known(self, scope: Scope, dataset_id: str) -> Dataset | None:
        try:
            return self.dataset(scope, dataset_id)
        except NotFound:
            return None

    def _read(self, draft: Dataset, path: Path) -> dict[str, object]:
        now = datetime.fromtimestamp(self._engine.now_ms() / 1000, UTC)
        with self._reading:
            return describe_log(
                path, form=draft.format, columns=draft.columns, options=draft.options, now=now
            )

    def _publish(self, scope: Scope, draft: Dataset, path: Path) -> Put[Dataset]:
        """Write the bytes, then the record; on any failure neither is there."""
        key = draft.object_key
        self._store.datasets.announce(key, self._engine.now_ms() + GIVE_UP_MS)
        try:
            stored = self._objects.put(key, path)
            if (stored.sha256, stored.size_bytes) != (draft.sha256, draft.size_bytes):
                raise OSError(f"{path} changed while it was being stored")
            put = self._store.datasets.put(scope, draft, object_key=key)
        except BaseException:
            self._drop(key)
            raise
        if put.how == "same":
            self._drop(key)
        return put

    def _publish_unread(
        self, scope: Scope, draft: Dataset, path: Path, known: Dataset | None
    ) -> Put[Dataset]:
        try:
            self._engine.job_type(PROFILE_TYPE)
        except JobTypeUnavailable as error:
            raise Unavailable("No worker is there to read a log of this size.") from error
        put = self._publish(scope, replace(draft, status=DatasetStatus.PROFILING), path)
        if put.how == "same":
            return put
        try:
            dataset = self._order_profile(scope, put.record)
        except BaseException:
            self._take_back(scope, put.record, known)
            raise
        self._drop(put.left)
        return Put(put.how, dataset, None)

    def _order_profile(self, scope: Scope, dataset: Dataset) -> Dataset:
        size_gb = dataset.size_bytes / 2**30 * (10 if dataset.format.endswith(".gz") else 1)
        request = JobRequest(
            name=f"Profile of {dataset.name}"[:200],
            type=PROFILE_TYPE,
            resource=Resource("Dataset", dataset.id, dataset.name),
            memory_gb=min(MAX_PROFILE_GB, 1.0 + 6 * size_gb),
        )
        submitted = self._engine.submit(scope, request, by=dataset.created_by, internal=True)
        ordered = replace(dataset, profile_job=submitted.spec.id)
        key = dataset.object_key
        return self._store.datasets.put(scope, ordered, object_key=key, expect=key).record

    def _take_back(self, scope: Scope, dataset: Dataset, known: Dataset | None) -> None:
        """Undo the publishing of a dataset whose profile could not be ordered."""
        key = dataset.object_key
        if known is None:
            self._store.datasets.delete(scope, dataset.id, grace_ms=0)
        else:
            self._store.datasets.put(scope, known, object_key=known.object_key, expect=key)
        self._drop(key)

    def _settled(self, scope: Scope, dataset: Dataset) -> Dataset:
        """Return the dataset with the end of its profiling noted, should nobody have done so."""
        if dataset.status != DatasetStatus.PROFILING:
            return dataset
        if dataset.profile_job is None:
            if self._engine.now_ms() - dataset.updated_ms < SUBMIT_GRACE_MS:
                return dataset
            return self._settle_unread(scope, dataset)
        try:
            job = self._engine.job(scope, dataset.profile_job)
        except NotFound:
            return self._settle_unread(scope, dataset)
        return self.profiled(scope, dataset.id, job) if job.ended else dataset

    def _settle_unread(self, scope: Scope, dataset: Dataset) -> Dataset:
        return self._settle(
            scope, dataset, DatasetStatus.FAILED, error="It was never read; send it again."
        )

    def _settle(
        self,
        scope: Scope,
        dataset: Dataset,
        status: DatasetStatus,
        *,
        profile: dict[str, object] | None = None,
        error: str | None = None,
    ) -> Dataset:
        settled = replace(dataset, status=status, profile=profile, error=error)
        key = dataset.object_key
        return self._store.datasets.put(scope, settled, object_key=key, expect=key).record

    def _drop(self, key: str | None) -> None:
        """Delete an object that is listed as an orphan; if that fails, the chore will."""
        if key is None:
            return
        try:
            self._objects.delete(key)
            self._store.datasets.forget_orphan(key)
        except QueueappError as error:
            log.warning("an object is left to the chores", object=key, reason=str(error))
