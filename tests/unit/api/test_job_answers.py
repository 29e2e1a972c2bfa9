"""What is shown of a job in each of its states."""

from dataclasses import replace
from typing import Any

import pytest

from queueapp.api.job_answer import job_answer, job_row
from queueapp.api.results_answer import output_type, results_answer
from queueapp.api.schemas.enums import OutputType
from queueapp.api.shown import percentage
from queueapp.domain.estimates import Duration
from queueapp.domain.job import Job, Resource
from queueapp.domain.outcome import Failure, Finding, Progress, Quality, Usage
from queueapp.domain.states import Status
from queueapp.engine.answers import Estimate
from tests.factories import artifact, spec

T0 = 1_705_746_600_000  # 2024-01-20T10:30:00Z
MINUTE = 60_000
ESTIMATE = Estimate(Duration(12 * MINUTE, 15 * MINUTE, 13.0 * MINUTE, "type", 7), T0, T0 + MINUTE)


def job(status: Status = Status.QUEUED, **changes: Any) -> Job:
    plain = Job(
        spec=spec(resource=Resource("Dataset", "d", "Data")),
        status=status,
        created_ms=T0 - 120_000,
        updated_ms=T0,
    )
    return replace(plain, **changes)


DONE = {"started_ms": T0, "ended_ms": T0 + 42 * MINUTE}


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (job(progress=Progress(5, 10)), 0),
        (job(Status.RUNNING, started_ms=T0, progress=Progress(125_430, 192_850)), 65),
        (job(Status.RUNNING, started_ms=T0, progress=Progress(10, 10)), 99),
        (job(Status.RUNNING, started_ms=T0, progress=Progress(20, 10)), 99),
        (job(Status.RUNNING, started_ms=T0, progress=Progress(3, None, "b", 1, 4)), 25),
        (job(Status.RUNNING, started_ms=T0), 0),
        (job(Status.COMPLETED, **DONE), 100),
        (job(Status.FAILED, **DONE, progress=Progress(1, 2)), 50),
        (job(Status.CANCELLED, ended_ms=T0, progress=Progress(1, 2)), 0),
    ],
)
def test_only_completed_jobs_are_at_100_percent(found: Job, shown: int) -> None:
    """Queued is 0, Running at most 99, Completed 100, the others keep what they had."""
    assert percentage(found) == shown


def test_a_queued_job_shows_nothing_of_an_earlier_attempt() -> None:
    """A job that waits again has no start, no node and no usage."""
    row = job_answer(
        job(node="n1", usage=Usage(rss_bytes=5, cpu_percent=3.0)), ESTIMATE, 3, now_ms=T0
    )

    assert row["execution"]["executionNode"] is None
    assert row["execution"]["memoryUsage"] is None
    assert row["progress"]["elapsedTime"] == "0 seconds"
    assert row["progress"]["currentStage"] == "Queued"
    assert row["queuePosition"] == 3
    assert row["estimatedDuration"] == "12-15 minutes"
    assert "error" not in row


def test_a_running_job_shows_the_documented_texts() -> None:
    """The document's own numbers come out as the document shows them."""
    usage = Usage(rss_bytes=round(2.1 * 2**30), cpu_percent=45.2, written_bytes=890 * 2**20)
    progress = Progress(125_430, 192_850, "Data Processing", error_count=3, warning_count=12)
    row = job_answer(
        job(Status.RUNNING, started_ms=T0, usage=usage, progress=progress, node="n1"),
        ESTIMATE,
        None,
        now_ms=T0 + 512_000,
    )

    assert row["progress"]["elapsedTime"] == "8 minutes 32 seconds"
    assert row["progress"]["currentStage"] == "Data Processing"
    assert row["execution"]["memoryUsage"] == "2.1 GB"
    assert row["execution"]["cpuUsage"] == "45%"
    assert row["execution"]["diskUsage"] == "890 MB"
    assert row["metrics"]["averageProcessingRate"] == "245 records/second"
    assert row["metrics"]["errorCount"] == 3
    assert row["queuePosition"] is None


@pytest.mark.parametrize(
    "status", [Status.QUEUED, Status.RUNNING, Status.COMPLETED, Status.CANCELLED]
)
def test_the_error_key_is_only_there_when_failed(status: Status) -> None:
    """Clients print the error whenever the key is there."""
    row = job_answer(job(status, failure=Failure("x", "y")), ESTIMATE, 1, now_ms=T0)

    assert "error" not in row


