"""The newest lines of a growing log."""

from pathlib import Path

from queueapp.runner.log_tail import TAIL_BYTES, LogTail
from queueapp.runner.logs import RECORDS_MAX, JobLogs


def test_only_what_is_new_is_told(tmp_path: Path) -> None:
    """Nothing before the file is there, nothing twice, and half a line waits for its end."""
    path = tmp_path / "log"
    tail = LogTail(path)

    assert tail.newest() is None
    path.write_bytes(b"one\ntw")
    assert {"first": 1, "lines": ["one"]} == tail.newest()
    assert tail.newest() is None
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert {"first": 1, "lines": ["one", "two", "three"]} == tail.newest()


def test_old_lines_make_room_and_numbers_go_on(tmp_path: Path) -> None:
    """The tail is bounded, and its first line keeps its number in the whole log."""
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"%05d\n" % number for number in range(1, 10_001)))
    newest = LogTail(path).newest()

    assert newest is not None
    assert TAIL_BYTES // 5 == len(newest["lines"])
    assert newest["first"] == int(newest["lines"][0])
    assert "10000" == newest["lines"][-1]


def test_line_larger_than_the_tail_is_left_out(tmp_path: Path) -> None:
    """A huge line empties the tail but is counted."""
    path = tmp_path / "log"
    path.write_bytes(b"a\n" + b"x" * (TAIL_BYTES + 1) + b"\nb\n")

    assert {"first": 3, "lines": ["b"]} == LogTail(path).newest()


def test_full_log_says_how_much_is_missing(tmp_path: Path) -> None:
    """Lines beyond the limit are counted in a last line of the runner's own."""
    logs = JobLogs(tmp_path)
    line = {"level": "INFO", "message": "x" * (RECORDS_MAX // 2)}
    for _ in range(4):
        logs.record(line)
    logs.record({"level": "INFO", "message": "small"})
    logs.outputs()

    last = (tmp_path / "logs" / "log.jsonl").read_text().splitlines()[-1]
    assert '"component": "runner"' in last
    assert "4 further lines were left out" in last
