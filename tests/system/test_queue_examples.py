"""The example clients of the queue API's own documents, unmodified, against a running server.

The English one runs as it stands; the two translations lost their indentation, which is put back
line by line from the English one. Only the server's address is put in.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.shared_data import shared
from tests.system.conftest import KEY, Installation
from tests.system.documented import BROWSER, ITS_ADDRESS

PYTHON = {"en": "Python Example", "nl": "Python Voorbeeld", "ja": "Pythonの例"}
SCRIPT = "// 1. "
JUNK = "An error has occurred"  # what a browser added below the code
QUEUED = 35  # the examples do more when more than thirty jobs wait
PLACES = ("tenant-guid/project-guid", f"{quote('{tenantId}')}/{quote('{projectId}')}")
# The Japanese client asks for predictions with names that it never set, and says so itself.
ITS_OWN_FAULT = "'QueueManager' object has no attribute 'tenantId'"


def document(language: str) -> tuple[str, str]:
    """Return the JavaScript and the Python of a document."""
    text = shared(f"seeds/queue-api.{language}.txt").read_text(encoding="utf-8")
    before, python = text.split(PYTHON[language], 1)
    return SCRIPT + before.split(SCRIPT, 1)[1], python.split(f"\n{JUNK}", 1)[0]


def lines(code: str) -> list[str]:
    """Return the lines that say something, a repeated one once."""
    found = [line for line in code.splitlines() if line.strip()]
    return found[1:] if found[0] == found[1] else found


def python_of(language: str) -> str:
    """Return a document's Python with the indentation of the English one's."""
    own = lines(document(language)[1])
    indents = [line[: len(line) - len(line.lstrip())] for line in lines(document("en")[1])]
    return "\n".join(indent + line.strip() for indent, line in zip(indents, own, strict=True))


@pytest.fixture(scope="module")
def crowded(up: Installation) -> Iterator[Installation]:
    """A server where more than thirty jobs wait in each project that the examples name."""
    for place in PLACES:
        control = f"/api/{place}/execution/queue/control"
        assert up.request("POST", control, json={"action": "pause"}).status_code == 200
        for n in range(QUEUED):
            up.submit(place, jobType="Gated", priority=("Critical", "High", "Normal")[n % 3])
    yield up
    for place in PLACES:
        up.request("DELETE", f"/api/{place}/execution/queue/user/admin")
        up.request("POST", f"/api/{place}/execution/queue/control", json={"action": "resume"})


def run(command: str, path: Path, code: str) -> str:
    """Run a program and return what it printed, errors included."""
    path.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [command, str(path)], capture_output=True, text=True, timeout=200, check=True
    )
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_python_example_runs_to_its_end(
    crowded: Installation, language: str, tmp_path: Path
) -> None:
    """It reads the queue, a tier, predictions and history, and puts a job into another tier."""
    code = document("en")[1] if language == "en" else python_of(language)

    said = run(
        sys.executable, tmp_path / "example.py", ITS_ADDRESS.sub(repr(crowded.address), code)
    )

    assert re.search(r"\b35\b", said)
    assert re.search(r"\bHigh\b[^\n]*\n[^\n]*: [0-9]+ \(was [0-9]+\)", said)
    assert 4 == len(re.findall(r"^ +[0-9-]{10}T[0-9:]{8}Z: [0-9]+ jobs \(", said, re.MULTILINE))
    assert not re.search(r"^(Error|Fout)", said, re.MULTILINE)


@pytest.mark.slow
def test_the_japanese_example_runs_as_far_as_it_can(crowded: Installation, tmp_path: Path) -> None:
    """It ends by a fault of its own, after the queue and the tier."""
    said = run(
        sys.executable,
        tmp_path / "example.py",
        ITS_ADDRESS.sub(repr(crowded.address), python_of("ja")),
    )

    assert "Total jobs in queue: 35" in said
    assert "High priority jobs: " in said
    assert ITS_OWN_FAULT in said


@pytest.mark.slow
@pytest.mark.parametrize("language", sorted(PYTHON))
def test_the_script_example_runs_to_its_end(
    crowded: Installation, language: str, tmp_path: Path
) -> None:
    """It reads the queue and, because it is long, the predictions."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed, so the JavaScript example cannot run")
    code = BROWSER.format(key=KEY, base=crowded.address) + document(language)[0]

    said = run("node", tmp_path / "example.js", code)

    assert re.search(r"\b35\b", said)
    assert 4 == len(re.findall(r"[0-9-]{10}T[0-9:]{8}Z: [0-9]+ jobs", said))
    assert not re.search(r"Error", said)
