"""What is small enough to be read at once, and what reading a log in a process of its own says."""

import gzip
from pathlib import Path

import pytest

from queueapp.eventlog import LogError
from queueapp.eventlog.apart import Reading, TooMuch, check_apart, describe_apart
from queueapp.eventlog.describing import check_header, check_options, unpacked_within

MB = 1 << 20
COLUMNS = {"case_id": "c", "activity": "a", "time": "t"}
NOW = "2026-01-01T00:00:00+00:00"


def written(folder: Path, body: bytes) -> Path:
    """Write a file."""
    path = folder / "log"
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    ("body", "form", "small"),
    [
        (b"x" * MB, "csv", True),
        (b"x" * (MB + 1), "csv", False),
        (gzip.compress(b"ab\n" * 1000, mtime=0), "csv.gz", True),
        (gzip.compress(bytes(range(256)) * (MB // 256), mtime=0), "csv.gz", True),
        (gzip.compress(bytes(range(256)) * (MB // 256 + 1), mtime=0), "xes.gz", False),
        (gzip.compress(bytes(range(256)) * 2048, mtime=0) * 3, "csv.gz", False),
        (b"\x1f\x8b damaged", "csv.gz", True),
        (b"PAR1", "parquet", True),
    ],
)
def test_size_counts_unpacked(tmp_path: Path, body: bytes, form: str, small: bool) -> None:
    """Packed logs count with what they unpack to, in all their members; damage is small."""
    assert unpacked_within(written(tmp_path, body), form, MB) is small


def test_a_bomb_is_named_before_it_bursts(tmp_path: Path) -> None:
    """A growth that no log has is an error, not a large log."""
    path = written(tmp_path, gzip.compress(b"x" * (64 * MB)))
    with pytest.raises(LogError) as caught:
        unpacked_within(path, "csv.gz", 20 * MB)

    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"timezone": "Mars"}, "timezone"),
        ({"encoding": "klingon"}, "encoding"),
        ({"delimiter": "ab"}, "delimiter"),
    ],
)
def test_hints_that_fit_no_file_are_refused(options: dict[str, str], field: str) -> None:
    """The error names the hint; without hints there is nothing to refuse."""
    check_options({})
    with pytest.raises(LogError) as caught:
        check_options(options)

    assert caught.value.field == field


@pytest.mark.parametrize("form", ["csv", "csv.gz", "xes", "parquet"])
@pytest.mark.parametrize("body", [b"", b"c,a,t", b'c,a,t\n1,"', b"c,a,t\n\xff\n", b"\xff\xfec\x00"])
def test_a_head_is_only_asked_for_its_columns(tmp_path: Path, body: bytes, form: str) -> None:
    """Whatever else is odd in it is left to the reader of the whole."""
    packed = gzip.compress(body) if form == "csv.gz" else body

    check_header(written(tmp_path, packed), form=form, columns=COLUMNS, options={})


def test_a_log_is_described_apart(tmp_path: Path) -> None:
    """The answer of the other process is what it found, or its error as it was."""
    path = written(tmp_path, b"c,a,t\n1,x,2024-01-01\n1,y,2024-01-02\n")
    reading = Reading(str(path), "csv", COLUMNS, {}, NOW)
    wrong = Reading(str(path), "csv", {**COLUMNS, "case_id": "z"}, {}, NOW)
    found = describe_apart(reading)

    assert (found["rows"], found["cases"], found["columns"]["case_id"]) == (2, 1, "c")
    for ask in (describe_apart, check_apart):
        with pytest.raises(LogError) as caught:
            ask(wrong)
        assert (caught.value.code, caught.value.field) == ("missing_column", "case_id")


def test_a_process_that_dies_is_too_much(tmp_path: Path) -> None:
    """Without memory to load the table library the reading ends, and only the reading."""
    path = written(tmp_path, b"c,a,t\n1,x,2024-01-01\n")
    with pytest.raises(TooMuch):
        describe_apart(Reading(str(path), "csv", COLUMNS, {}, NOW, memory_bytes=8 * MB))
