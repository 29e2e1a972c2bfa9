"""A progress bar: one line that is redrawn on a terminal, a line per stage elsewhere."""

import shutil
from typing import TextIO

WIDTH = 30


class Bar:
    """Shows percent and stage of one job."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._terminal = output.isatty()
        self._stage = ""
        self._drawn = False

    def show(self, percentage: int, stage: str) -> None:
        """Draw the present state; off a terminal only a new stage is worth a line."""
        filled = WIDTH * percentage // 100
        line = f"[{'█' * filled}{'·' * (WIDTH - filled)}] {percentage:3d} %  {stage}"
        if self._terminal:
            columns = shutil.get_terminal_size().columns
            self._write(f"\r\x1b[K{line[: columns - 1]}")
            self._drawn = True
        elif stage != self._stage:
            self._write(f"{line}\n")
        self._stage = stage

    def end(self) -> None:
        """Leave the last state standing."""
        if self._drawn:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()
