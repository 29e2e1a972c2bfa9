"""How jobs end, and what comes back of them."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from queueapp.domain.outcome import Finding, Progress, Quality
from queueapp.domain.states import AttemptEnd
from queueapp.runner import DatasetInput
from tests.integration.runner.running import Bench, log_text, open_bench

SECRET = "hunter2-planted"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A runner whose worker's environment is full of secrets."""
    planted = ("REDIS_URL", "QUEUEAPP_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "SOME_API_KEY")
    with pytest.MonkeyPatch.context() as patch:
        for name in planted:
            patch.setenv(name, SECRET)
        bench = open_bench(tmp_path_factory.mktemp("runner"))
        bench.runner.start()
        yield bench
        bench.runner.close()


def test_a_completed_job_brings_everything_it_reported(bench: Bench) -> None:
    """Progress, findings, quality, summary, files and usage all arrive."""
    outcome = bench.run("Count", {"n": 5})

    expected = Progress(5, 5, "Counting", 1, 2, error_count=1, warning_count=2)
    assert (AttemptEnd.COMPLETED, None) == (outcome.end, outcome.failure)
    assert expected == outcome.progress
    assert Quality(10, 7, 2, 1, score=70.0) == outcome.quality
    assert {"counted": 5} == outcome.summary
    assert (Finding("Odd", "an odd number", 2),) == outcome.warnings
    assert (Finding("Even", "an even number", 1),) == outcome.errors
    assert outcome.usage.cpu_seconds is not None
    assert (outcome.usage.peak_rss_bytes or 0) > 10_000_000
    assert outcome.usage.written_bytes == 1


def test_an_artifact_is_safe_measured_and_hashed(bench: Bench) -> None:
    """A name with folders in it cannot leave the outputs' folder."""
    outcome = bench.run("Count", {"n": 12})
    file = outcome.outputs[0]

    assert ("count.txt", "txt", 2, True) == (file.name, file.format, file.size_bytes, file.primary)
    assert hashlib.sha256(b"12").hexdigest() == file.sha256
    assert b"12" == file.path.read_bytes()


def test_log_lines_become_a_log_output(bench: Bench) -> None:
    """Each line keeps level, stage, time and details."""
    line = json.loads(log_text(bench.run("Count", {"n": 3}), "log.jsonl"))

    assert ("INFO", "counted", {"n": 3}) == (line["level"], line["message"], line["details"])
    assert "Counting" == line["stage"]


def test_wrong_parameters_are_bad_input_that_names_the_field(bench: Bench) -> None:
    """Validation in full happens in the job's process."""
    outcome = bench.run("Count", {"n": -1})

    assert outcome.failure is not None
    assert "bad_input" == outcome.failure.code
    assert outcome.failure.message.startswith("n: ")


def test_a_bug_keeps_its_traceback(bench: Bench) -> None:
    """The message says what, the stage where, the log artifact everything."""
    outcome = bench.run("Raise")

    assert outcome.failure is not None
    assert AttemptEnd.FAILED == outcome.end
    assert ("job_error", "Dividing") == (outcome.failure.code, outcome.failure.stage)
    assert "ZeroDivisionError: division by zero" == outcome.failure.message
    text = log_text(outcome, "traceback.txt")
    assert "bad_jobs.py" in text
    assert "child.py" not in text


@pytest.mark.parametrize(
    ("kind", "code", "retryable", "message"),
    [
        ("Retry", "job_error", True, "the other side is busy"),
        ("BadInput", "bad_input", False, "the column case is missing"),
        ("SysExit", "job_error", False, "The job called sys.exit(0)"),
        ("Recursion", "job_error", False, "RecursionError: maximum recursion depth exceeded"),
        ("Exit", "job_error", False, "The job's process ended with exit code 3"),
        ("CloseDescriptors", "job_error", False, "The job's process ended with exit code"),
        ("AllocateAtOnce", "out_of_memory", False, "The job needed more memory"),
        ("AllocatePolars", "out_of_memory", False, "The job needed more memory"),
        ("Unknown", "bad_input", False, "This worker has no job type Zoo.Unknown"),
    ],
)
def test_each_way_to_fail_has_its_code(
    bench: Bench, kind: str, code: str, retryable: bool, message: str
) -> None:
    """Codes are what callers decide by."""
    outcome = bench.run(kind)

    assert outcome.failure is not None
    assert AttemptEnd.FAILED == outcome.end
    assert (code, retryable) == (outcome.failure.code, outcome.failure.retryable)
    assert outcome.failure.message.startswith(message)


@pytest.mark.parametrize(
    ("number", "end", "code"),
    [
        (9, AttemptEnd.LOST, "killed"),
        (11, AttemptEnd.FAILED, "job_error"),
        (6, AttemptEnd.FAILED, "job_error"),
        (24, AttemptEnd.FAILED, "timeout"),
    ],
)
def test_a_signal_from_outside_is_a_lost_attempt_a_crash_is_the_jobs(
    bench: Bench, number: int, end: AttemptEnd, code: str
) -> None:
    """Only what the job did not do itself is worth another attempt."""
    outcome = bench.run("Signal", {"signal": number})

    assert outcome.failure is not None
    assert (end, code, "Ending") == (outcome.end, outcome.failure.code, outcome.failure.stage)
    assert str(number) in outcome.failure.message or code == "timeout"


def test_a_polite_stop_from_outside_gives_the_job_back(bench: Bench) -> None:
    """Whoever shuts a machine down tells every process, perhaps before the worker hears it."""
    outcome = bench.run("Signal", {"signal": 15})

    assert (AttemptEnd.GIVEN_BACK, None) == (outcome.end, outcome.failure)


def test_ten_megabytes_of_output_are_capped(bench: Bench) -> None:
    """The beginning and the end are kept."""
    text = log_text(bench.run("Print"), "output.txt")

    assert len(text) < 1_100_000
    assert text.startswith("000000 xxx")
    assert "bytes left out" in text
    assert "009999" in text
    assert text.endswith("the last line\n")


def test_pythons_own_logging_goes_to_the_jobs_log(bench: Bench) -> None:
    """With its levels and names; a record that cannot be formatted is printed, and harms nobody."""
    outcome = bench.run("Logging")
    lines = [json.loads(line) for line in log_text(outcome, "log.jsonl").splitlines()]

    assert AttemptEnd.COMPLETED == outcome.end
    assert ["INFO", "WARN", "ERROR"] == [line["level"] for line in lines]
    assert ["fed 3 lions", "one is missing"] == [line["message"] for line in lines[:2]]
    assert lines[2]["message"].startswith("left open\nTraceback")
    assert {"logger": "zoo.keeper"} == lines[0]["details"]
    assert "is no number" in log_text(outcome, "output.txt")


def test_nonsense_in_the_event_pipe_harms_nothing(bench: Bench) -> None:
    """A forged output outside of the job's folder is refused, later reports still count."""
    outcome = bench.run("Forge")

    assert AttemptEnd.COMPLETED == outcome.end
    assert 7 == outcome.progress.records_done
    assert ["log.jsonl"] == [output.name for output in outcome.outputs]


def test_a_job_sees_nothing_of_the_workers_secrets(bench: Bench) -> None:
    """Neither its environment nor what the kernel shows of it holds any of them."""
    seen = bench.run("Environment", {"colour": "blue"}).summary

    assert SECRET not in json.dumps(seen)
    assert not {"REDIS_URL", "QUEUEAPP_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"} & set(seen["environ"])
    assert os.environ["PATH"] == seen["environ"]["PATH"]


def test_the_zygote_itself_was_started_clean(bench: Bench) -> None:
    """A job could read its parent's environment too."""
    environ = Path(f"/proc/{bench.runner.zygote_pid}/environ").read_text()

    assert SECRET not in environ
    assert "PATH=" in environ


def test_a_job_has_a_private_place_of_its_own(bench: Bench) -> None:
    """Own session, own folder, its task's descriptors and no others."""
    seen = bench.run("Environment", {"colour": "blue"}, cpu_units=2).summary

    assert seen["cwd"].endswith("/work")
    assert ("0o700", True) == (seen["mode"], seen["session"])
    assert {seen["cwd"]} == {seen["environ"]["HOME"], seen["environ"]["TMPDIR"]}
    assert {"0", "1", "2", "4"} <= set(seen["fds"])
    assert not [link for fd, link in seen["fds"].items() if "socket" in link]
    assert [] == seen["blocked"]
    assert {"colour": "blue"} == seen["parameters"]
    assert "2023-11-14T22:13:20+00:00" == seen["now"]


@pytest.mark.parametrize("cpu_units", [1, 2])
def test_polars_gets_the_threads_that_the_job_was_given(bench: Bench, cpu_units: int) -> None:
    """The setting reaches polars although it was loaded before the fork."""
    outcome = bench.run("Environment", cpu_units=cpu_units)

    assert cpu_units == outcome.summary["polars_threads"]


def test_two_forks_draw_different_random_numbers(bench: Bench) -> None:
    """Generators loaded before the fork are seeded anew in each."""
    one, other = (bench.run("Environment").summary["random"] for _ in range(2))

    assert one[0] != other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize(
    ("name", "form", "content"),
    [
        ("log.csv", "csv", b"case;activity\n1;Start\n2;\xc3\x84nd\n"),
        ("log.csv.gz", "csv.gz", None),
    ],
)
def test_a_dataset_is_read_row_by_row(
    bench: Bench, tmp_path: Path, name: str, form: str, content: bytes | None
) -> None:
    """Job code sees dictionaries by column name, whatever the notation."""
    import gzip

    path = tmp_path / name
    path.write_bytes(content or gzip.compress(b"case,activity\n1,Start\n2,End\n"))
    dataset = DatasetInput("datasetId", "d", "Log", form, path, None, {}, "")

    outcome = bench.run("Rows", inputs=(dataset,))

    assert {"rows": 2, "first": {"case": "1", "activity": "Start"}} == outcome.summary


def test_a_dataset_that_was_not_given_is_bad_input(bench: Bench) -> None:
    """The message names the parameter."""
    failure = bench.run("Rows").failure

    assert failure is not None
    assert "bad_input" == failure.code
    assert "datasetId" in failure.message


@pytest.mark.parametrize(
    ("speechless", "said"),
    [(False, "FileNotFoundError: log?.csv"), (True, "Speechless")],
)
def test_a_failure_is_told_whatever_its_words_are(
    bench: Bench, speechless: bool, said: str
) -> None:
    """The name of a file that is no UTF-8, an exception that cannot be printed."""
    failure = bench.run("Mumble", {"speechless": speechless}).failure

    assert failure is not None
    assert ("job_error", said) == (failure.code, failure.message)
