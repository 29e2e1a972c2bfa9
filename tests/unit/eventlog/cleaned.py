"""Cleans rows of a log, and holds its report to adding up."""

from pathlib import Path

from queueapp.eventlog import CleanLog, QualityChecks
from tests.unit.eventlog.log_files import (
    ALL_CHECKS,
    HEADER,
    clean,
    write,
)


def cleaned(
    folder: Path, *rows: str, checks: QualityChecks = ALL_CHECKS, **kwargs: object
) -> CleanLog:
    path = write(folder, "\n".join([HEADER, *rows]) + "\n")
    log = clean(path, checks, **kwargs)
    report = log.report
    assert report.total_records == (
        report.valid_records + report.duplicates_removed + report.invalid_records
    )
    assert report.rows_read == report.total_records + report.outside_window
    assert report.valid_records == log.frame.height
    return log
