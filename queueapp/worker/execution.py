"""Runs one claimed job from its inputs to its published files; the worker's actors call it.

The runner supervises the process; what is here carries its progress to the store and reports what
came of it.
"""

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from queueapp import tracing
from queueapp.domain.errors import LeaseLost, NotFound, QueueappError, Unavailable
from queueapp.domain.job import Artifact, Claim, JobSpec, LogFile
from queueapp.domain.outcome import Failure, Outcome, Output, Progress, Usage
from queueapp.domain.states import AttemptEnd
from queueapp.foresight.durations import duration_bases
from queueapp.middleware.tracing import retell_spans
from queueapp.objects import ObjectStore
from queueapp.runner import Runner, RunnerLost, RunnerUnusable, StopKind, Task
from queueapp.runner.keeper import Keepers
from queueapp.runner.log_tail import LogTail
from queueapp.runner.logs import RECORDS, left_logs
from queueapp.runner.task import WORK
from queueapp.sealing import CannotOpen
from queueapp.store import Store
from queueapp.store.answers import FinishReport
from queueapp.worker.files import Files, is_log
from queueapp.worker.inputs import Errand, Inputs

log = structlog.get_logger()


def lost(code: str, message: str, outputs: tuple[Output, ...] = ()) -> Outcome:
    """Return the outcome of an attempt that is nobody's fault and is attempted again."""
    return Outcome(AttemptEnd.LOST, failure=Failure(code, message), outputs=outputs)


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


class Execution:
    """What a worker process needs to run jobs."""

    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        runner: Runner,
        *,
        work_dir: Path,
        opened: Callable[[JobSpec], dict[str, Any]] = lambda _job: {},
        keepers: Keepers | None = None,
        jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2),
        errands: Mapping[str, Errand] | None = None,
    ) -> None:
        self._store = store
        self._inputs = Inputs(store, objects, errands or {})
        self.files = Files(objects)
        self._runner = runner
        self._work_dir = work_dir.absolute()
        self._jitter = jitter
        self._opened = opened
        self._keepers = keepers
        self.recalled: set[tuple[str, int]] = set()

    def run(self, claim: Claim) -> FinishReport:
        """Run the attempt and publish its files; never raises for what a job can do wrong."""
        directory = self._work_dir / f"{claim.job.id}-{claim.epoch}"
        try:
            return self._report(claim, *self._run(claim, directory))
        except Unavailable as error:
            log.warning("the attempt's files could not be stored", reason=error.reason)
            return self._report(claim, lost("storage_unavailable", str(error)))
        finally:
            # Folders are made when something is written: a tiny job never needs one.
            if directory.exists():
                _remove(directory)

    def _run(self, claim: Claim, directory: Path) -> tuple[Outcome, int | None]:
        """Return how the attempt ended, and the bytes that it fetched if it came so far."""
        try:
            secrets = self._opened(claim.job)
            inputs, fetched_bytes = self._inputs.bring(claim.job, directory)
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
            keeping=self._keepers.keeping(job) if self._keepers and job.host else None,
        )
        try:
            return self._inputs.take(job, self._run_traced(task)), fetched_bytes
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
            log.warning("progress not stored", reason=error.reason)
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
        files = self.files.publish(claim.job, self._kept(claim, outcome))
        logs = self.files.publish_logs(claim.job, outcome.outputs)
        artifacts = [*files, *logs]
        usage = outcome.usage
        if fetched_bytes is not None:
            sent_bytes = self.files.sent_bytes(artifacts)
            usage = replace(usage, network_bytes=fetched_bytes + sent_bytes)
        done = outcome.end is AttemptEnd.COMPLETED
        return FinishReport(
            outcome=outcome.end,
            result=_result(outcome, artifacts, partial=not done and bool(files)),
            artifacts=artifacts,
            progress=outcome.progress,
            usage=usage,
            failure=outcome.failure,
            bases=duration_bases(claim.job) if done else [],
            kept_ms=self._keepers.kept_ms(claim.job) if self._keepers and done else None,
            jitter=self._jitter(),
            logs=[LogFile(item.name, item.object_key, item.size_bytes) for item in logs],
        )

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
