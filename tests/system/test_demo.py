"""`queueapp demo` shows one job from upload to report, as a person would run it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from queueapp.embedded.directory import Layout
from queueapp.embedded.locks import is_locked
from tests.system.upped import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def demo(data_dir: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo on a data directory."""
    environ = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return subprocess.run(
        [sys.executable, "-m", "queueapp.cli", "demo", "--data-dir", str(data_dir)],
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=250,
    )


def test_the_demo_ends_with_a_report(tmp_path: Path) -> None:
    """It uploads, submits, shows progress and a summary, saves the report and stops everything."""
    for _ in range(2):
        ran = demo(tmp_path)
        report = re.search(r"^Report\s+(\S+)$", ran.stdout, re.MULTILINE)

        assert ("", 0) == (ran.stderr, ran.returncode)
        assert re.search(r"^Uploaded .* 2,000 cases", ran.stdout, re.MULTILINE)
        assert "100 %  Completed" in ran.stdout
        assert re.search(r"^  cases +2,000$", ran.stdout, re.MULTILINE)
        assert report is not None
        assert Path(report[1]).read_text(encoding="utf-8").lower().startswith("<!doctype html>")
        assert not is_locked(Layout.of(tmp_path).server_lock)
