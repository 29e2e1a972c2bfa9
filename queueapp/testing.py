"""Runs one job in the test that calls it: no queue, no store, no process of its own.

For authors of job types. Parameters are checked as a worker checks them; nothing is limited.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.job_types import JobType
from queueapp.runner.artifact_file import describe
from queueapp.runner.dataset_input import DatasetInput
from queueapp.runner.inline import run_inline
from queueapp.runner.ledger import Ledger
from queueapp.runner.logs import JobLogs
from queueapp.runner.supervision import StopRequests
from queueapp.runner.task import Task

HOUR_MS = 3_600_000


def run_job(
    kind: JobType,
    directory: Path,
    parameters: dict[str, Any] | None = None,
    *,
    datasets: Mapping[str, Path] | None = None,
    attempt: int = 1,
    now_ms: int | None = None,
) -> Outcome:
    """Run a job of this type in the calling thread and return what came of it.

    ``directory`` must be empty; the outputs, at ``outcome.outputs[i].path``, and the logs stay
    there. ``datasets`` are files by the parameter that names them; their suffixes say the format.
    """
    started_ms = int(time.time() * 1000) if now_ms is None else now_ms
    spec = JobSpec(
        id="test",
        scope=Scope("test", "test"),
        name="test",
        type=kind.name,
        priority=Priority.NORMAL,
        submitted_by="test",
        parameters=parameters or {},
    )
    task = Task(
        claim=Claim(spec, attempt, attempt, lease_until_ms=started_ms, started_ms=started_ms),
        directory=directory,
        inputs=tuple(_input(name, path) for name, path in (datasets or {}).items()),
        memory_limit_bytes=0,
        timeout_ms=HOUR_MS,
        now_ms=started_ms,
    ).absolute()
    return _run(task)


def _run(task: Task) -> Outcome:
    for folder in (task.work, task.outputs):
        folder.mkdir(parents=True)
    stops = StopRequests()
    try:
        return run_inline(
            task,
            Ledger(task.directory, JobLogs(task.directory)),
            report=lambda *_: None,
            stops=stops,
            clock=time.monotonic,
        )
    finally:
        stops.close()


def _input(parameter: str, path: Path) -> DatasetInput:
    return DatasetInput(
        parameter=parameter,
        id=path.stem,
        name=path.name,
        format="".join(path.suffixes).lstrip(".").lower(),
        path=path,
        columns=None,
        options={},
        sha256=describe(path)["sha256"],
    )
