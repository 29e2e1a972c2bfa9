"""The spans that a job's process has told of, as its worker books them; nothing in them is trusted.

The ledger has one.
"""

import re
from dataclasses import replace
from typing import Any

from queueapp.domain.outcome import SpanNote
from queueapp.runner.spans import SPANS_MAX

TEXT_MAX = 500
NAME_MAX = 200
FACTS_MAX = 32
# Years 2001 to 2286: others would be taken for another unit by whoever shows them.
TIMES_NS = range(10**18, 10**19)
_ID = re.compile("(?!0{16})[0-9a-f]{16}")

Event = dict[str, Any]


class SpanBook:
    """Spans in the order of their begins; what was never ended has no end."""

    def __init__(self) -> None:
        self._spans: dict[str, SpanNote] = {}

    @property
    def spans(self) -> tuple[SpanNote, ...]:
        """All spans that were told."""
        return tuple(self._spans.values())

    def begin(self, event: Event) -> None:
        """Book a begin. Raises: ValueError, TypeError, KeyError when it makes no sense."""
        span_id, parent = str(event["id"]), event["parent"]
        if len(self._spans) >= SPANS_MAX:
            raise ValueError("too many spans")
        if not _ID.fullmatch(span_id) or span_id in self._spans:
            raise ValueError("a span needs an id of its own")
        if parent is not None and parent not in self._spans:
            raise ValueError("a span's parent is not known")
        name = str(event["name"])[:NAME_MAX]
        facts = _facts(event["facts"])
        self._spans[span_id] = SpanNote(span_id, parent, name, _time(event["at_ns"]), facts=facts)

    def end(self, event: Event) -> None:
        """Book an end. Raises: as ``begin``."""
        begun = self._spans[str(event["id"])]
        failed = None if event["failed"] is None else str(event["failed"])[:TEXT_MAX]
        self._spans[begun.id] = replace(
            begun,
            end_ns=max(begun.start_ns, _time(event["at_ns"])),
            facts=_facts(event["facts"]),
            failed=failed,
        )


def _time(at_ns: object) -> int:
    if not isinstance(at_ns, int) or at_ns not in TIMES_NS:
        raise ValueError("a span's time is in nanoseconds since 1970")
    return at_ns


def _facts(told: dict[str, Any]) -> dict[str, str | int | float | bool]:
    found: dict[str, str | int | float | bool] = {}
    for name, value in list(told.items())[:FACTS_MAX]:
        if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
            found[str(name)[:NAME_MAX]] = value
        elif value is not None:
            found[str(name)[:NAME_MAX]] = str(value)[:TEXT_MAX]
    return found
