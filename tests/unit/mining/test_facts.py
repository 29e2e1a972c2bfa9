"""The mining figures of real logs equal the figures that two other implementations agree on."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.shared_data import shared
from tests.unit.mining.running import Run, run_job

FORMATS = {
    "receipt.csv": "csv",
    "receipt.xes.gz": "xes.gz",
    "helpdesk.xes.gz": "xes.gz",
    "running-example.csv": "csv",
    "running-example.xes": "xes",
}
FOLDER = TemporaryDirectory(prefix="mining-facts-")
DIRTY = {
    "columns": {"case_id": "Ticket", "activity": "Step", "time": "When", "resource": "Who"},
    "parameters": {
        "qualityChecks": {
            "validateTimestamps": True,
            "checkDuplicates": True,
            "validateActivities": True,
        }
    },
}


@cache
def facts_of(name: str) -> dict[str, Any]:
    """Return the expected figures of a log."""
    every = json.loads(shared("eventlogs/facts.json").read_text())
    return next(facts for facts in every if facts["file"] == name)


@cache
def document_of(name: str) -> dict[str, Any]:
    """Return the document that the job writes about a log."""
    path = shared(f"eventlogs/{name}")
    run = run_job(path, Path(FOLDER.name) / name, log_format=FORMATS[name])
    document: dict[str, Any] = json.loads(run.bytes("report.json"))
    return document


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the job on the log with known defects, with every repair asked for."""
    path = shared("eventlogs/helpdesk_dirty.csv")
    return run_job(path, tmp_path_factory.mktemp("dirty"), **DIRTY)


@pytest.mark.parametrize("name", FORMATS)
def test_counts(name: str) -> None:
    """Cases, events, activities, variants and resources are those of the log."""
    facts, summary = facts_of(name), document_of(name)["summary"]

    keys = ("cases", "events", "activities", "variants", "resources")
    assert {key: facts[key] for key in keys} == {key: summary[key] for key in keys}


@pytest.mark.parametrize("name", FORMATS)
def test_durations(name: str) -> None:
    """Mean, median, linear p90 and maximum of the case durations agree to the millisecond."""
    expected, cycle = facts_of(name)["case_duration_s"], document_of(name)["cycleTime"]

    assert cycle["meanSeconds"] == pytest.approx(expected["mean"], abs=0.001)
    assert cycle["medianSeconds"] == pytest.approx(expected["median"], abs=0.001)
    assert cycle["p90Seconds"] == pytest.approx(expected["p90_linear"], abs=0.001)
    assert cycle["maxSeconds"] == pytest.approx(expected["max"], abs=0.001)


@pytest.mark.parametrize("name", FORMATS)
def test_directly_follows_graph(name: str) -> None:
    """The graph has all edges, and its twenty most frequent ones the right times."""
    facts, flow = facts_of(name), document_of(name)["flow"]
    edges = {(edge["from"], edge["to"]): edge for edge in flow["edges"]}

    assert facts["dfg_edges"] == len(edges)
    assert facts["dfg_total"] == sum(edge["count"] for edge in edges.values())
    for expected in facts["dfg_top20"]:
        edge = edges[expected["from"], expected["to"]]
        assert expected["n"] == edge["count"]
        assert edge["meanSeconds"] == pytest.approx(expected["mean_s"], abs=0.0011)
        assert edge["medianSeconds"] == pytest.approx(expected["median_s"], abs=0.0011)


@pytest.mark.parametrize("name", FORMATS)
def test_starts_ends_and_activities(name: str) -> None:
    """Activities occur, open and close cases as often as they should."""
    facts, document = facts_of(name), document_of(name)
    starts = {row["activity"]: row["cases"] for row in document["flow"]["starts"]}
    ends = {row["activity"]: row["cases"] for row in document["flow"]["ends"]}
    events = {row["activity"]: row["events"] for row in document["activities"]}

    assert facts["start_activities"] == starts
    assert facts["end_activities"] == ends
    assert facts["activity_counts"] == events


