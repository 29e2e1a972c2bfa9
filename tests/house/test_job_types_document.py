"""docs/job_types.md says what the decorator and the context have, and its code runs."""

import inspect
import re
from pathlib import Path

from queueapp.context import JobContext
from queueapp.domain.job import JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.job_types import job_type
from queueapp.runner.logs import PRINTED_MAX, RECORDS_MAX, TAIL_MAX
from queueapp.runner.task import Assignment

TEXT = (Path(__file__).resolve().parents[2] / "docs/job_types.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return what stands under a heading."""
    return TEXT.split(f"## {title}\n")[1].split("\n## ")[0]


def named(text: str) -> set[str]:
    """Return the words in the first column of a table."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {word for cell in cells for word in re.findall(r"`(\w+)", cell)}


def test_every_argument_of_the_decorator_is_explained() -> None:
    """The table has each argument, and no other."""
    arguments = set(inspect.signature(job_type).parameters) - {"name"}

    assert arguments == named(section("The decorator"))


def test_all_of_the_context_is_explained(tmp_path: Path) -> None:
    """Each public name of a job's context stands in its section."""
    assignment = Assignment("id", "T", 1, "name", {}, tmp_path, 0)
    public = {name for name in dir(JobContext(assignment, print)) if not name.startswith("_")}
    text = section("What the function is given")

    assert public - {"request_stop"} == named(text) - {"JobContext"}
    assert "`request_stop()`" in text


def test_limits_are_those_of_the_code() -> None:
    """The numbers for logs are the runner's."""
    assert (4 << 20, 1 << 20, 64 << 10) == (RECORDS_MAX, PRINTED_MAX, TAIL_MAX)
    assert "4 MiB per attempt" in TEXT
    assert "1 MiB per attempt: the beginning and the newest 64 KiB" in TEXT


def test_code_of_the_document_runs(tmp_path: Path) -> None:
    """The first block declares a type; the test in the last one holds for it."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {"__name__": "job_types_document"}
    for block in blocks:
        exec(block, names)
    names["test_greeting"](tmp_path)  # type: ignore[operator] # the block defines it

    assert 2 == len(blocks)
    assert {"end", "failure", "outputs"} <= set(Outcome.__dataclass_fields__)
    assert JobSpec("", Scope("t", "p"), "", "T", Priority.NORMAL, "").timeout_minutes == 120
