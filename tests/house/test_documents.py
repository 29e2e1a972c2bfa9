"""What the documents say is what there is."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

from queueapp.cli import parser
from queueapp.config import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


def commands() -> dict[str, argparse.ArgumentParser]:
    """Return every command by its words: `up`, `key create`, ..."""
    found: dict[str, argparse.ArgumentParser] = {}

    def walk(words: str, one: argparse.ArgumentParser) -> None:
        below = [
            action for action in one._actions if isinstance(action, argparse._SubParsersAction)
        ]
        for action in below:
            for name, inner in action.choices.items():
                walk(f"{words} {name}".strip(), inner)
        if not below:
            found[words] = one

    walk("", parser())
    return found


def test_the_settings_table_is_the_settings() -> None:
    """Each setting is in the README's table with its meaning, and the table has no other."""
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \|[^|]*\| ([^|]+) \|$", README, re.MULTILINE))

    assert {name: text for name, (_, text) in SETTINGS.items()} == rows


@pytest.mark.parametrize("words", sorted(commands()))
def test_each_command_is_documented(words: str) -> None:
    """The README names each command."""
    assert f"`queueapp {words}" in README


def test_each_make_target_has_a_line_of_help() -> None:
    """What can be made says what it does, and the documents name only what can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE)
    }

    assert phony == explained
    assert named <= explained


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link names a file that exists."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (document.parent / link).exists()]


def test_each_room_is_in_the_architecture() -> None:
    """Whatever stands in the package's root is told of there by its name."""
    told = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = [path.name for path in (ROOT / "queueapp").glob("[a-z]*") if path.name != "py.typed"]

    assert [] == [name for name in rooms if not re.search(rf"[`/]{re.escape(name)}[`/]", told)]


@pytest.mark.parametrize("name", ["architecture", "guarantees", "operations", "forecasting"])
def test_files_and_tests_that_are_named_are_there(name: str) -> None:
    """A document that names a file of the tree, or a test, can be followed."""
    text = (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")
    files = re.findall(r"`((?:tests|queueapp|actors|forecasting|bench|docs)/[^`: ]*)", text)
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    assert [] == [file for file in files if not list(ROOT.glob(file.rstrip("/")))]
    assert [] == [
        test for test in re.findall(r"\b(test_\w+)`", text) if f"def {test}(" not in tests
    ]


def test_the_example_job_type_can_be_loaded() -> None:
    """The README's job type is one that a worker would load."""
    source = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[0]
    show = "print(row_count.info.name, row_count.info.description)"
    ran = subprocess.run(
        [sys.executable, "-c", f"{source}\n{show}"], capture_output=True, text=True, cwd=ROOT
    )

    assert ("RowCount Count the rows of a data set that have an empty field.\n", "") == (
        ran.stdout,
        ran.stderr,
    )


def test_the_pins_cover_what_is_needed() -> None:
    """Each runtime requirement of setup.cfg is pinned, and the package itself comes last."""
    import configparser

    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    needed = re.findall(r"^([a-z-]+)", setup["options"]["install_requires"], re.MULTILINE)
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = {line.split("==")[0] for line in lines if "==" in line}

    assert set(needed) <= pinned
    assert "." == lines[-1]
