"""Public logs with confirmed numbers: every reader must arrive at them."""

import json
from typing import Any

import pytest

from queueapp.eventlog import Columns, QualityChecks, clean_log
from tests.shared_data import shared
from tests.unit.eventlog.log_files import ALL_CHECKS, NO_CHECKS, NOW, at, n_variants, read

LOGS = ["receipt.csv", "receipt.xes.gz", "helpdesk.xes.gz", "running-example.csv"]
LOGS += ["running-example.xes"]


def facts_of(name: str) -> dict[str, Any]:
    facts = json.loads(shared("eventlogs/facts.json").read_text())
    found: dict[str, Any] = next(entry for entry in facts if entry["file"] == name)
    return found


@pytest.mark.parametrize("name", LOGS)
def test_reference_logs_read_to_their_confirmed_numbers(name: str) -> None:
    """Events, cases, activities, variants, resources and period agree."""
    facts = facts_of(name)
    log = clean_log(read(shared(f"eventlogs/{name}")), checks=NO_CHECKS, now=NOW)
    frame, time = log.frame, log.frame["time"]

    assert frame.height == facts["events"]
    assert frame["case"].n_unique() == facts["cases"]
    assert frame["activity"].value_counts().rows() != []
    assert dict(frame["activity"].value_counts().rows()) == facts["activity_counts"]
    assert n_variants(log) == facts["variants"]
    assert frame["resource"].drop_nulls().n_unique() == facts["resources"]
    assert (time.min(), time.max()) == (
        at(facts["first_event"].removesuffix("+00:00")),
        at(facts["last_event"].removesuffix("+00:00")),
    )
    assert log.report.duplicates_found == facts["exact_duplicate_events"]


@pytest.mark.parametrize(
    ("name", "score"),
    [("receipt.csv", 100.0), ("receipt.xes.gz", 100.0), ("helpdesk.xes.gz", 99.9)],
)
def test_reference_logs_have_their_published_score(name: str, score: float) -> None:
    """Near-flawless logs score near 100."""
    log = clean_log(read(shared(f"eventlogs/{name}")), checks=NO_CHECKS, now=NOW)

    assert log.report.score == score


def dirty(checks: QualityChecks) -> Any:
    path = shared("eventlogs/helpdesk_dirty.csv")
    raw = read(path, Columns("Ticket", "Step", "When", "Who"))
    return clean_log(raw, checks=checks, now=NOW)


def test_the_dirty_log_cleans_to_its_known_outcome() -> None:
    """Each seeded defect is found once, and repairs lead to the known log."""
    facts = json.loads(shared("eventlogs/helpdesk_dirty_facts.json").read_text())
    log = dirty(ALL_CHECKS)
    report, breakdown = log.report, facts["invalid_breakdown"]

    assert report.total_records == facts["totalRecords"]
    assert report.valid_records == facts["validRecords"]
    assert report.duplicates_removed == facts["duplicatesRemoved"]
    assert report.invalid_records == facts["invalidRecords"]
    assert report.invalid_by_reason == {
        "blank_case": breakdown["blank_case"],
        "blank_activity": breakdown["blank_activity"],
        "blank_time": breakdown["missing_timestamp_single_event_case"],
        "unreadable_time": breakdown["unparseable_timestamp_single_event_case"],
    }
    assert report.timestamps_inferred == facts["timestampsInferred"]
    assert report.labels_normalised == facts["label_variant"]["rows"]
    after = facts["after_cleaning"]
    assert log.frame["case"].n_unique() == after["cases"]
    assert log.frame["activity"].n_unique() == after["activities"]
    assert n_variants(log) == after["variants_with_label_normalisation"]


def test_the_dirty_log_is_only_counted_by_default() -> None:
    """Without checks the same defects are found and nothing is repaired."""
    log = dirty(NO_CHECKS)
    report = log.report

    assert (report.duplicates_removed, report.timestamps_inferred) == (0, 0)
    assert report.repairs == []
    assert {finding.type: finding.count for finding in report.warnings} == {
        "duplicate_rows": 190,
        "blank_timestamps": 125,
        "label_variants": 40,
    }
    assert report.total_records == report.valid_records + report.invalid_records == 21_450
    assert log.frame["activity"].n_unique() == 15
