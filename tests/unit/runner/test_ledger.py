"""What the worker books of a job's events, and what it refuses."""

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from queueapp.domain.outcome import Progress, Usage
from queueapp.domain.states import AttemptEnd
from queueapp.runner.artifact_file import open_artifact, safe_name
from queueapp.runner.dataset_input import DatasetInput
from queueapp.runner.ledger import LINE_MAX, Ledger
from queueapp.runner.logs import PRINTED_MAX, TAIL_MAX, JobLogs
from queueapp.runner.task import Assignment

PROGRESS = {
    "event": "progress",
    "records_done": 4,
    "records_total": None,
    "stage": "S",
    "stages_done": 0,
    "stages_total": None,
    "error_count": 0,
    "warning_count": 0,
}
COUNTS = {"total": 1, "valid": 1, "duplicates_removed": 0, "invalid": 0}
NESTED: dict[str, Any] = reduce(lambda inner, _: {"in": inner}, range(120), {})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path, JobLogs(tmp_path))


def test_lines_may_come_in_any_pieces(ledger: Ledger) -> None:
    """A pipe knows no lines."""
    raw = json.dumps(PROGRESS).encode() + b"\n"
    for at in range(len(raw)):
        ledger.feed(raw[at : at + 1])

    assert Progress(records_done=4, stage="S") == ledger.progress
    assert 1 == ledger.stage_changes


def test_lines_that_are_no_json_are_refused(ledger: Ledger) -> None:
    """However they are wrong; the next one counts."""
    ledger.feed(b"[" * 200_000 + b"\n" + b'"\xff"\n' + json.dumps(PROGRESS).encode() + b"\n")

    assert 4 == ledger.progress.records_done


def test_halves_of_characters_are_question_marks(ledger: Ledger) -> None:
    """A job that met a strange name of a file ends as it says, and its log can be read."""
    ledger.take({**PROGRESS, "stage": "a\udcff"})
    ledger.take({"event": "summary", "values": {"b\udcff": ["c\ud800"]}})
    ledger.take({"event": "end", "how": "failed", "message": "d\udcff", "traceback": "e\udcff"})
    (trace,) = ledger.outcome(AttemptEnd.FAILED, None, Usage()).outputs

    assert ("a?", {"b?": ["c?"]}) == (ledger.progress.stage, ledger.summary)
    assert "e?" == trace.path.read_text()
    assert ledger.end is not None
    assert "d?" == ledger.end["message"]


def test_an_endless_line_is_skipped_and_the_next_one_counts(ledger: Ledger) -> None:
    """Memory stays bounded whatever job code writes."""
    for _ in range(LINE_MAX // 65_536 + 2):
        ledger.feed(b"x" * 65_536)
    ledger.feed(b"end of it\n" + json.dumps(PROGRESS).encode() + b"\n")

    assert 4 == ledger.progress.records_done


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"event": "dance"},
        {"event": "progress"},
        {**PROGRESS, "records_done": [4]},
        {**PROGRESS, "records_done": -1},
        {**PROGRESS, "records_done": 2**63},
        {"event": "warning", "type": "a", "message": "b", "count": "many"},
        {"event": "quality", "quality": {"total": 1}},
        {"event": "quality", "quality": {**COUNTS, "valid": 0.5}},
        {"event": "quality", "quality": {**COUNTS, "valid": 2**63}},
        {"event": "summary", "values": {"a": [2**63]}},
        {"event": "summary", "values": {"a": NESTED}},
        {"event": "summary", "values": 7},
        {"event": "output", "name": "missing.txt"},
        {"event": "output", "name": "../escape.txt"},
        {"event": "output", "name": "/etc/passwd"},
    ],
)
def test_nonsense_is_refused_with_a_line_in_the_log(
    ledger: Ledger, nonsense: dict[str, Any], tmp_path: Path
) -> None:
    """Nothing changes but the log."""
    (tmp_path / "escape.txt").touch()
    ledger.take(nonsense)

    assert (Progress(), [], {}) == (ledger.progress, ledger.outputs, ledger.summary)
    assert ledger.quality is None
    assert "refused" in (tmp_path / "logs" / "log.jsonl").read_text()


def test_a_link_is_no_output(ledger: Ledger, tmp_path: Path) -> None:
    """It could point at any file of the machine."""
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "x").symlink_to("/etc/passwd")
    facts = {"type": "X", "title": "X", "format": "", "media_type": "", "sha256": ""}
    ledger.take({"event": "output", "name": "x", "size_bytes": 1, **facts})

    assert [] == ledger.outputs


def test_a_summary_is_bounded(ledger: Ledger) -> None:
    """The store holds summaries; files are for large things."""
    ledger.take({"event": "summary", "values": {"a": 1}})
    ledger.take({"event": "summary", "values": {"b": "x" * 2_000_000}})

    assert {"a": 1} == ledger.summary


def test_printed_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    """And says how much is missing."""
    logs = JobLogs(tmp_path)
    for number in range(40):
        logs.printed(bytes([65 + number % 26]) * 50_000)

    (output,) = logs.outputs()
    content = output.path.read_bytes()
    assert content.startswith(b"A" * 50_000)
    assert content.endswith(b"N" * 50_000)
    assert "951,424 bytes left out" in content.decode()
    assert PRINTED_MAX < output.size_bytes < PRINTED_MAX + 100
    assert 40 * 50_000 - PRINTED_MAX == 951_424


def test_the_tail_is_there_for_short_and_long_output(tmp_path: Path) -> None:
    """It is where the reason of an abort stands."""
    logs = JobLogs(tmp_path)
    logs.printed(b"short")
    assert b"short" == logs.tail()

    logs.printed(b"x" * (PRINTED_MAX - TAIL_MAX))
    logs.printed(b"the reason")
    assert logs.tail().endswith(b"xxxthe reason")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.html", "report.html"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("folder/", "folder"),
        ("..", "artifact"),
        ("", "artifact"),
        ("a\nb\x00c.txt", "a_b_c.txt"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_names_of_files_are_made_safe(name: str, safe: str) -> None:
    """No folders, no control characters, a bounded length; the ending survives."""
    assert safe == safe_name(name)


def test_a_second_file_of_one_name_gets_a_number(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    names = []
    for _ in range(3):
        with open_artifact(tmp_path, "a.csv") as file:
            names.append(file.path.name)

    assert ["a.csv", "a-2.csv", "a-3.csv"] == names


def test_an_assignment_survives_its_journey(tmp_path: Path) -> None:
    """What the child decodes is what the worker encoded."""
    dataset = DatasetInput("p", "d", "D", "csv", tmp_path / "f", {"case_id": "c"}, {}, "ab")
    sent = Assignment(
        id="j",
        type="T",
        attempt=1,
        name="Ä",
        parameters={"a": [1, {"b": None}]},
        directory=tmp_path,
        now_ms=5,
        inputs=(dataset,),
        modules=("m",),
    )

    assert sent == Assignment.decode(sent.encode())
