"""What a job printed and logged: capped files that become outputs of type Log.

The worker writes them, so a killed job keeps its log and a chatty one cannot fill the disk.
"""

import json
from pathlib import Path
from typing import Any

from queueapp.domain.outcome import Output
from queueapp.runner.artifact_file import describe

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

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._printed = 0
        self._recorded = 0
        self._tail = bytearray()
        self._left_out = 0

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
        if self._recorded + len(raw) > RECORDS_MAX:
            return
        with (self._folder / RECORDS).open("ab") as file:
            file.write(raw)
        self._recorded += len(raw)

    def traceback(self, text: str) -> None:
        """Keep the traceback of the error that ended the job."""
        (self._folder / TRACEBACK).write_text(text)

    def tail(self) -> bytes:
        """Return the newest that was printed, up to 64 kB."""
        path = self._folder / PRINTED
        if len(self._tail) >= TAIL_MAX or not path.exists():
            return bytes(self._tail)
        return (path.read_bytes() + self._tail)[-TAIL_MAX:]

    def outputs(self) -> tuple[Output, ...]:
        """Finish the files and describe those that are not empty."""
        self._append_tail()
        paths = (self._folder / name for name in TITLES)
        return tuple(_output(path) for path in paths if path.exists())

    def _append_tail(self) -> None:
        if not self._tail:
            return
        note = f"\n[… {self._left_out:,} bytes left out …]\n" if self._left_out else ""
        with (self._folder / PRINTED).open("ab") as file:
            file.write(note.encode() + self._tail)
        self._tail.clear()


def _output(path: Path) -> Output:
    return Output(type=LOG_TYPE, title=TITLES[path.name], path=path, **describe(path))
