"""Reads what a job's attempts logged and printed, line by line, out of the object store.

The API calls it. It holds one page in memory, never a whole log, and trusts nothing that a job
wrote into one. The order is: attempts from the first on; of each what it logged, then what it
printed, then its traceback.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from queueapp.domain.errors import NotFound
from queueapp.domain.job import Attempt, Job, LogFile
from queueapp.objects import ObjectStore

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
PAGE_BYTES = 4 << 20
PRINTED_LINE_BYTES = 64 << 10
RECORD_BYTES = 8 << 20  # longer than the longest line that a runner keeps
MESSAGE_CHARS = 64 << 10
_COMPONENTS = ("job", "runner")
_LAST_S = 253_402_300_799

LogTail = tuple[int, Sequence[str]]
NO_TAIL: LogTail = (1, ())


@dataclass(frozen=True)
class LogLine:
    """One line; ``at_ms`` is None where nobody took the time, as of printed lines."""

    level: str
    component: str
    message: str
    at_ms: int | None = None
    stage: str | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True)
class Cursor:
    """The last line that was seen: its attempt and its number in it, both from 1."""

    attempt: int
    line: int


@dataclass(frozen=True)
class LogQuery:
    """Which lines to show; a line without a time fits no span of time."""

    level: str = "INFO"
    from_ms: int | None = None
    to_ms: int | None = None
    limit: int = 1000
    attempts: Sequence[int] = ()
    after: Cursor | None = None

    def counts(self, line: LogLine) -> bool:
        """Tell whether a line lies in the span of time."""
        if self.from_ms is None and self.to_ms is None:
            return True
        if line.at_ms is None:
            return False
        low = line.at_ms if self.from_ms is None else self.from_ms
        high = line.at_ms if self.to_ms is None else self.to_ms
        return low <= line.at_ms <= high

    def shows(self, line: LogLine) -> bool:
        """Tell whether a counted line is severe enough."""
        return LEVELS.index(line.level) >= LEVELS.index(self.level)


@dataclass
class LogPage:
    """The lines of a page with their places, and how many lines of each level there are in all."""

    lines: list[tuple[Cursor, LogLine]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    more: bool = False

    @property
    def last(self) -> Cursor | None:
        """The place of the last line, None on an empty page."""
        return self.lines[-1][0] if self.lines else None


def read_page(objects: ObjectStore, job: Job, query: LogQuery, tail: LogTail = NO_TAIL) -> LogPage:
    """Return one page of the wanted attempts' lines.

    ``tail`` is what is known of the attempt under way: its first line's number, and the lines.
    Raises: NotFound when the logs were deleted with their job.
    """
    page, size = LogPage(), 0
    for place, line, n_bytes in _lines(objects, job, query.attempts, tail):
        if not query.counts(line):
            continue
        page.counts[line.level] += 1
        if page.more or not query.shows(line) or _seen(place, query.after):
            continue
        size += n_bytes
        if page.lines and (len(page.lines) >= query.limit or size > PAGE_BYTES):
            page.more = True
        else:
            page.lines.append((place, line))
    return page


def _seen(place: Cursor, after: Cursor | None) -> bool:
    return after is not None and (place.attempt, place.line) <= (after.attempt, after.line)


def _lines(
    objects: ObjectStore, job: Job, attempts: Sequence[int], tail: LogTail
) -> Iterator[tuple[Cursor, LogLine, int]]:
    for number in attempts:
        over = number <= len(job.attempts)
        found = _of_attempt(objects, job.attempts[number - 1]) if over else _under_way(tail)
        for at, (line, n_bytes) in enumerate(found, start=1 if over else tail[0]):
            yield Cursor(number, at), line, n_bytes


def _under_way(tail: LogTail) -> Iterator[tuple[LogLine, int]]:
    for text in tail[1]:
        yield parse_record(text.encode()), len(text)


def _of_attempt(objects: ObjectStore, attempt: Attempt) -> Iterator[tuple[LogLine, int]]:
    for name, read in _READERS.items():
        for log in attempt.logs:
            if log.name == name:
                yield from read(_pieces(objects, log), attempt)


def _pieces(objects: ObjectStore, log: LogFile) -> Iterator[bytes]:
    try:
        return objects.read(log.object_key)
    except NotFound as error:
        raise NotFound("The job's logs are gone.") from error


def _split(pieces: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Yield the lines of a file; what is longer than allowed is cut."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield from _cut(line, longest)
        while len(rest) > longest:
            yield rest[:longest]
            rest = rest[longest:]
    if rest:
        yield rest


def _cut(line: bytes, longest: int) -> Iterator[bytes]:
    yield line[:longest]
    for start in range(longest, len(line), longest):
        yield line[start : start + longest]


def _recorded(pieces: Iterator[bytes], _: Attempt) -> Iterator[tuple[LogLine, int]]:
    for raw in _split(pieces, RECORD_BYTES):
        yield parse_record(raw), len(raw)


def parse_record(raw: bytes) -> LogLine:
    """Make a line of what a job wrote, whatever that is."""
    told = _loaded(raw)
    if told is None:
        return LogLine("INFO", "job", raw.decode(errors="replace")[:MESSAGE_CHARS])
    level, stage, details = told.get("level"), told.get("stage"), told.get("details")
    component = told.get("component")
    return LogLine(
        level=level if level in LEVELS else "INFO",
        component=component if component in _COMPONENTS else "job",
        message=str(told.get("message", ""))[:MESSAGE_CHARS],
        at_ms=_milliseconds(told.get("at")),
        stage=stage if isinstance(stage, str) else None,
        details=_writable(details) if isinstance(details, dict) else None,
    )


def _loaded(raw: bytes) -> dict[str, Any] | None:
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        told = _mended(raw)
    return told if isinstance(told, dict) else None


def _mended(raw: bytes) -> object:
    """Read what is almost JSON: Python writes NaN and halves of characters."""
    try:
        told = json.loads(raw, parse_constant=lambda _: None)
        return orjson.loads(json.dumps(told, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _writable(details: dict[str, Any]) -> dict[str, Any]:
    try:
        orjson.dumps(details)
    except orjson.JSONEncodeError as error:
        return {"unreadable": str(error)}
    return details


def _milliseconds(seconds: object) -> int | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    if not math.isfinite(seconds) or not 0 <= seconds <= _LAST_S:
        return None
    return int(seconds * 1000)


def _printed(pieces: Iterator[bytes], _: Attempt) -> Iterator[tuple[LogLine, int]]:
    for raw in _split(pieces, PRINTED_LINE_BYTES):
        text = raw.decode(errors="replace").rstrip("\r")
        yield LogLine("INFO", "output", text), len(raw)


def _traceback(pieces: Iterator[bytes], attempt: Attempt) -> Iterator[tuple[LogLine, int]]:
    """Yield the traceback as one line, which bears the time at which the attempt ended."""
    raw = b"".join(pieces)
    text = raw.decode(errors="replace").strip()
    message = text.rpartition("\n")[2][:MESSAGE_CHARS]
    details = {"traceback": text}
    yield LogLine("ERROR", "traceback", message, attempt.ended_ms, None, details), len(raw)


_Reader = Callable[[Iterator[bytes], Attempt], Iterator[tuple[LogLine, int]]]
_READERS: dict[str, _Reader] = {
    "log.jsonl": _recorded,
    "output.txt": _printed,
    "traceback.txt": _traceback,
}
