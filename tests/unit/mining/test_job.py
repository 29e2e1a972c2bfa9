"""The job as a worker sees it: parameters, outputs, progress, errors, stopping."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.process_mining import STAGES, process_mining
from queueapp.job_errors import BadInput, JobCancelled
from tests.unit.mining.running import Run, run_job

LOG = """case_id,activity,timestamp,resource
1,Receive,2024-03-01T08:00:00Z,ann
1,Check,2024-03-01T09:00:00Z,bob
1,Ship,2024-03-05T09:00:00Z,ann
2,Receive,2024-03-02T08:00:00Z,ann
2,check ,2024-03-02T08:30:00Z,bob
2,check ,2024-03-02T08:30:00Z,bob
2,Ship,2024-04-01T08:30:00Z,ann
,Ship,2024-04-01T08:30:00Z,ann
3,Receive,2024-04-02T08:00:00Z,ann
3,Check,2024-04-02T09:00:00Z,bob
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a small log."""
    file = tmp_path / "orders.csv"
    file.write_text(LOG)
    return file


def run(path: Path, **parameters: Any) -> Run:
    """Run the job on the small log."""
    return run_job(path, path.parent / "run", parameters=parameters)


def summary(result: Run) -> dict[str, Any]:
    """Return the summary of a run."""
    values: dict[str, Any] = result.of("summary")[-1]["values"]
    return values


def test_outputs(path: Path) -> None:
    """One primary report, and beside it figures, map, data and model with their kinds."""
    result = run(path)

    assert [("report.html", "ProcessMiningReport", "html")] == [
        (o["name"], o["type"], o["format"]) for o in result.of("output") if o["primary"]
    ]
    assert {
        ("process-map.svg", "ProcessMap"),
        ("report.json", "ProcessMiningReport"),
        ("enriched.csv", "EnrichedDataset"),
        ("model.pkl", "AnalyticsModel"),
        ("model.json", "AnalyticsModel"),
    } == {(o["name"], o["type"]) for o in result.of("output") if not o["primary"]}
    assert set(process_mining.info.outputs) == {o["type"] for o in result.of("output")}


def test_summary_and_quality(path: Path) -> None:
    """The summary counts what was mined; total = valid + duplicates + invalid."""
    result = run(path)

    assert {
        "cases": 3,
        "events": 9,
        "activities": 4,
        "variants": 3,
        "medianCaseDurationSeconds": 349200.0,
    } == summary(result)
    quality = result.of("quality")[-1]["quality"]
    assert (10, 9, 0, 1) == tuple(
        quality[key] for key in ("total", "valid", "duplicates_removed", "invalid")
    )


def test_quality_checks_repair(path: Path) -> None:
    """With the checks on, the duplicate goes and the odd label joins its likes."""
    result = run(path, qualityChecks={"checkDuplicates": True, "validateActivities": True})

    assert (8, 3, 2) == tuple(summary(result)[k] for k in ("events", "activities", "variants"))
    assert 1 == result.of("quality")[-1]["quality"]["duplicates_removed"]


def test_time_window_keeps_both_days(path: Path) -> None:
    """Only events from the first to the last day of the window count."""
    result = run(path, timeWindow={"startDate": "2024-03-01", "endDate": "2024-03-02"})

    assert (2, 5) == (summary(result)["cases"], summary(result)["events"])


def test_window_without_events_names_the_logs_period(path: Path) -> None:
    """The error says which days there are, so that the next try can succeed."""
    with pytest.raises(BadInput, match="runs from 2024-03-01 to 2024-04-02") as caught:
        run(path, timeWindow={"startDate": "2020-01-01", "endDate": "2020-12-31"})
    assert "timeWindow" == caught.value.field


def test_unreadable_logs_are_bad_input(tmp_path: Path) -> None:
    """Rubbish, a missing column and a file without records fail with a reason, not a crash."""
    for text in ("\x00\x01\x02", "a,b,c\n1,2,3\n", "case_id,activity,timestamp\n"):
        file = tmp_path / "bad.csv"
        file.write_text(text)
        with pytest.raises(BadInput):
            run(file)


def test_log_without_a_usable_record_says_why(tmp_path: Path) -> None:
    """Where nothing is left after cleaning, the reasons are counted."""
    file = tmp_path / "blank.csv"
    file.write_text("case_id,activity,timestamp\n,a,2024-01-01\n1,,2024-01-01\n1,a,never\n")

    with pytest.raises(BadInput, match=r"used: the row names no case \(1\); "):
        run(file)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"analysisTyp": "comprehensive"}, "analysisTyp"),
        ({"analysisType": "astrology"}, "analysisType"),
        ({"outputFormat": "fax"}, "outputFormat"),
        ({"performanceMetrics": ["beauty"]}, "performanceMetrics.0"),
        ({"includeAnomalyDetection": "perhaps"}, "includeAnomalyDetection"),
        ({"timeWindow": {"startDate": "yesterday"}}, "timeWindow.startDate"),
        (
            {"timeWindow": {"startDate": "2024-02-01", "endDate": "2024-01-01"}},
            "timeWindow.endDate",
        ),
        ({"qualityChecks": {"checkSpelling": True}}, "qualityChecks.checkSpelling"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    """A parameter that cannot be meant is refused with its name."""
    with pytest.raises(BadInput) as caught:
        process_mining.load(parameters)
    assert field == caught.value.field


def test_documented_parameters_are_accepted_and_recorded(path: Path) -> None:
    """The parameters that the documentation shows are taken, null as absent, and kept."""
    asked = {
        "analysisType": "comprehensive",
        "outputFormat": "detailed_report",
        "timeWindow": {"startDate": "2024-01-01", "endDate": "2024-12-31"},
        "includeAnomalyDetection": True,
        "includeProcessVariants": True,
        "generateInsights": True,
        "performanceMetrics": ["cycle_time", "waiting_time", "resource_utilization"],
        "qualityChecks": {"validateTimestamps": True},
    }
    document = json.loads(run(path, **asked).bytes("report.json"))

    assert {"datasetId": "d1", **asked} == document["parameters"]
    assert "throughput" not in document
    assert "anomalies" in document


def test_null_is_absent(path: Path) -> None:
    """Every parameter may be null and then has its default."""
    names = ("timeWindow", "includeAnomalyDetection", "performanceMetrics", "qualityChecks")
    document = json.loads(run(path, **dict.fromkeys(names)).bytes("report.json"))

    assert {"datasetId": "d1"} == document["parameters"]
    assert "throughput" in document
    assert "anomalies" not in document


def test_progress_only_grows(path: Path) -> None:
    """Records done never fall, the stages come in their order, and all is done at the end."""
    reports = run(path).of("progress")
    done = [report["records_done"] for report in reports]

    assert sorted(done) == done
    assert (10, 10) == (done[-1], reports[-1]["records_total"])
    seen = list(dict.fromkeys(report["stage"] for report in reports))
    assert list(STAGES) == seen
    assert 1.0 == pytest.approx(sum(STAGES.values()))


@pytest.mark.parametrize("stage", STAGES)
def test_job_stops_in_any_stage(path: Path, stage: str) -> None:
    """Asked to stop, the job ends at its next report, whatever it is doing."""
    with pytest.raises(JobCancelled):
        run_job(path, path.parent / "run", stop_at=stage)


def test_equal_input_gives_equal_files(path: Path) -> None:
    """Every output of two runs at the same time is the same, byte for byte."""
    one = run_job(path, path.parent / "one", parameters={"includeAnomalyDetection": True})
    two = run_job(path, path.parent / "two", parameters={"includeAnomalyDetection": True})

    assert {n: o["sha256"] for n, o in one.outputs.items()} == {
        n: o["sha256"] for n, o in two.outputs.items()
    }
