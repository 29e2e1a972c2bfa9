"""Say what is in a log without changing it: the answer to an upload."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from queueapp.eventlog.cleaning import decide
from queueapp.eventlog.judging import REASONS, judge
from queueapp.eventlog.log import RawLog, Source
from queueapp.eventlog.model import (
    MAX_BYTES,
    Columns,
    Format,
    Problem,
    QualityChecks,
    ReadOptions,
)
from queueapp.eventlog.quality import measure
from queueapp.eventlog.reading import read_log
from queueapp.eventlog.report import CleaningReport, build_report

_AS_DETECTED = ReadOptions()
_ROLE_OF_REASON = {
    "blank_case": "case_id",
    "too_many_fields": "case_id",
    "blank_activity": "activity",
}


@dataclass(frozen=True)
class LogProfile:
    """What a log holds, counted over its usable records, and the first of its bad ones.

    `columns` and `header` say which columns were used and which there are.
    """

    rows: int
    cases: int
    activities: int
    resources: int
    invalid_rows: int
    problems: list[Problem]
    first_event: datetime | None
    last_event: datetime | None
    columns: Columns
    source: Source
    report: CleaningReport


def profile_log(
    path: Path,
    *,
    format: Format,  # noqa: A002 - the word of the interface
    columns: Columns | None = None,
    options: ReadOptions = _AS_DETECTED,
    now: datetime,
    max_problems: int = 20,
    on_rows: Callable[[int], None] | None = None,
    max_bytes: int = MAX_BYTES,
) -> LogProfile:
    """Read a log and describe it; `now` is the time of receipt, nothing is repaired.

    Raises: LogError.
    """
    raw = read_log(
        path, format=format, columns=columns, options=options, on_rows=on_rows, max_bytes=max_bytes
    )
    checks = QualityChecks()
    verdicts = judge(raw, now=now)
    outcome = decide(raw, verdicts, checks)
    report = build_report(raw, verdicts, outcome, measure(raw, verdicts, outcome.labels), checks)
    valid = raw.frame.select("case", "activity", "resource", "time").filter(outcome.valid)
    time = valid["time"]
    return LogProfile(
        rows=raw.frame.height,
        cases=valid["case"].n_unique(),
        activities=valid["activity"].n_unique(),
        resources=valid["resource"].drop_nulls().n_unique(),
        invalid_rows=report.invalid_records,
        problems=_problems(raw, outcome.reason, max_problems),
        first_event=time.min(),  # type: ignore[arg-type]
        last_event=time.max(),  # type: ignore[arg-type]
        columns=raw.source.columns,
        source=raw.source,
        report=report,
    )


def _problems(raw: RawLog, reason: pl.Series, at_most: int) -> list[Problem]:
    bad = (
        raw.frame.select("row", "case", "activity", "time_text")
        .with_columns(reason.alias("reason"))
        .filter(reason.is_not_null())
        .head(at_most)
    )
    return [_problem(record, raw.source.columns) for record in bad.iter_rows(named=True)]


def _problem(record: dict[str, object], columns: Columns) -> Problem:
    code = str(record["reason"])
    role = _ROLE_OF_REASON.get(code, "time")
    value = {"case_id": record["case"], "activity": record["activity"]}.get(
        role, record["time_text"]
    )
    return Problem(
        row=int(str(record["row"])),
        column=columns.by_role()[role],
        code=code,
        message=REASONS[code],
        value=None if value is None else str(value),
    )
