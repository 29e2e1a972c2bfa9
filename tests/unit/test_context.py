"""What job code can do with its context, without any process around it."""

import json
import timeit
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import queueapp
from queueapp import BadInput, JobCancelled, JobContext
from queueapp.runner.task import Assignment


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    """A clock that stands still."""
    return Watch()


@pytest.fixture
def events() -> list[dict[str, Any]]:
    """What the context emitted."""
    return []


@pytest.fixture
def job(tmp_path: Path, watch: Watch, events: list[dict[str, Any]]) -> JobContext:
    """A context over a folder and a list."""
    assignment = Assignment(
        id="j",
        type="T",
        attempt=2,
        name="Name",
        parameters={"a": 1},
        directory=tmp_path,
        now_ms=0,
    )
    return JobContext(assignment, events.append, stages=("A", "B", "C"), clock=watch)


def test_progress_is_throttled_but_never_forgotten(
    job: JobContext, watch: Watch, events: list[dict[str, Any]]
) -> None:
    """A tight loop sends ten reports a second at most; the last one counts."""
    for done in range(1000):
        job.progress(done=done, total=1000)
    assert 1 == len(events)

    watch.now += 0.11
    job.progress(done=1000)

    assert [0, 1000] == [event["records_done"] for event in events]
    assert [1000, 1000] == [event["records_total"] for event in events]


def test_a_change_of_stage_is_sent_at_once(job: JobContext, events: list[dict[str, Any]]) -> None:
    """Known stages count towards the type's number of stages."""
    for stage in ("A", "B", "B", "C"):
        job.progress(stage=stage)

    assert [("A", 0, 3), ("B", 1, 3), ("C", 2, 3)] == [
        (event["stage"], event["stages_done"], event["stages_total"]) for event in events
    ]


def test_progress_costs_less_than_two_microseconds_in_a_loop(job: JobContext) -> None:
    """Job code may call it for every record; the bound is generous for a busy machine."""
    number = 20_000
    best = min(timeit.repeat(lambda: job.progress(done=1), number=number, repeat=7)) / number

    assert best < 10e-6, f"{best * 1e6:.2f} µs"


def test_a_stop_surfaces_in_progress_and_passes_a_bare_except(job: JobContext) -> None:
    """Job code that catches every Exception still stops."""
    job.request_stop()

    def careless() -> None:
        with suppress(Exception):
            job.progress(done=1)

    with pytest.raises(JobCancelled):
        careless()


def test_an_artifact_counts_only_when_its_block_ends_cleanly(
    job: JobContext, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Half a file is no output."""

    def fail_halfway() -> None:
        with job.artifact("a.csv", type="X", title="A") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()

    assert [] == events
    assert [] == list((tmp_path / "outputs").iterdir())


def test_an_artifact_may_be_written_by_its_path(
    job: JobContext, events: list[dict[str, Any]]
) -> None:
    """Libraries that open files themselves are served too."""
    with job.artifact("b.html", type="X", title="B") as file:
        file.path.write_text("<p>")

    assert (3, "text/html; charset=utf-8") == (events[0]["size_bytes"], events[0]["media_type"])


@pytest.mark.parametrize(
    "wrong", [{"x": float("nan")}, {"x": object()}, {"x": {1, 2}}, {"x": 2**63}]
)
def test_a_summary_takes_json_values_only(
    job: JobContext, events: list[dict[str, Any]], wrong: dict[str, Any]
) -> None:
    """The error is raised where the value was given."""
    with pytest.raises((TypeError, ValueError)):
        job.summary(**wrong)
    assert [] == events


def test_findings_are_counted_by_kind_and_sent_in_bulk(
    job: JobContext, watch: Watch, events: list[dict[str, Any]]
) -> None:
    """A million warnings of one kind are one line with a number."""
    job.progress()
    for _ in range(500):
        job.warning(type="Late", message="too late")
    job.warning(type="Late", message="nothing", count=0)
    watch.now += 1
    job.progress()

    found = [event for event in events if event["event"] == "warning"]
    assert [("Late", "too late", 500)] == [
        (event["type"], event["message"], event["count"]) for event in found
    ]
    assert 500 == events[-1]["warning_count"]


def test_the_kinds_of_findings_are_bounded(job: JobContext, events: list[dict[str, Any]]) -> None:
    """A message that differs for every row cannot fill the store; the sum stays right."""
    for number in range(1000):
        job.error(type="Row", message=f"row {number}")
    job.flush()

    found = [event for event in events if event["event"] == "error"]
    assert len({event["message"] for event in found}) <= 201
    assert 1000 == sum(event["count"] for event in found) == events[-1]["error_count"]


def test_an_unknown_dataset_is_bad_input(job: JobContext) -> None:
    """The field is named."""
    with pytest.raises(BadInput) as caught:
        job.dataset("otherId")

    assert "otherId" == caught.value.field


def test_log_levels_are_checked(job: JobContext, events: list[dict[str, Any]]) -> None:
    """Python's own names are understood."""
    job.log("warning", "careful", row=7)
    with pytest.raises(ValueError, match="DEBUG"):
        job.log("loud", "no")

    assert ["WARN"] == [event["level"] for event in events]
    json.dumps(events)


def test_the_package_offers_its_names_lazily() -> None:
    """What authors import from the package is what this room defines."""
    assert queueapp.JobContext is JobContext
    with pytest.raises(AttributeError, match="nothing_such"):
        queueapp.nothing_such  # noqa: B018