def test_a_failed_job_says_why() -> None:
    """The message is for people, the code and the stage for programs."""
    found = job(Status.FAILED, **DONE, failure=Failure("timeout", "It took too long.", "Mining"))

    row = job_answer(found, ESTIMATE, None, now_ms=T0)

    assert row["error"] == "It took too long."
    assert row["errorDetails"] == {"code": "timeout", "stage": "Mining"}


def test_rows_leave_out_what_does_not_apply() -> None:
    """A queued row has no start; a finished one has an end and a duration, but no estimate."""
    queued = job_row(job(), None)
    running = job_row(job(Status.RUNNING, started_ms=T0), T0 + MINUTE)
    done = job_row(job(Status.COMPLETED, **DONE), T0)

    assert not {"startTime", "endTime", "duration", "estimatedCompletion"} & queued.keys()
    assert running["estimatedCompletion"] == "2024-01-20T10:31:00Z"
    assert "endTime" not in running
    assert done["duration"] == "42 minutes"
    assert "estimatedCompletion" not in done


def test_results_follow_the_published_formulas() -> None:
    """Records are the valid ones, efficiency is CPU time over time since submission."""
    found = job(
        Status.COMPLETED,
        **DONE,
        usage=Usage(cpu_seconds=38.5 * 60),
        quality=Quality(195_000, 192_850, 1_890, 260, 94.2, {"complete": 99.0}),
        artifacts=(
            artifact(id="p", primary=True, type="ProcessMiningReport", format="html"),
            artifact(record_count=192_850, size_bytes=890 * 1024),
        ),
        summary={"cases": 4, "recordsProcessed": 1},
        warnings=(Finding("DataQuality", "Some times had to be inferred", 125),),
    )

    row = results_answer(
        found, detailed=True, wanted=None, link=lambda item: f"https://x/{item.id}"
    )

    assert row["totalDuration"] == "42 minutes"
    assert row["summary"] == {
        "cases": 4,
        "recordsProcessed": 192_850,
        "outputsGenerated": 2,
        "dataQualityScore": 94.2,
        "processingEfficiency": 87.5,
    }
    assert row["results"]["primaryOutput"]["downloadUrl"] == "https://x/p"
    assert row["results"]["additionalOutputs"][0]["recordCount"] == 192_850
    assert row["results"]["additionalOutputs"][0]["size"] == "890 KB"
    assert row["executionMetrics"]["totalCpuTime"] == "38.5 minutes"
    assert row["executionMetrics"]["networkDataTransfer"] is None
    assert row["qualityMetrics"]["dataValidation"]["duplicatesRemoved"] == 1_890
    assert row["qualityMetrics"]["warnings"][0]["count"] == 125


def test_results_without_measurements_have_nulls_but_never_for_records() -> None:
    """What was not measured is null; the records are always a number."""
    row = results_answer(
        job(Status.COMPLETED, **DONE), detailed=True, wanted=None, link=lambda _: None
    )

    assert row["summary"]["recordsProcessed"] == 0
    assert row["summary"]["processingEfficiency"] is None
    assert row["results"] == {"primaryOutput": None, "additionalOutputs": []}
    assert row["qualityMetrics"]["dataValidation"]["totalRecords"] is None


def test_a_filtered_out_primary_output_is_null() -> None:
    """The filter applies to the primary output too."""
    found = job(
        Status.COMPLETED,
        **DONE,
        artifacts=(artifact(primary=True, type="ProcessMiningReport"), artifact(id="b")),
    )

    row = results_answer(found, detailed=False, wanted=OutputType.DATA, link=lambda _: None)

    assert row["results"]["primaryOutput"] is None
    assert [item["artifactId"] for item in row["results"]["additionalOutputs"]] == ["b"]
    assert "executionMetrics" not in row


@pytest.mark.parametrize(
    ("kind", "form", "expected"),
    [
        ("ProcessMiningReport", "html", OutputType.REPORTS),
        ("EnrichedDataset", "csv", OutputType.DATA),
        ("ProcessMap", "svg", OutputType.VISUALIZATIONS),
        ("AnalyticsModel", "json", OutputType.MODELS),
        ("Anything", "PDF", OutputType.REPORTS),
        ("Anything", "png", OutputType.VISUALIZATIONS),
        ("Anything", "parquet", OutputType.DATA),
    ],
)
def test_outputs_are_classed_by_type_then_by_format(
    kind: str, form: str, expected: OutputType
) -> None:
    """Known types have a class; unknown ones are classed by their format."""
    assert output_type(artifact(type=kind, format=form)) == expected
