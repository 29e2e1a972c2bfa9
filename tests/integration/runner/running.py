"""What the runner's tests share: a runner over the zoo of job types, and a short way to use it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

from queueapp.domain.fleet import Requirements
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import Outcome, Progress, Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.job_types import load_modules
from queueapp.runner import DatasetInput, Runner, StopKind, Task
from tests.waiting import eventually

ZOO = "tests.integration.runner.bad_jobs"
NOW_MS = 1_700_000_000_000

Report = Callable[[Progress, Usage], StopKind | None]


@dataclass
class Bench:
    """Runs zoo jobs and keeps what they reported."""

    runner: Runner
    folder: Path
    reports: list[tuple[Progress, Usage]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def task(
        self,
        kind: str,
        parameters: dict[str, Any] | None = None,
        *,
        memory_mb: int = 2048,
        timeout_ms: int = 60_000,
        cpu_units: int = 1,
        inputs: tuple[DatasetInput, ...] = (),
    ) -> Task:
        """Make a task of one zoo type."""
        number = next(self._numbers)
        spec = JobSpec(
            id=f"job-{number}",
            scope=Scope("t", "p"),
            name="A job",
            type=f"Zoo.{kind}",
            priority=Priority.NORMAL,
            submitted_by="tester",
            parameters=parameters or {},
            requirements=Requirements(cpu_units=cpu_units),
        )
        claim = Claim(spec, epoch=1, attempt=1, lease_until_ms=0, started_ms=NOW_MS)
        return Task(
            claim=claim,
            directory=self.folder / spec.id,
            inputs=inputs,
            memory_limit_bytes=memory_mb * 1024**2,
            timeout_ms=timeout_ms,
            now_ms=NOW_MS,
        )

    def note(self, progress: Progress, usage: Usage) -> StopKind | None:
        """Keep a report; ask for nothing."""
        self.reports.append((progress, usage))
        return None

    def run(self, kind: str, parameters: dict[str, Any] | None = None, **options: Any) -> Outcome:
        """Run one zoo job to its end."""
        report = options.pop("report", self.note)
        return self.runner.run(self.task(kind, parameters, **options), report)

    def begin(self, kind: str, parameters: dict[str, Any] | None = None, **options: Any) -> "Run":
        """Run one zoo job in a thread of its own."""
        report = options.pop("report", self.note)
        return Run(self.runner, self.task(kind, parameters, **options), report)


class Run:
    """A job that runs in the background."""

    def __init__(self, runner: Runner, task: Task, report: Report) -> None:
        self.runner = runner
        self.task = task
        self.outcome: Outcome | None = None
        self.error: Exception | None = None
        self.progress: list[Progress] = []
        self._report = report
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcome = self.runner.run(self.task, self._note)
        except Exception as error:  # noqa: BLE001 - raised again in the test's thread
            self.error = error

    def _note(self, progress: Progress, usage: Usage) -> StopKind | None:
        self.progress.append(progress)
        return self._report(progress, usage)

    def at_stage(self, stage: str) -> "Run":
        """Wait until the job has reported a stage."""
        eventually(lambda: self._was_at(stage) or not self._thread.is_alive())
        assert self._was_at(stage), self.error or self.outcome
        return self

    def _was_at(self, stage: str) -> bool:
        return any(one.stage == stage for one in self.progress)

    def stop(self, kind: StopKind) -> None:
        """Stop the job."""
        self.runner.stop(self.task.claim.job.id, self.task.claim.epoch, kind)

    def wait(self, timeout_s: float = 60.0) -> Outcome:
        """Wait for the end and return the outcome."""
        self._thread.join(timeout_s)
        if self.error is not None:
            raise self.error
        assert self.outcome is not None, "the job is still running"
        return self.outcome


def open_bench(folder: Path, **options: Any) -> Bench:
    """Make a runner over the zoo, not started yet."""
    load_modules([ZOO])
    settings = {"modules": [ZOO], "work_dir": folder, "slots": 8, "grace_s": 1.0, **options}
    return Bench(Runner(**settings), folder)


def log_text(outcome: Outcome, name: str) -> str:
    """Return the text of one of the outcome's outputs."""
    (found,) = [output for output in outcome.outputs if output.name == name]
    return found.path.read_text()
