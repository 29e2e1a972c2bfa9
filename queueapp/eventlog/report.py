"""What was found and what was changed in a log, counted: the cleaning report."""

from dataclasses import dataclass
from typing import TypedDict

import polars as pl

from queueapp.eventlog.judging import REASONS, Verdicts
from queueapp.eventlog.labels import Labels
from queueapp.eventlog.log import RawLog
from queueapp.eventlog.model import QualityChecks
from queueapp.eventlog.quality import Quality


@dataclass(frozen=True)
class Finding:
    """One kind of finding and how often it occurred."""

    type: str
    message: str
    count: int


@dataclass(frozen=True)
class CleaningReport:
    """The counts of one cleaning.

    total_records = valid_records + duplicates_removed + invalid_records, always.
    rows_read = total_records + outside_window: records outside a time window are no part of
    the log that was asked for; records whose time is unusable are, as invalid ones.
    `problems` are the invalid records by reason, `warnings` whatever else was found (repaired or
    not), `repairs` what was changed.
    """

    rows_read: int
    outside_window: int
    total_records: int
    valid_records: int
    duplicates_found: int
    duplicates_removed: int
    invalid_records: int
    invalid_by_reason: dict[str, int]
    timestamps_inferable: int
    timestamps_inferred: int
    labels_before: int
    labels_after: int
    labels_normalised: int
    cases_cut: int
    repairs: list[Finding]
    problems: list[Finding]
    warnings: list[Finding]
    quality: Quality

    @property
    def score(self) -> float | None:
        """The data quality score, 0 to 100 with one decimal; None for an empty log."""
        return self.quality.score


@dataclass(frozen=True)
class Outcome:
    """Which records stay, and what the repairs did to them."""

    valid: pl.Series
    #: Reason of each record that is invalid after the repairs, null for the others.
    reason: pl.Series
    removed: pl.Series
    inferred: pl.Series
    labels: Labels
    variant_rows: int


def build_report(
    raw: RawLog, verdicts: Verdicts, outcome: Outcome, quality: Quality, checks: QualityChecks
) -> CleaningReport:
    """Count everything once."""
    inside = ~verdicts.outside
    by_reason = _by_reason(outcome.reason.filter(inside & ~outcome.removed))
    counts = _Counts(
        duplicates_found=_count(verdicts.duplicate & inside),
        duplicates_removed=_count(outcome.removed & inside),
        timestamps_inferable=_count(verdicts.inferable & inside & ~outcome.removed),
        timestamps_inferred=_count(outcome.inferred),
        labels_normalised=outcome.variant_rows if checks.validate_activities else 0,
        cases_cut=_cases_cut(raw, verdicts, outcome),
    )
    return CleaningReport(
        **counts,
        rows_read=raw.frame.height,
        outside_window=_count(verdicts.outside),
        total_records=_count(inside),
        valid_records=_count(outcome.valid),
        invalid_records=sum(by_reason.values()),
        invalid_by_reason=by_reason,
        labels_before=outcome.labels.before,
        labels_after=outcome.labels.after,
        repairs=_repairs(counts),
        problems=[Finding(code, _spoken(code), n) for code, n in by_reason.items()],
        warnings=_warnings(raw, counts, outcome.variant_rows, checks),
        quality=quality,
    )


class _Counts(TypedDict):
    """The counts of the report that its findings repeat."""

    duplicates_found: int
    duplicates_removed: int
    timestamps_inferable: int
    timestamps_inferred: int
    labels_normalised: int
    cases_cut: int


def _by_reason(faulty: pl.Series) -> dict[str, int]:
    return {code: n for code in REASONS if (n := _count((faulty == code).fill_null(False)))}


def _repairs(counts: _Counts) -> list[Finding]:
    return _some(
        Finding(
            "duplicates_removed", "Exact duplicates were removed.", counts["duplicates_removed"]
        ),
        Finding("timestamps_inferred", "Blank times were inferred.", counts["timestamps_inferred"]),
        Finding("labels_normalised", "Activity labels were cleaned.", counts["labels_normalised"]),
    )


def _warnings(
    raw: RawLog, counts: _Counts, variant_rows: int, checks: QualityChecks
) -> list[Finding]:
    return _some(
        _duplicate_warning(counts["duplicates_found"], checks),
        _blank_warning(counts["timestamps_inferable"], checks),
        _label_warning(variant_rows, checks),
        Finding(
            "cases_cut", "Case reaches beyond the time window and was cut.", counts["cases_cut"]
        ),
        *_reading_warnings(raw),
    )


def _duplicate_warning(found: int, checks: QualityChecks) -> Finding:
    done = "was removed" if checks.check_duplicates else "was kept"
    return Finding(
        "duplicate_rows", f"Row equals an earlier row in every column; it {done}.", found
    )


def _blank_warning(inferable: int, checks: QualityChecks) -> Finding:
    done = "was inferred" if checks.validate_timestamps else "could be inferred"
    return Finding(
        "blank_timestamps", f"Blank time between dated events of its case; it {done}.", inferable
    )


def _label_warning(rows: int, checks: QualityChecks) -> Finding:
    done = "was cleaned" if checks.validate_activities else "was kept"
    return Finding("label_variants", f"Another spelling of a frequent activity; it {done}.", rows)


def _reading_warnings(raw: RawLog) -> list[Finding]:
    return [
        Finding(
            "ambiguous_dates",
            "Every date could be day/month or month/day; it was read as day/month.",
            int(raw.times.ambiguous_day_month),
        ),
        Finding(
            "columns_left_out",
            "Column holds lists, structures or bytes and was left out.",
            len(raw.source.left_out),
        ),
    ]


def _cases_cut(raw: RawLog, verdicts: Verdicts, outcome: Outcome) -> int:
    """Count the cases with usable events on both sides of the window's edge."""
    if not verdicts.outside.any():
        return 0
    case = raw.frame["case"]
    beyond = case.filter(verdicts.outside & verdicts.usable).unique()
    return int(case.filter(outcome.valid).unique().is_in(beyond.implode()).sum())


def _some(*findings: Finding) -> list[Finding]:
    return [finding for finding in findings if finding.count]


def _spoken(code: str) -> str:
    text = REASONS[code]
    return text[0].upper() + text[1:] + "."


def _count(marks: pl.Series) -> int:
    return int(marks.sum() or 0)
