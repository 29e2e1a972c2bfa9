"""Runs one claimed job from its inputs to its published files; workers call it per attempt.

The runner supervises the process; this room brings the inputs, carries progress to the store,
and publishes what the attempt made. Files become visible only with the finish script.
"""

import random
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from queueapp import tracing
from queueapp.domain.errors import LeaseLost, NotFound, QueueappError, Unavailable
from queueapp.domain.job import Artifact, Claim, JobSpec, LogFile
from queueapp.domain.outcome import Failure, Outcome, Output, Progress, Usage
from queueapp.domain.states import AttemptEnd
from queueapp.foresight.durations import duration_bases
from queueapp.middleware.tracing import retell_spans
from queueapp.objects import ObjectStore, object_key
from queueapp.runner import DatasetInput, Runner, RunnerLost, RunnerUnusable, StopKind, Task
from queueapp.runner.log_tail import LogTail
from queueapp.runner.logs import RECORDS, left_logs
from queueapp.runner.task import LOGS, WORK, Keeping
from queueapp.sealing import CannotOpen
from queueapp.store import Store
from queueapp.store.answers import FinishReport

log = structlog.get_logger()

FETCHED = "inputs"


def lost(code: str, message: str, outputs: tuple[Output, ...] = ()) -> Outcome:
    """Return the outcome of an attempt that is nobody's fault and is attempted again."""
    return Outcome(AttemptEnd.LOST, failure=Failure(code, message), outputs=outputs)


def is_log(output: Output) -> bool:
    """Tell whether a file is a log that the runner kept, whatever type jobs give to theirs."""
    return output.path.parent.name == LOGS


def _result(outcome: Outcome, artifacts: Sequence[Artifact], *, partial: bool) -> dict[str, Any]:
    """Return what there is to tell of an attempt's results; a tiny job has nothing to tell."""
    result = {
        "artifacts": artifacts,
        "summary": outcome.summary,
        "quality": outcome.quality,
        "errors": outcome.errors,
        "warnings": outcome.warnings,
        "partial": partial,
    }
    return {name: value for name, value in result.items() if value}


def _remove(directory: Path) -> None:
    try:
        # Of most attempts only empty folders are left, which need not be looked through.
        (directory / WORK).rmdir()
        directory.rmdir()
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)


class Errand(Protocol):
    """What a worker does around a job of queueapp's own, whose code reaches no store."""

    def bring(self, job: JobSpec, folder: Path) -> tuple[DatasetInput, ...]:
        """Write what the job needs into a folder, and return it as inputs."""

    def take(self, job: JobSpec, outcome: Outcome) -> Outcome:
        """Keep what the job made, and return what else is to be published."""


