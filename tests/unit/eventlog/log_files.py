"""Write small logs for tests and read them with the product's readers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from queueapp.eventlog import (
    HEAD_BYTES,
    CleanLog,
    Columns,
    LogError,
    QualityChecks,
    RawLog,
    ReadOptions,
    clean_log,
    detect_format,
    read_log,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL_CHECKS = QualityChecks(
    validate_timestamps=True, check_duplicates=True, validate_activities=True
)
NO_CHECKS = QualityChecks()
HEADER = "case_id,activity,timestamp"


def at(text: str) -> datetime:
    """Return a UTC time from its ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def write(folder: Path, content: str | bytes, name: str = "log.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, columns: Columns | None = None, **options: Any) -> RawLog:
    """Detect the format of a file as an upload does, and read it."""
    with path.open("rb") as file:
        found = detect_format(path.name, file.read(HEAD_BYTES))
    return read_log(path, format=found, columns=columns, options=ReadOptions(**options))


def error_of(call: Any, *args: Any, **kwargs: Any) -> LogError:
    """Return the log error that a call raises."""
    try:
        call(*args, **kwargs)
    except LogError as error:
        return error
    raise AssertionError("the call raised no LogError")


def clean(path: Path, checks: QualityChecks = ALL_CHECKS, **kwargs: Any) -> CleanLog:
    """Read and clean a file."""
    return clean_log(read(path), checks=checks, now=NOW, **kwargs)


def n_variants(log: CleanLog) -> int:
    """Count the distinct activity sequences."""
    traces = log.frame.group_by("case", maintain_order=True).agg("activity")
    return traces["activity"].list.join("\x1f").n_unique()


def as_xes(rows: list[dict[str, str]], *, prefix: str = "") -> str:
    """Write rows (case first) as an XES document, one trace per run of a case."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{prefix}log>"]
    for place, row in enumerate(rows):
        if place == 0 or row["case:concept:name"] != rows[place - 1]["case:concept:name"]:
            out.append(f"</{prefix}trace>" if place else "")
            case = quoteattr(row["case:concept:name"])
            out.append(f'<{prefix}trace><{prefix}string key="concept:name" value={case}/>')
        out.append(f"<{prefix}event>")
        out.extend(
            f"<{prefix}string key={quoteattr(key)} value={quoteattr(value)}/>"
            for key, value in row.items()
            if key != "case:concept:name" and value is not None
        )
        out.append(f"</{prefix}event>")
    out.append(f"</{prefix}trace></{prefix}log>")
    return "\n".join(out)
