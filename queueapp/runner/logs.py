"""What a job printed and logged: capped files that become outputs of type Log.

The worker writes them, so a killed job keeps its log and a chatty one cannot fill the disk.
"""

import json
import time
from pathlib import Path
from typing import Any

from queueapp.domain.outcome import Output
from queueapp.runner.artifact_file import describe
from queueapp.runner.task import LOGS

PRINTED_MAX = 1024 * 1024
TAIL_MAX = 64 * 1024
RECORDS_MAX = 4 * 1024 * 1024
LOG_TYPE = "Log"

PRINTED = "output.txt"
RECORDS = "log.jsonl"
TRACEBACK = "traceback.txt"

TITLES = {
    PRINTED: "What the job printed",
    RECORDS: "Log of the job",
    TRACEBACK: "Where the error happened",
}


class JobLogs:
    """The log files of one attempt."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._begun = False
        self._printed = 0
        self._recorded = 0
        self._tail = bytearray()
        self._left_out = 0
        self._lines_left_out = 0

    @property
    def _place(self) -> Path:
        return self._directory / LOGS

    @property
    def _folder(self) -> Path:
        """The folder, made by the first thing to be written into it."""
        folder = self._place
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._begun = True
        return folder

    def printed(self, data: bytes) -> None:
        """Keep what came from stdout or stderr: the beginning, and the newest 64 kB."""
        room = max(0, PRINTED_MAX - TAIL_MAX - self._printed)
        if head := data[:room]:
            with (self._folder / PRINTED).open("ab") as file:
                file.write(head)
            self._printed += len(head)
        self._tail += data[room:]
        if (excess := len(self._tail) - TAIL_MAX) > 0:
            del self._tail[:excess]
            self._left_out += excess

    def record(self, line: dict[str, Any]) -> None:
        """Keep one structured line, as long as there is room."""
        raw = json.dumps(line, default=str).encode() + b"\n"
        if self._lines_left_out or self._recorded + len(raw) > RECORDS_MAX:
            self._lines_left_out += 1
            return
        self._append_record(raw)
        self._recorded += len(raw)

    def traceback(self, text: str) -> None:
        """Keep the traceback of the error that ended the job."""
        (self._folder / TRACEBACK).write_text(text)

    def tail(self) -> bytes:
        """Return the newest that was printed, up to 64 kB."""
        path = self._place / PRINTED
        if len(self._tail) >= TAIL_MAX or not path.exists():
            return bytes(self._tail)
        return (path.read_bytes() + self._tail)[-TAIL_MAX:]

    def outputs(self) -> tuple[Output, ...]:
        """Finish the files and describe those that are not empty."""
        self._append_tail()
        self._note_left_out()
        return left_logs(self._place) if self._begun else ()

    def _append_tail(self) -> None:
        if not self._tail:
            return
        note = f"\n[… {self._left_out:,} bytes left out …]\n" if self._left_out else ""
        with (self._folder / PRINTED).open("ab") as file:
            file.write(note.encode() + self._tail)
        self._tail.clear()

    def _note_left_out(self) -> None:
        if self._lines_left_out:
            message = f"The log is full: {self._lines_left_out:,} further lines were left out"
            self._append_record(json.dumps(own_line(message)).encode() + b"\n")
            self._lines_left_out = 0

    def _append_record(self, raw: bytes) -> None:
        with (self._folder / RECORDS).open("ab") as file:
            file.write(raw)


def own_line(message: str) -> dict[str, Any]:
    """Make a line of the runner's own for a job's log."""
    return {"at": time.time(), "level": "WARN", "component": "runner", "message": message}


def left_logs(folder: Path) -> tuple[Output, ...]:
    """Describe the log files in a folder that are not empty, also those of a run given up."""
    if not folder.exists():
        return ()
    paths = (folder / name for name in TITLES)
    return tuple(_output(path) for path in paths if path.exists())


def _output(path: Path) -> Output:
    return Output(type=LOG_TYPE, title=TITLES[path.name], path=path, **describe(path))
