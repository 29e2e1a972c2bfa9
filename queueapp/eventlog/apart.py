"""Reads uploads in a process of its own, so that no file can hurt the web process.

A log of a few hundred kilobytes may unfold to gigabytes, and the table library aborts the process
whose memory ends. The library calls ``describe_apart`` and ``check_apart``; the module's main is
that process.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from queueapp.eventlog import LogError
from queueapp.eventlog.describing import check_header, check_options, describe_log

# 20 MB of text took 200 MB; reserved memory is about twice what is used.
MEMORY_BYTES = 1_536 << 20
SECONDS = 20
PASSED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "TZDIR")


class TooMuch(Exception):
    """Reading the log takes more memory or time than a request may take."""


@dataclass(frozen=True)
class Reading:
    """A log to be read: where it is, and how."""

    path: str
    form: str
    columns: Mapping[str, str | None] | None
    options: Mapping[str, str | None]
    now: str
    memory_bytes: int = MEMORY_BYTES


def describe_apart(reading: Reading) -> dict[str, Any]:
    """Return what ``describe_log`` finds, read under limits. Raises: LogError, TooMuch."""
    found: dict[str, Any] = _asked(reading, whole=True)
    return found


def check_apart(reading: Reading) -> None:
    """Check the hints and the head of a log that is too large to be read here.

    Raises: LogError, TooMuch.
    """
    _asked(reading, whole=False)


def _asked(reading: Reading, *, whole: bool) -> Any:
    command = [sys.executable, "-m", __name__]
    try:
        ended = subprocess.run(  # noqa: S603 # our own module
            command,
            input=json.dumps({"reading": asdict(reading), "whole": whole}).encode(),
            capture_output=True,
            timeout=SECONDS,
            env=environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooMuch(f"It takes more than {SECONDS} seconds.") from error
    return _found(ended)


def environment() -> dict[str, str]:
    """Return what the process needs; it is not told any secret."""
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return {**passed, "PYTHONPATH": path, "POLARS_MAX_THREADS": "2"}


def _found(ended: "subprocess.CompletedProcess[bytes]") -> Any:
    if ended.returncode != 0:
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise TooMuch(f"Reading it ended with {ended.returncode}: {''.join(last)[:200]}")
    answer: dict[str, Any] = json.loads(ended.stdout)
    if "error" in answer:
        error = answer["error"]
        raise LogError(error["code"], error["message"], field=error["field"], row=error["row"])
    return answer["found"]


def main() -> None:
    """Read what is asked from standard input, and answer on standard output."""
    asked = json.load(sys.stdin)
    reading = Reading(**asked["reading"])
    resource.setrlimit(resource.RLIMIT_DATA, (reading.memory_bytes, reading.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer: dict[str, Any] = {"found": _read(reading, whole=asked["whole"])}
    except LogError as error:
        facts = {name: getattr(error, name) for name in ("code", "message", "field", "row")}
        answer = {"error": facts}
    print(json.dumps(answer))  # noqa: T201 - the parent reads it


def _read(reading: Reading, *, whole: bool) -> dict[str, Any] | None:
    path, now = Path(reading.path), datetime.fromisoformat(reading.now)
    how = {"form": reading.form, "columns": reading.columns, "options": reading.options}
    check_options(reading.options)
    if whole:
        return describe_log(path, now=now, **how)  # type: ignore[arg-type] # typed above
    check_header(path, **how)  # type: ignore[arg-type] # typed above
    return None


if __name__ == "__main__":
    main()
