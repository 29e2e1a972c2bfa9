"""What log lines look like, and what they never hold."""

import json
import subprocess
import sys

import pytest

FAILING = """
import logging
from queueapp.logs import configure_logs
import structlog

configure_logs(facts=lambda: {"job": "j-1", "attempt": 2}, readable=%s)

def fail():
    password = "hidden" + "-value"
    raise ValueError("it broke")

try:
    fail()
except ValueError:
    structlog.get_logger().exception("failed", reason="a test")
    logging.getLogger("library").exception("failed too")
"""


def written(readable: bool) -> list[str]:
    """Return the lines that two failures write."""
    command = [sys.executable, "-c", FAILING % readable]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stderr.splitlines()


def test_each_line_is_json_with_the_facts_of_its_thread() -> None:
    """A program reads each line by itself: a traceback is a field, and other libraries' too."""
    ours, theirs = (json.loads(line) for line in written(readable=False))

    assert ("failed", "error", "a test") == (ours["event"], ours["level"], ours["reason"])
    assert ("failed too", "library") == (theirs["event"], theirs["logger"])
    for line in (ours, theirs):
        assert ("j-1", 2) == (line["job"], line["attempt"])
        assert line["timestamp"].endswith("Z")
        assert "ValueError: it broke" in line["exception"]


@pytest.mark.parametrize("readable", [False, True])
def test_tracebacks_show_no_values(readable: bool) -> None:
    """The values of local variables are not written, whatever other libraries are installed."""
    text = "\n".join(written(readable))

    assert 2 == text.count("ValueError: it broke")
    assert "hidden-value" not in text