class Execution:
    """What a worker process needs to run jobs."""

    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        runner: Runner,
        *,
        work_dir: Path,
        now_ms: Callable[[], int],
        opened: Callable[[JobSpec], dict[str, Any]] = lambda _job: {},
        keeping: Callable[[JobSpec], Keeping | None] = lambda _job: None,
        jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2),
        errands: Mapping[str, Errand] | None = None,
    ) -> None:
        self._store = store
        self._objects = objects
        self._runner = runner
        self._work_dir = work_dir.absolute()
        self._now_ms = now_ms
        self._jitter = jitter
        self._opened = opened
        self._keeping = keeping
        self._errands = errands or {}
        self.recalled: set[tuple[str, int]] = set()

    def run(self, claim: Claim) -> FinishReport:
        """Run the attempt and publish its files; never raises for what a job can do wrong."""
        directory = self._work_dir / f"{claim.job.id}-{claim.epoch}"
        try:
            return self._report(claim, *self._run(claim, directory))
        except Unavailable as error:
            log.warning("the attempt's files could not be stored", reason=str(error))
            return self._report(claim, lost("storage_unavailable", str(error)))
        finally:
            # Folders are made when something is written: a tiny job never needs one.
            if directory.exists():
                _remove(directory)

    def _run(self, claim: Claim, directory: Path) -> tuple[Outcome, int | None]:
        """Return how the attempt ended, and the bytes that it fetched if it came so far."""
        try:
            secrets = self._opened(claim.job)
            inputs, fetched_bytes = self._inputs(claim, directory)
        except CannotOpen as error:
            failure = Failure(error.code, error.message)
            return Outcome(AttemptEnd.FAILED, failure=failure), None
        except NotFound as error:
            failure = Failure("bad_input", error.message)
            return Outcome(AttemptEnd.FAILED, failure=failure), None
        job = claim.job
        task = Task(
            claim=claim,
            directory=directory,
            inputs=inputs,
            memory_limit_bytes=job.requirements.memory_mb << 20,
            timeout_ms=job.run_limit_ms or job.timeout_minutes * 60_000,
            now_ms=claim.started_ms,
            secrets=secrets,
            keeping=self._keeping(job) if job.host else None,
        )
        errand = self._errands.get(job.type)
        try:
            outcome = self._run_traced(task)
            return errand.take(job, outcome) if errand else outcome, fetched_bytes
        except (RunnerLost, RunnerUnusable) as error:
            log.error("the process that starts jobs failed", reason=error.message)
            return lost(error.code, error.message, left_logs(task.logs)), None

    def _run_traced(self, task: Task) -> Outcome:
        """Run the job's process; the job is told the name of its span, to hand it on."""
        with tracing.span(f"run {task.claim.job.type}", "INTERNAL", {}) as span:
            name = tracing.traceparent(span) if span else None
            outcome = self._runner.run(replace(task, trace=name), self._reporter(task))
            retell_spans(outcome.spans, name)
            usage = outcome.usage
            tracing.tell(
                span,
                {
                    "queueapp.cpu_seconds": usage.cpu_seconds,
                    "queueapp.peak_rss_bytes": usage.peak_rss_bytes,
                    "queueapp.written_bytes": usage.written_bytes,
                },
            )
        return outcome

    def _inputs(self, claim: Claim, directory: Path) -> tuple[tuple[DatasetInput, ...], int]:
        found: list[DatasetInput] = []
        fetched_bytes = 0
        errand = self._errands.get(claim.job.type)
        if errand:
            folder = directory / FETCHED
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return errand.bring(claim.job, folder), 0
        for parameter, dataset_id in claim.job.inputs.items():
            dataset = self._store.datasets.get(claim.job.scope, dataset_id)
            path = self._objects.local_path(dataset.object_key)
            if path is None:
                path = directory / FETCHED / str(len(found))
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._objects.fetch(dataset.object_key, path)
                fetched_bytes += dataset.size_bytes
            found.append(
                DatasetInput(
                    parameter=parameter,
                    id=dataset.id,
                    name=dataset.name,
                    format=dataset.format,
                    path=path,
                    columns=dataset.columns,
                    options=dict(dataset.options),
                    sha256=dataset.sha256,
                )
            )
        return tuple(found), fetched_bytes

    def _reporter(self, task: Task) -> Callable[[Progress, Usage], StopKind | None]:
        tail: LogTail | None = None  # most jobs are over before their first report

        def report(progress: Progress, usage: Usage) -> StopKind | None:
            nonlocal tail
            tail = tail or LogTail(task.logs / RECORDS)
            return self._carry(task.claim, progress, usage, tail)

        return report

    def _carry(
        self, claim: Claim, progress: Progress, usage: Usage, tail: LogTail
    ) -> StopKind | None:
        """Bring progress to the store; a store that is away does not stop the job."""
        try:
            wish = self._store.attempts.report(
                claim.job.id, claim.epoch, progress, usage, log_tail=tail.newest()
            )
        except LeaseLost:
            return StopKind.LOST
        except Unavailable as error:
            log.warning("progress not stored", reason=str(error))
            return None
        if wish is None:
            return None
        if wish.get("give_back"):
            self.recalled.add((claim.job.id, claim.epoch))
            return StopKind.GIVE_BACK
        return StopKind.FORCE if wish.get("force") else StopKind.CANCEL

    def _report(
        self, claim: Claim, outcome: Outcome, fetched_bytes: int | None = None
    ) -> FinishReport:
        files = self._publish_all(claim, self._kept(claim, outcome))
        logs = [log for output in outcome.outputs if (log := self._publish_log(claim, output))]
        artifacts = [*files, *logs]
        usage = outcome.usage
        if fetched_bytes is not None:
            sent = sum(a.size_bytes for a in artifacts if self._is_remote(a.object_key))
            usage = replace(usage, network_bytes=fetched_bytes + sent)
        done = outcome.end is AttemptEnd.COMPLETED
        return FinishReport(
            outcome=outcome.end,
            result=_result(outcome, artifacts, partial=not done and bool(files)),
            artifacts=artifacts,
            progress=outcome.progress,
            usage=usage,
            failure=outcome.failure,
            bases=duration_bases(claim.job) if done else [],
            jitter=self._jitter(),
            logs=[LogFile(item.name, item.object_key, item.size_bytes) for item in logs],
        )

    def _is_remote(self, key: str) -> bool:
        return self._objects.local_path(key) is None

    def _kept(self, claim: Claim, outcome: Outcome) -> Sequence[Output]:
        """Return the files to publish beside the logs."""
        if outcome.end in (AttemptEnd.GIVEN_BACK, AttemptEnd.LOST):
            return ()
        if outcome.end is AttemptEnd.CANCELLED and not self._preserves(claim):
            return ()
        return [output for output in outcome.outputs if not is_log(output)]

    def _preserves(self, claim: Claim) -> bool:
        try:
            job = self._store.jobs.get(claim.job.scope, claim.job.id)
        except QueueappError:
            return True
        return job.cancel is None or job.cancel.preserve_partial

    def _publish_all(self, claim: Claim, outputs: Sequence[Output]) -> list[Artifact]:
        """Store the files, all or none: a disk that is full needs no half of them.

        Raises: Unavailable.
        """
        files: list[Artifact] = []
        try:
            for output in outputs:
                files.append(self._publish(claim, output))
        except Unavailable:
            self._delete(files)
            raise
        return files

    def _publish(self, claim: Claim, output: Output) -> Artifact:
        artifact_id = str(uuid.uuid4())
        scope = claim.job.scope
        key = object_key("artifacts", scope.tenant, scope.project, claim.job.id, artifact_id)
        self._objects.put(key, output.path)
        return Artifact(
            id=artifact_id,
            job_id=claim.job.id,
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

    def _publish_log(self, claim: Claim, output: Output) -> Artifact | None:
        """Publish a log; one that cannot be stored does not change how the attempt ended."""
        if not is_log(output):
            return None
        try:
            return self._publish(claim, output)
        except Unavailable as error:
            log.warning("a log could not be stored", name=output.name, reason=str(error))
            return None

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
