"""What jobs work on: datasets (event logs) and pipelines (named defaults)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Dataset:
    """An uploaded file: where its bytes are, how to read it, what was found in it."""

    id: str
    name: str
    status: str  # Ready | Profiling | Failed
    format: str  # csv | csv.gz | xes | xes.gz | parquet
    object_key: str
    size_bytes: int
    sha256: str
    created_ms: int
    updated_ms: int
    created_by: str
    columns: dict[str, str | None] | None = None
    options: dict[str, str | None] = field(default_factory=dict)
    profile: dict[str, Any] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Pipeline:
    """A named set of defaults for jobs; None leaves the choice to the job type."""

    id: str
    name: str
    description: str | None = None
    stages: tuple[dict[str, Any], ...] = ()
    cpu_units: int | None = None
    memory_gb: float | None = None
    timeout_minutes: int | None = None
    created_ms: int = 0
    updated_ms: int = 0
    created_by: str = ""
