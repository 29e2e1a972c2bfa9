"""The progress bar on a terminal and off it."""

import io

from queueapp.cli.progress import Bar


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_one_line_redrawn() -> None:
    """On a terminal each state replaces the one before, and the end leaves a line behind."""
    output = Terminal()
    bar = Bar(output)
    bar.show(0, "Queued at position 2")
    bar.show(50, "Reading")
    bar.end()
    drawn = output.getvalue()

    assert 2 == drawn.count("\r")
    assert drawn.endswith("Reading\n")
    assert f"[{'█' * 15}{'·' * 15}]  50 %" in drawn


def test_a_file_gets_a_line_for_each_stage() -> None:
    """Off a terminal only a new stage is worth a line."""
    output = io.StringIO()
    bar = Bar(output)
    for percentage, stage in ((0, "Reading"), (30, "Reading"), (60, "Drawing"), (99, "Drawing")):
        bar.show(percentage, stage)
    bar.end()

    assert ["Reading", "Drawing"] == [line.split()[-1] for line in output.getvalue().splitlines()]