@pytest.mark.parametrize("name", FORMATS)
def test_variants(name: str) -> None:
    """Variants are ranked by cases, and each case has one."""
    facts, variants = facts_of(name), document_of(name)["variants"]
    top = [{"cases": v["cases"], "activities": v["activities"]} for v in variants["items"]]

    assert facts["variants_seen_once"] == variants["seenOnce"]
    assert [one["cases"] for one in facts["top_variants"]] == [one["cases"] for one in top[:5]]
    assert all(one in top for one in facts["top_variants"])
    assert facts["cases"] == sum(item["cases"] for item in variants["items"])
    assert variants["items"][-1]["cumulativeShare"] == pytest.approx(1.0)


@pytest.mark.parametrize("name", FORMATS)
def test_rework(name: str) -> None:
    """A case in which any activity occurs twice has rework."""
    assert facts_of(name)["cases_with_rework"] == document_of(name)["rework"]["cases"]


@pytest.mark.parametrize("name", ["receipt.csv", "helpdesk.xes.gz"])
def test_happy_path_is_the_most_frequent_complete_variant(name: str) -> None:
    """The happy path is the top variant of these logs, with its share of the cases."""
    facts, path = facts_of(name), document_of(name)["happyPath"]

    assert facts["top_variants"][0]["activities"] == path["activities"]
    assert facts["top_variant_cases"] == path["cases"]
    assert path["share"] == pytest.approx(facts["top_variant_cases"] / facts["cases"])


def test_two_formats_of_one_log_give_the_same_figures() -> None:
    """What is mined does not depend on the file's format."""
    csv, xes = document_of("receipt.csv"), document_of("receipt.xes.gz")

    for section in ("summary", "flow", "variants", "bottlenecks", "rework", "resources", "model"):
        assert csv[section] == xes[section]


def test_dirty_log_is_repaired_and_counted(dirty: Run) -> None:
    """Every defect of the dirty log is found, and total = valid + duplicates + invalid."""
    expected = json.loads(shared("eventlogs/helpdesk_dirty_facts.json").read_text())
    quality = dirty.of("quality")[-1]["quality"]
    document = json.loads(dirty.bytes("report.json"))

    assert expected["totalRecords"] == quality["total"]
    assert expected["validRecords"] == quality["valid"]
    assert expected["duplicatesRemoved"] == quality["duplicates_removed"]
    assert expected["invalidRecords"] == quality["invalid"]
    assert quality["total"] == sum(quality[k] for k in ("valid", "duplicates_removed", "invalid"))
    repairs = {one["type"]: one["count"] for one in document["quality"]["repairs"]}
    assert expected["timestampsInferred"] == repairs["timestamps_inferred"]
    assert expected["label_variant"]["rows"] == repairs["labels_normalised"]
    assert expected["invalidRecords"] == sum(one["count"] for one in dirty.of("error"))


def test_dirty_log_is_mined_after_the_repairs(dirty: Run) -> None:
    """The figures are those of the cleaned log."""
    expected = json.loads(shared("eventlogs/helpdesk_dirty_facts.json").read_text())
    expected = expected["after_cleaning"]
    summary = dirty.of("summary")[-1]["values"]

    assert expected["cases"] == summary["cases"]
    assert expected["events"] == summary["events"]
    assert expected["activities"] == summary["activities"]
    assert expected["variants_with_label_normalisation"] == summary["variants"]


@pytest.mark.parametrize(("name", "accuracy"), [("receipt.csv", 0.893), ("helpdesk.xes.gz", 0.705)])
def test_model_predicts_as_well_as_measured_elsewhere(name: str, accuracy: float) -> None:
    """On held-out cases the model is right as often as another implementation of its kind."""
    model = document_of(name)["model"]

    assert model["accuracy"] == pytest.approx(accuracy, abs=0.001)
    assert model["majorityAccuracy"] < model["accuracy"] / 2
