"""Publishes the files that attempts made, and deletes what the store did not take.

They stand under fresh ids and become visible only with the finish script.
"""

import uuid
from collections.abc import Sequence

import structlog

from queueapp.domain.errors import QueueappError, Unavailable
from queueapp.domain.job import Artifact, JobSpec
from queueapp.domain.outcome import Output
from queueapp.objects import ObjectStore, object_key
from queueapp.runner.task import LOGS
from queueapp.store.answers import FinishReport

log = structlog.get_logger()


def is_log(output: Output) -> bool:
    """Tell whether a file is a log that the runner kept, whatever type jobs give to theirs."""
    return output.path.parent.name == LOGS


class Files:
    """The files of attempts in the object store."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def publish(self, job: JobSpec, outputs: Sequence[Output]) -> list[Artifact]:
        """Store the files, all or none: a disk that is full needs no half of them.

        Raises: Unavailable.
        """
        files: list[Artifact] = []
        try:
            for output in outputs:
                files.append(self._put(job, output))
        except Unavailable:
            self._delete(files)
            raise
        return files

    def _put(self, job: JobSpec, output: Output) -> Artifact:
        artifact_id = str(uuid.uuid4())
        scope = job.scope
        key = object_key("artifacts", scope.tenant, scope.project, job.id, artifact_id)
        self._objects.put(key, output.path)
        return Artifact(
            id=artifact_id,
            job_id=job.id,
            type=output.type,
            title=output.title,
            name=output.name,
            format=output.format,
            media_type=output.media_type,
            size_bytes=output.size_bytes,
            sha256=output.sha256,
            object_key=key,
            primary=output.primary,
            record_count=output.record_count,
            accuracy=output.accuracy,
        )

    def publish_logs(self, job: JobSpec, outputs: Sequence[Output]) -> list[Artifact]:
        """Store the logs; one that cannot be stored does not change how the attempt ended."""
        logs = [output for output in outputs if is_log(output)]
        return [stored for output in logs if (stored := self._publish_log(job, output))]

    def _publish_log(self, job: JobSpec, output: Output) -> Artifact | None:
        try:
            return self._put(job, output)
        except Unavailable as error:
            log.warning("a log could not be stored", name=output.name, reason=error.reason)
            return None

    def sent_bytes(self, files: Sequence[Artifact]) -> int:
        """Return how many bytes of published files went over the network."""
        local = self._objects.local_path
        return sum(one.size_bytes for one in files if local(one.object_key) is None)

    def discard(self, report: FinishReport, *, keep_logs: bool = False) -> None:
        """Delete the files of a report that the store did not publish."""
        kept = {item.object_key for item in report.logs} if keep_logs else set()
        self._delete([item for item in report.artifacts if item.object_key not in kept])

    def _delete(self, artifacts: Sequence[Artifact]) -> None:
        for artifact in artifacts:
            try:
                self._objects.delete(artifact.object_key)
            except QueueappError as error:
                log.warning("a file stays behind", object=artifact.object_key, reason=str(error))
