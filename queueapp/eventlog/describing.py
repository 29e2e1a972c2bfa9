"""Reads an event log and says what is in it, as plain JSON values.

Uploads call it in the web process for small files, the DatasetProfile job in its own process for
large ones. It stores nothing, and loads the table library only when it reads.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queueapp.eventlog import (
    FORMATS,
    HEAD_BYTES,
    MAX_BYTES,
    Columns,
    Format,
    LogError,
    ReadOptions,
    detect_format,
)
from queueapp.eventlog.unpack import chunks, known_encoding

if TYPE_CHECKING:
    from queueapp.eventlog import LogProfile

PROFILE_TYPE = "DatasetProfile"
FIRST_PROBLEMS = 20
SHOWN_CHARACTERS = 200
CHUNK_BYTES = 1 << 20


def format_of(path: Path, filename: str | None) -> Format:
    """Name the format of a file from its first bytes and its name. Raises: LogError."""
    with path.open("rb") as file:
        return detect_format(filename, file.read(HEAD_BYTES))


def unpacked_within(path: Path, form: str, limit: int) -> bool:
    """Tell whether a file has at most ``limit`` bytes, unpacked; damaged data counts as little.

    Raises: LogError for data that was packed to burst.
    """
    if not form.endswith(".gz") or path.stat().st_size > limit:
        return path.stat().st_size <= limit
    total = 0
    try:
        for block in chunks(path, packed=True, max_bytes=limit):
            total += len(block)
    except LogError as error:
        if error.code == "too_large" and total + CHUNK_BYTES <= limit:
            raise
        return error.code != "too_large"
    return True


def check_header(
    path: Path,
    *,
    form: str,
    columns: Mapping[str, str | None] | None,
    options: Mapping[str, str | None],
) -> None:
    """Refuse a large table at once if its head shows that the named columns are not there.

    Whatever else its first megabyte looks like is for the reader of the whole file to judge.
    Raises: LogError missing_column, repeated_column.
    """
    if not form.startswith("csv"):
        return
    from queueapp.eventlog import read_log

    with tempfile.NamedTemporaryFile(prefix="queueapp-head-") as head:
        try:
            block = next(chunks(path, packed=form.endswith(".gz"), max_bytes=MAX_BYTES), b"")
            head.write(block[: block.rfind(b"\n") + 1])
            head.flush()
            read_log(
                Path(head.name),
                format="csv",
                columns=Columns(**columns) if columns else None,  # type: ignore[arg-type] # checked
                options=ReadOptions(**options),
            )
        except LogError as error:
            if error.code in ("missing_column", "repeated_column"):
                raise


def check_options(options: Mapping[str, str | None]) -> None:
    """Refuse hints that no file could be read with. Raises: LogError."""
    from queueapp.eventlog.delimited import delimiter_of
    from queueapp.eventlog.timestamps import known_zone

    known_zone(options.get("timezone"))
    if options.get("encoding"):
        known_encoding(str(options["encoding"]))
    if options.get("delimiter"):
        delimiter_of("", options["delimiter"], None)


def describe_log(
    path: Path,
    *,
    form: str,
    columns: Mapping[str, str | None] | None,
    options: Mapping[str, str | None],
    now: datetime,
    on_rows: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Read a whole log and return what was found in it. Raises: LogError."""
    from queueapp.eventlog import profile_log

    if form not in FORMATS:
        raise LogError("unknown_format", f"{form!r} is not one of {', '.join(FORMATS)}")
    found = profile_log(
        path,
        format=form,
        columns=Columns(**columns) if columns else None,  # type: ignore[arg-type] # checked
        options=ReadOptions(**options),
        now=now,
        max_problems=FIRST_PROBLEMS,
        on_rows=on_rows,
    )
    return _facts(found)


def _facts(found: "LogProfile") -> dict[str, Any]:
    return {
        "rows": found.rows,
        "cases": found.cases,
        "activities": found.activities,
        "resources": found.resources,
        "invalid_rows": found.invalid_rows,
        "problems": [
            {**asdict(problem), "value": _clipped(problem.value)} for problem in found.problems
        ],
        "first_event_ms": _ms(found.first_event),
        "last_event_ms": _ms(found.last_event),
        "columns": asdict(found.columns),
        "header": list(found.source.header),
        "options": {
            "delimiter": found.source.delimiter,
            "encoding": found.source.encoding,
            "timezone": found.source.timezone,
        },
    }


def _clipped(text: str | None) -> str | None:
    if text is None or len(text) <= SHOWN_CHARACTERS:
        return text
    return text[: SHOWN_CHARACTERS - 1] + "…"


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
