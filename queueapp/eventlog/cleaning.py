"""Clean a raw log: drop what cannot be used, repair what was asked for, sort, and report it all."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from queueapp.eventlog.judging import TimeWindow, Verdicts, judge
from queueapp.eventlog.labels import find_variants
from queueapp.eventlog.log import RawLog, Source
from queueapp.eventlog.model import QualityChecks
from queueapp.eventlog.quality import measure
from queueapp.eventlog.report import CleaningReport, Outcome, build_report


@dataclass(frozen=True)
class CleanLog:
    """The valid records in the order of (case, time), ties in file order, and the report.

    `frame` has the columns of `RawLog.frame` and `timestamp_inferred`.
    """

    frame: pl.DataFrame
    report: CleaningReport
    source: Source
    attributes: dict[str, str]


def clean_log(
    raw: RawLog,
    *,
    checks: QualityChecks,
    now: datetime,
    time_window: TimeWindow | None = None,
) -> CleanLog:
    """Clean a log; `now` is the time of receipt.

    `time_window` keeps the events (not whole cases) of those days, in UTC, both ends included;
    either end may be None. Cases that it cuts are counted in the report.
    Raises: LogError bad_time_window.
    """
    verdicts = judge(raw, now=now, window=time_window)
    outcome = decide(raw, verdicts, checks)
    quality = measure(raw, verdicts, outcome.labels)
    report = build_report(raw, verdicts, outcome, quality, checks)
    frame = _repaired(raw.frame, verdicts, outcome, checks)
    return CleanLog(_in_order(frame), report, raw.source, raw.attributes)


def decide(raw: RawLog, verdicts: Verdicts, checks: QualityChecks) -> Outcome:
    """Say which records stay under the wanted checks."""
    inside = ~verdicts.outside
    nobody = pl.Series([False]).new_from_index(0, len(inside))
    removed = verdicts.duplicate if checks.check_duplicates else nobody
    inferred = verdicts.inferable if checks.validate_timestamps else nobody
    reason = pl.select(pl.when(~inferred).then(verdicts.reason)).to_series()
    valid = inside & ~removed & reason.is_null()
    activity = raw.frame["activity"]
    labels = find_variants(activity.filter(verdicts.usable & inside))
    variants = pl.Series(list(labels.renamed), dtype=pl.String)
    variant_rows = int(activity.filter(valid).is_in(variants.implode()).sum() or 0)
    return Outcome(valid, reason, removed, inferred & valid, labels, variant_rows)


def _repaired(
    frame: pl.DataFrame, verdicts: Verdicts, outcome: Outcome, checks: QualityChecks
) -> pl.DataFrame:
    repaired = frame.with_columns(outcome.inferred.alias("timestamp_inferred"))
    if outcome.inferred.any():
        repaired = repaired.with_columns(
            pl.coalesce(pl.col("time"), verdicts.inferred).alias("time")
        )
    if checks.validate_activities and outcome.variant_rows:
        repaired = repaired.with_columns(pl.col("activity").replace(outcome.labels.renamed))
    return repaired if outcome.valid.all() else repaired.filter(outcome.valid)


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Sort by case and time unless the rows already stand so: most exports do."""
    case, time = pl.col("case"), pl.col("time")
    ahead = (case > case.shift(1)) | ((case == case.shift(1)) & (time >= time.shift(1)))
    if frame.select(ahead.all()).item():
        return frame
    return frame.sort("case", "time", maintain_order=True)
