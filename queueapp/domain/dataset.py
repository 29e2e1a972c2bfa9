"""What jobs work on: datasets (event logs) and pipelines (named defaults)."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class DatasetStatus(StrEnum):
    """Whether the contents of a dataset are known."""

    READY = "Ready"
    PROFILING = "Profiling"
    FAILED = "Failed"


@dataclass(frozen=True)
class Dataset:
    """An uploaded file: where its bytes are, how to read it, what was found in it.

    ``columns`` maps parts (case_id, activity, time, resource, start_time) to column names;
    None leaves them to the usual names. ``profile`` is what reading the whole log showed.
    The store sets the two times.
    """

    id: str
    name: str
    status: str  # of DatasetStatus
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
    profile_job: str | None = None

    @property
    def fingerprint(self) -> str:
        """What the sender said, as a digest: sending the same again changes nothing.

        Empty when the log could not be read, so that sending it again tries again.
        """
        if self.status == DatasetStatus.FAILED:
            return ""
        return _digest(self.name, self.sha256, self.columns, self.options)


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

    @property
    def fingerprint(self) -> str:
        """What the sender said, as a digest: sending the same again changes nothing."""
        needs = (self.cpu_units, self.memory_gb, self.timeout_minutes)
        return _digest(self.name, self.description, self.stages, needs)


def _digest(*said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
