"""Runs the ProcessMining job as the runner would, without a worker: a real context, real files."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.process_mining import process_mining
from queueapp.context import JobContext
from queueapp.runner.dataset_input import DatasetInput
from queueapp.runner.task import Assignment

NOW_MS = 1_763_800_000_000


@dataclass
class Run:
    """Everything a run of the job said, and where its files are."""

    events: list[dict[str, Any]]
    folder: Path
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if event["event"] == kind]

    def bytes(self, name: str) -> bytes:
        """Read an output."""
        return (self.folder / name).read_bytes()


def run_job(
    path: Path,
    folder: Path,
    *,
    parameters: dict[str, Any] | None = None,
    columns: dict[str, str | None] | None = None,
    options: dict[str, Any] | None = None,
    log_format: str = "csv",
    stop_at: str | None = None,
) -> Run:
    """Run the job on a file; `stop_at` asks it to stop when it enters that stage."""
    dataset = DatasetInput(
        parameter="datasetId",
        id="d1",
        name=path.name,
        format=log_format,
        path=path,
        columns=columns,
        options=options or {},
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    asked = {"datasetId": "d1", **(parameters or {})}
    assignment = Assignment(
        id="j1",
        type="ProcessMining",
        attempt=1,
        name="test",
        parameters=asked,
        directory=folder,
        now_ms=NOW_MS,
        inputs=(dataset,),
    )
    run = Run([], folder / "outputs")

    def hear(event: dict[str, Any]) -> None:
        run.events.append(event)
        if stop_at is not None and event.get("stage") == stop_at:
            job.request_stop()

    job = JobContext(
        assignment,
        hear,
        parameters=process_mining.load(asked),
        stages=process_mining.info.stages,
        clock=_ticks(),
    )
    process_mining(job)
    run.outputs = {event["name"]: event for event in run.of("output")}
    return run


def _ticks() -> Any:
    """Make a clock whose every look is a second later, so that no report is held back."""
    state = {"now": 0.0}

    def look() -> float:
        state["now"] += 1.0
        return state["now"]

    return look
