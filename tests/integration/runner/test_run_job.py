"""Authors' tests run a job without a queue and see all that came of it."""

from pathlib import Path

from queueapp.job_types import load_modules
from queueapp.testing import run_job

ZOO = load_modules(["tests.integration.runner.bad_jobs"])


def test_outcome_has_all_that_a_job_reports(tmp_path: Path) -> None:
    """Files, quality, findings, progress and log lines, as a worker would have them."""
    outcome = run_job(ZOO["Zoo.Count"], tmp_path, {"n": 3})

    assert "completed" == outcome.end
    assert {"counted": 3} == outcome.summary
    assert ["count.txt", "log.jsonl"] == [output.name for output in outcome.outputs]
    assert b"3" == outcome.outputs[0].path.read_bytes()
    assert (3, 3) == (outcome.progress.records_done, outcome.progress.records_total)
    assert (1, 1) == (len(outcome.errors), len(outcome.warnings))


def test_datasets_are_files_by_parameter(tmp_path: Path) -> None:
    """A dataset's format is its file's suffix."""
    path = tmp_path / "orders.csv"
    path.write_text("case,activity\n1,Order\n1,Pay\n")
    outcome = run_job(
        ZOO["Zoo.Rows"], tmp_path / "run", {"datasetId": "orders"}, datasets={"datasetId": path}
    )

    assert "completed" == outcome.end, outcome.failure


def test_parameters_are_checked_as_a_worker_does(tmp_path: Path) -> None:
    """What the schema refuses never reaches the job's code."""
    outcome = run_job(ZOO["Zoo.Count"], tmp_path, {"n": -1})

    assert outcome.failure is not None
    assert "bad_input" == outcome.failure.code


def test_failure_has_its_code_and_traceback(tmp_path: Path) -> None:
    """A bug in the job ends as a failure, not as an exception of the test."""
    outcome = run_job(ZOO["Zoo.Raise"], tmp_path)

    assert outcome.failure is not None
    assert "job_error" == outcome.failure.code
    assert ["traceback.txt"] == [output.name for output in outcome.outputs]
