"""What an attempt leaves behind: how it ended, what it made, what it used."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from queueapp.domain.states import AttemptEnd


@dataclass(frozen=True)
class Progress:
    """How far a running attempt has come; the newest report replaces the older ones."""

    records_done: int = 0
    records_total: int | None = None
    stage: str | None = None
    stages_done: int = 0
    stages_total: int | None = None
    error_count: int = 0
    warning_count: int = 0


@dataclass(frozen=True)
class Usage:
    """What an attempt used, measured from outside; None is what could not be measured."""

    cpu_seconds: float | None = None
    cpu_percent: float | None = None  # newest sample, share of the whole node, 0..100
    rss_bytes: int | None = None  # newest sample of the process tree
    peak_rss_bytes: int | None = None
    io_operations: int | None = None
    written_bytes: int | None = None  # bytes in the attempt's own directory
    network_bytes: int | None = None  # bytes moved by our own storage client


@dataclass(frozen=True)
class Output:
    """A file that an attempt made, still on the worker's disk."""

    type: str
    title: str
    name: str
    format: str
    media_type: str
    size_bytes: int
    sha256: str
    path: Path
    primary: bool = False
    record_count: int | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed."""

    code: str
    message: str
    stage: str | None = None
    exception: str | None = None
    retryable: bool = False
    retry_after_ms: int | None = None  # what the job asked for; the policy decides otherwise


@dataclass(frozen=True)
class Finding:
    """Errors or warnings of one kind met while processing, counted."""

    type: str
    message: str
    count: int


@dataclass(frozen=True)
class Quality:
    """What validation of the input found: total = valid + duplicates removed + invalid."""

    total: int
    valid: int
    duplicates_removed: int
    invalid: int
    score: float | None = None
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SpanNote:
    """A span that a job's process made; no parent is the worker's own, no end: it was killed."""

    id: str
    parent: str | None
    name: str
    start_ns: int
    end_ns: int | None = None
    facts: dict[str, str | int | float | bool] = field(default_factory=dict)
    failed: str | None = None


@dataclass(frozen=True)
class Outcome:
    """Everything an ended attempt reports."""

    end: AttemptEnd
    failure: Failure | None = None
    progress: Progress = Progress()
    usage: Usage = Usage()
    outputs: tuple[Output, ...] = ()
    quality: Quality | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    spans: tuple[SpanNote, ...] = ()
