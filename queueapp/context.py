"""What a job's own code sees: JobContext.

The runner makes one context per attempt, in the job's process (or, for thread types, in the
worker's thread). A context only emits events; it knows no store, no broker and no network.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queueapp.domain.job import Resource
from queueapp.job_errors import BadInput, JobCancelled
from queueapp.runner.artifact_file import ArtifactFile, describe, open_artifact
from queueapp.runner.dataset_input import DatasetInput
from queueapp.runner.sayable import check_sayable
from queueapp.runner.spans import JobSpan, Spans
from queueapp.runner.task import OUTPUTS, WORK, Assignment

THROTTLE_S = 0.1
FINDING_KINDS_MAX = 200
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")

Event = dict[str, Any]


class JobContext:
    """The job that is running: what it was asked, and where it reports to."""

    def __init__(
        self,
        assignment: Assignment,
        emit: Callable[[Event], None],
        *,
        parameters: dict[str, Any] | None = None,
        stages: tuple[str, ...] = (),
        spans: Spans | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = assignment.id
        self.type = assignment.type
        self.attempt = assignment.attempt
        self.name = assignment.name
        self.parameters = assignment.parameters if parameters is None else parameters
        self.resource: Resource | None = assignment.resource
        self.pipeline = assignment.pipeline
        self.secrets = assignment.secrets
        #: The keeper of what jobs of this host leave open; None where nothing is kept.
        self.keeping = assignment.keeping
        self.now = datetime.fromtimestamp(assignment.now_ms / 1000, UTC)
        self._folder = assignment.directory
        self.stopping = False
        self._inputs = {one.parameter: one for one in assignment.inputs}
        self._emit = emit
        self._spans = spans or Spans(assignment.trace, emit)
        self._clock = clock
        self._stages = stages
        self._seen: list[str] = []
        self._done = 0
        self._total: int | None = None
        self._stage: str | None = None
        self._due = 0.0
        self._counts = {"error": 0, "warning": 0}
        self._pending: dict[tuple[str, str, str], int] = {}
        self._kinds: set[tuple[str, str, str]] = set()
        self._moved = bool(stages)  # since the last report

    @property
    def directory(self) -> Path:
        """The attempt's private folder; it is gone when the attempt is over."""
        directory = self._folder / WORK
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return directory

    @property
    def traceparent(self) -> str | None:
        """Name the innermost span to systems that are called; None where no traces are made."""
        return self._spans.traceparent

    @contextmanager
    def span(self, name: str, **facts: Any) -> Iterator[JobSpan]:
        """Have a span in the job's trace for the time of a block; nothing where none is made."""
        with self._spans.open(name, facts) as span:
            yield span

    def dataset(self, parameter: str = "datasetId") -> DatasetInput:
        """Return the dataset that a parameter names."""
        try:
            return self._inputs[parameter]
        except KeyError:
            message = f"The job was submitted without a dataset in {parameter}"
            raise BadInput(message, field=parameter) from None

    def progress(
        self, done: int | None = None, total: int | None = None, stage: str | None = None
    ) -> None:
        """Report how far the job has come; cheap enough for a tight loop.

        Raises: JobCancelled when the job was asked to stop.
        """
        if done is not None:
            self._done = done
        if total is not None:
            self._total = total
        if stage is not None and stage != self._stage:
            self._enter(stage)
        self._moved = True
        if self.stopping:
            raise JobCancelled
        if self._clock() >= self._due:
            self.flush()

    @contextmanager
    def artifact(
        self,
        name: str,
        *,
        type: str,  # noqa: A002 - the public word for it
        title: str,
        primary: bool = False,
        format: str | None = None,  # noqa: A002 - likewise
        media_type: str | None = None,
        record_count: int | None = None,
        accuracy: float | None = None,
    ) -> Iterator[ArtifactFile]:
        """Open a binary file to write an output into; it counts once the block ends cleanly."""
        file = open_artifact(self._folder / OUTPUTS, name)
        try:
            yield file
        except BaseException:
            file.close()
            file.path.unlink(missing_ok=True)
            raise
        file.close()
        facts = describe(file.path, format=format, media_type=media_type)
        self._emit(
            {
                "event": "output",
                "type": str(type),
                "title": str(title),
                "primary": primary,
                "record_count": None if record_count is None else int(record_count),
                "accuracy": None if accuracy is None else float(accuracy),
                **facts,
            }
        )

    def quality(
        self,
        *,
        total: int,
        valid: int | None = None,
        duplicates: int = 0,
        invalid: int = 0,
        score: float | None = None,
        parts: dict[str, float] | None = None,
    ) -> None:
        """Report what validation of the input found; the newest report replaces the others."""
        facts = {
            "total": total,
            "valid": total - duplicates - invalid if valid is None else valid,
            "duplicates_removed": duplicates,
            "invalid": invalid,
            "score": score,
            "parts": parts or {},
        }
        self._emit({"event": "quality", "quality": _json_only(facts)})

    def warning(self, *, type: str, message: str, count: int = 1) -> None:  # noqa: A002
        """Count warnings of one kind."""
        self._note("warning", type, message, count)

    def error(self, *, type: str, message: str, count: int = 1) -> None:  # noqa: A002
        """Count errors of one kind that did not stop the job."""
        self._note("error", type, message, count)

    def summary(self, **values: Any) -> None:
        """Add values to the results' summary: JSON values only."""
        self._emit({"event": "summary", "values": _json_only(values)})

    def log(self, level: str, message: str, **fields: Any) -> None:
        """Write a line to the job's own log: DEBUG, INFO, WARN or ERROR."""
        level = {"WARNING": "WARN", "CRITICAL": "ERROR"}.get(level.upper(), level.upper())
        if level not in LEVELS:
            raise ValueError(f"The log level must be one of {', '.join(LEVELS)}, not {level}")
        line = {"level": level, "stage": self._stage, "message": str(message)}
        if fields:
            line["details"] = json.loads(json.dumps(fields, default=str))
        self._emit({"event": "log", "at": time.time(), **line})

    def request_stop(self) -> None:
        """Make the next progress() raise JobCancelled; called by the runner."""
        self.stopping = True

    def flush(self) -> None:
        """Send the newest progress and the counted findings now, if there is news."""
        self._due = self._clock() + THROTTLE_S
        if not self._moved:
            return
        self._moved = False
        pending, self._pending = self._pending, {}
        for (kind, type_, message), count in pending.items():
            self._emit(
                {"event": kind, "type": type_, "message": message, "count": count},
            )
        self._emit(
            {
                "event": "progress",
                "records_done": int(self._done),
                "records_total": None if self._total is None else int(self._total),
                "stage": self._stage,
                "stages_done": self._stages_done(),
                "stages_total": len(self._stages) or None,
                "error_count": self._counts["error"],
                "warning_count": self._counts["warning"],
            }
        )

    @property
    def stage(self) -> str | None:
        """The stage that the job last named."""
        return self._stage

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self._spans.enter_stage(stage)
        if stage not in self._seen:
            self._seen.append(stage)
        self._due = 0.0

    def _stages_done(self) -> int:
        if self._stage is None:
            return 0
        known = self._stages if self._stage in self._stages else self._seen
        return known.index(self._stage)

    def _note(self, kind: str, type_: str, message: str, count: int) -> None:
        if count <= 0:
            return
        key = (kind, str(type_), str(message)[:1000])
        if key not in self._kinds and len(self._kinds) >= FINDING_KINDS_MAX:
            key = (kind, "Other", "Further findings of many kinds")
        self._kinds.add(key)
        self._pending[key] = self._pending.get(key, 0) + count
        self._counts[kind] += count
        self._moved = True
        if self._clock() >= self._due:
            self.flush()


def _json_only(values: dict[str, Any]) -> dict[str, Any]:
    """Refuse what is not JSON where it is said, not later where nobody looks."""
    check_sayable(values)
    json.dumps(values, allow_nan=False)
    return values
