"""What a job has reported so far: kept outside its process, so it survives the process.

Fed by the supervision with the child's event lines, or directly by thread jobs. Events come from
job code's process, so nothing in them is trusted: sizes are bounded, paths must lie in the
outputs' folder.
"""

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from queueapp.domain.outcome import Failure, Finding, Outcome, Output, Progress, Quality, Usage
from queueapp.domain.states import AttemptEnd
from queueapp.runner.logs import JobLogs, own_line
from queueapp.runner.sayable import WHOLE_MAX, check_sayable, mended
from queueapp.runner.span_book import SpanBook
from queueapp.runner.task import OUTPUTS

LINE_MAX = 4 * 1024 * 1024
SUMMARY_MAX = 1024 * 1024
OUTPUTS_MAX = 10_000
KINDS_MAX = 500
STAGE_MAX = 500
PROGRESS = tuple(one.name for one in fields(Progress))
STORED = frozenset({"progress", "error", "warning", "output", "quality", "summary"})
COUNTS = ("total", "valid", "duplicates_removed", "invalid")
LOG_KEYS = ("at", "level", "stage", "message", "details")

Event = dict[str, Any]


@dataclass
class Ledger:
    """The sum of a job's events."""

    directory: Path  # the attempt's: no path is made before it is needed
    logs: JobLogs
    progress: Progress = field(default_factory=Progress)
    stage_changes: int = 0
    outputs: list[Output] = field(default_factory=list)
    quality: Quality | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    findings: dict[str, dict[tuple[str, str], int]] = field(
        default_factory=lambda: {"error": {}, "warning": {}}
    )
    end: Event | None = None
    span_book: SpanBook = field(default_factory=SpanBook)
    _rest: bytearray = field(default_factory=bytearray)
    _skipping: bool = False

    def feed(self, data: bytes) -> None:
        """Take a piece of the event pipe's bytes."""
        self._rest += data
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        for line in lines:
            if self._skipping:
                self._skipping = False
            else:
                self._take_line(bytes(line))
        if len(self._rest) > LINE_MAX:
            self._rest.clear()
            self._skipping = True

    def take(self, event: Event) -> None:
        """Book one event; one that makes no sense is dropped with a line in the job's log."""
        try:
            if event["event"] in STORED:
                check_sayable(event)
            self._book(mended(event))
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            self.logs.record(own_line(f"A report of the job was refused: {error}"))

    def found(self, kind: str) -> tuple[Finding, ...]:
        """List the errors or warnings by kind, most frequent first."""
        if not self.findings[kind]:
            return ()
        counted = sorted(self.findings[kind].items(), key=lambda item: -item[1])
        return tuple(Finding(type_, message, count) for (type_, message), count in counted)

    def outcome(self, end: AttemptEnd, failure: Failure | None, usage: Usage) -> Outcome:
        """Close the books: everything reported, with the logs as further outputs."""
        if self.end is not None and self.end.get("traceback"):
            self.logs.traceback(str(self.end["traceback"]))
        return Outcome(
            end=end,
            failure=failure,
            progress=self.progress,
            usage=usage,
            outputs=(*self.outputs, *self.logs.outputs()),
            quality=self.quality,
            summary=self.summary,
            errors=self.found("error"),
            warnings=self.found("warning"),
            spans=self.span_book.spans,
        )

    def _take_line(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        self.take(event if isinstance(event, dict) else {})

    def _book(self, event: Event) -> None:
        kind = event["event"]
        if kind == "progress":
            self._book_progress(event)
        elif kind in ("error", "warning"):
            self._book_finding(kind, event)
        elif kind == "output":
            self._book_output(event)
        elif kind == "quality":
            self._book_quality(event["quality"])
        elif kind == "summary":
            self._book_summary(event["values"])
        elif kind == "log":
            self.logs.record({key: event[key] for key in LOG_KEYS if key in event})
        elif kind == "span":
            self.span_book.begin(event)
        elif kind == "span_end":
            self.span_book.end(event)
        elif kind == "end":
            self.end = event
        else:
            raise ValueError(f"unknown event {kind!r}")

    def _book_progress(self, event: Event) -> None:
        told = {name: event[name] for name in PROGRESS}
        stage = told.pop("stage")
        if stage is not None:
            stage = str(stage)[:STAGE_MAX]
        if not all(one is None or (isinstance(one, int) and one >= 0) for one in told.values()):
            raise TypeError("progress must be counts and a stage")
        newest = Progress(**told, stage=stage)
        self.stage_changes += newest.stage != self.progress.stage
        self.progress = newest

    def _book_quality(self, told: dict[str, Any]) -> None:
        if not all(isinstance(told[name], int) and told[name] >= 0 for name in COUNTS):
            raise TypeError("quality must be told in counts")
        self.quality = Quality(**told)

    def _book_finding(self, kind: str, event: Event) -> None:
        kinds = self.findings[kind]
        key = (str(event["type"]), str(event["message"]))
        if key in kinds or len(kinds) < KINDS_MAX:
            kinds[key] = min(kinds.get(key, 0) + int(event["count"]), WHOLE_MAX)

    def _book_output(self, event: Event) -> None:
        if len(self.outputs) >= OUTPUTS_MAX:
            raise ValueError("too many outputs")
        facts = {key: value for key, value in event.items() if key != "event"}
        folder = self.directory / OUTPUTS
        path = folder / str(facts["name"])
        if path.parent != folder or path.is_symlink() or not path.is_file():
            raise ValueError(f"{facts['name']!r} is no file of this job")
        facts["size_bytes"] = path.stat().st_size
        self.outputs.append(Output(path=path, **facts))

    def _book_summary(self, values: dict[str, Any]) -> None:
        merged = {**self.summary, **values}
        if len(json.dumps(merged)) > SUMMARY_MAX:
            raise ValueError("the summary is larger than 1 MB")
        self.summary = merged
