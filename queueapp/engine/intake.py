"""How an upload becomes a dataset: read, stored and published, or refused without a trace.

The library calls it. The bytes and the record appear together: a failure anywhere leaves neither
without the other, and what a killed process left is listed for the chores.
"""

import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from queueapp.domain.audit import Act
from queueapp.domain.dataset import Dataset, DatasetStatus
from queueapp.domain.errors import (
    JobTypeUnavailable,
    NotFound,
    QueueappError,
    Unavailable,
    ValidationFailed,
)
from queueapp.domain.job import Job, JobRequest, Resource
from queueapp.domain.scope import Scope
from queueapp.engine.engine import Engine
from queueapp.eventlog import LogError
from queueapp.eventlog.apart import Reading, TooMuch, check_apart, describe_apart
from queueapp.eventlog.describing import PROFILE_TYPE, format_of, unpacked_within
from queueapp.objects import ObjectStore, object_key
from queueapp.store.records import Put

log = structlog.get_logger("queueapp.engine.intake")

# Larger logs are read by a job: reading 20 MB takes about a second and 200 MB of memory.
READ_AT_ONCE_BYTES = 20 << 20
# Each reading is a process that holds a whole small log; further uploads wait for their turn.
READINGS_AT_ONCE = 2
# No upload takes longer than this from its first byte in the object store to its record.
GIVE_UP_MS = 6 * 3_600_000
SUBMIT_GRACE_MS = 120_000
MAX_PROFILE_GB = 4.0
# What the audit trail says of a dataset that was published and taken back in the same request.
UNDONE = Act("system", "No job could be made to read it.")


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


class Intake:
    """Takes uploads in, and notes how their reading ended."""

    def __init__(self, engine: Engine, objects: ObjectStore) -> None:
        self._engine = engine
        self._store = engine.store
        self._objects = objects
        self._reading = threading.BoundedSemaphore(READINGS_AT_ONCE)

    def receive(
        self, scope: Scope, upload: Upload, *, act: Act, dataset_id: str | None = None
    ) -> Put[Dataset]:
        """Store an upload under a chosen or a new id; the same again changes nothing.

        A small log is read at once, a large one is left to a job: its status is Profiling.
        Raises: BadLog, Unavailable. Nothing is stored then.
        """
        draft = self._draft(scope, upload, dataset_id or str(uuid.uuid4()), act.by)
        known = self._known(scope, draft.id)
        if known is not None and known.fingerprint == draft.fingerprint:
            return Put("same", known, None)
        try:
            profile = self._read_at_once(draft, upload.path)
        except LogError as error:
            raise BadLog(error) from error
        if profile is None:
            return self._publish_unread(scope, draft, upload.path, known, act)
        put = self._publish(scope, replace(draft, profile=profile), upload.path, act)
        self.drop(put.left)
        return put

    def settled(self, scope: Scope, dataset: Dataset) -> Dataset:
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

    def drop(self, key: str | None) -> None:
        """Delete an object that is listed as an orphan; if that fails, the chore will."""
        if key is None:
            return
        try:
            self._objects.delete(key)
            self._store.datasets.forget_orphan(key)
        except QueueappError as error:
            log.warning("an object is left to the chores", object=key, reason=str(error))

    def _draft(self, scope: Scope, upload: Upload, dataset_id: str, by: str) -> Dataset:
        try:
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
            return self.settled(scope, self._store.datasets.get(scope, dataset_id))
        except NotFound:
            return None

    def _read_at_once(self, draft: Dataset, path: Path) -> dict[str, object] | None:
        """Return what is in a small log; None leaves the reading to a job. Raises: LogError."""
        now = datetime.fromtimestamp(self._engine.now_ms() / 1000, UTC)
        reading = Reading(
            str(path), draft.format, draft.columns, draft.options, now=now.isoformat()
        )
        small = unpacked_within(path, draft.format, READ_AT_ONCE_BYTES)
        try:
            with self._reading:
                if small:
                    return describe_apart(reading)
                check_apart(reading)
        except TooMuch as error:
            log.warning("a log is left to a job unread", dataset=draft.id, reason=str(error))
        return None

    def _publish(self, scope: Scope, draft: Dataset, path: Path, act: Act) -> Put[Dataset]:
        """Write the bytes, then the record; on a failure neither is there."""
        key = draft.object_key
        self._store.datasets.announce(key, self._engine.now_ms() + GIVE_UP_MS)
        try:
            stored = self._objects.put(key, path)
            if (stored.sha256, stored.size_bytes) != (draft.sha256, draft.size_bytes):
                raise OSError(f"{path} changed while it was being stored")
            put = self._store.datasets.put(scope, draft, object_key=key, act=act)
        except BaseException:
            self._drop_unpublished(scope, draft)
            raise
        if put.how == "same":
            self.drop(key)
        return put

    def _drop_unpublished(self, scope: Scope, draft: Dataset) -> None:
        """Delete an object unless the record was published after all and only the answer lost."""
        try:
            if self._store.datasets.get(scope, draft.id).object_key == draft.object_key:
                return
        except NotFound:
            pass
        except QueueappError as error:
            log.warning("the store does not tell what it has", reason=str(error))
            return
        self.drop(draft.object_key)

    def _publish_unread(
        self, scope: Scope, draft: Dataset, path: Path, known: Dataset | None, act: Act
    ) -> Put[Dataset]:
        try:
            self._engine.catalogue.named(PROFILE_TYPE)
        except JobTypeUnavailable as error:
            raise Unavailable("No worker is there to read a log of this size.") from error
        put = self._publish(scope, replace(draft, status=DatasetStatus.PROFILING), path, act)
        if put.how == "same":
            return put
        try:
            dataset = self._order_profile(scope, put.record)
        except BaseException:
            self._take_back(scope, put.record, known)
            raise
        self.drop(put.left)
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
            self._store.datasets.delete(scope, dataset.id, grace_ms=0, act=UNDONE)
        else:
            old = known.object_key
            self._store.datasets.put(scope, known, object_key=old, expect=key, act=UNDONE)
        self.drop(key)

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
