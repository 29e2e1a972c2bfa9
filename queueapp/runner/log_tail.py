"""The newest lines of a running job's log, for its progress reports.

A worker makes one per attempt. It reads each byte of the log once and holds a bounded piece.
"""

from collections import deque
from pathlib import Path
from typing import Any

TAIL_BYTES = 16 << 10
STEP_BYTES = 1 << 20


class LogTail:
    """Follows one growing log file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._held = 0
        self._count = 0

    def newest(self) -> dict[str, Any] | None:
        """Return the newest lines and the first one's number, None when nothing was added."""
        if not self._grown():
            return None
        lines = [line.decode(errors="replace") for line in self._lines]
        return {"first": self._count - len(lines) + 1, "lines": lines}

    def _grown(self) -> bool:
        try:
            if self._path.stat().st_size <= self._offset:
                return False
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(STEP_BYTES)
        except FileNotFoundError:
            return False
        self._offset += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._take(line)
        return bool(whole)

    def _take(self, line: bytes) -> None:
        self._count += 1
        self._lines.append(line)
        self._held += len(line)
        while self._held > TAIL_BYTES:
            self._held -= len(self._lines.popleft())
