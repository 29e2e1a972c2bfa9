"""What a job's process tells of its spans, and what the worker believes."""

import json
from pathlib import Path
from typing import Any

import pytest

from queueapp.runner.ledger import Ledger
from queueapp.runner.logs import JobLogs
from queueapp.runner.spans import SPANS_MAX, Spans

TRACE = "0af7651916cd43dd8448eb211c80319c"
GIVEN = f"00-{TRACE}-b7ad6b7169203331-01"
BEGUN = 1_700_000_000_000_000_000
SPAN: dict[str, Any] = {
    "event": "span",
    "id": "00f067aa0ba902b7",
    "parent": None,
    "name": "load",
    "facts": {},
    "at_ns": BEGUN,
}
END = {"event": "span_end", "id": SPAN["id"], "facts": {}, "failed": None, "at_ns": BEGUN + 5}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path, JobLogs(tmp_path))


def told(ledger: Ledger, *events: dict[str, Any]) -> None:
    """Have events come over the pipe."""
    for event in events:
        ledger.feed(json.dumps(event).encode() + b"\n")


@pytest.mark.parametrize("given", [None, f"00-{TRACE}-b7ad6b7169203331-00"])
def test_nothing_is_told_where_nothing_is_traced(given: str | None) -> None:
    """Nor where the trace was not chosen; the name that was given is handed on."""
    events: list[dict[str, Any]] = []
    spans = Spans(given, events.append)
    with spans.whole("code"), spans.open("load", {}) as span:
        span.tell(rows=1)
        spans.enter_stage("Work")

        assert given == spans.traceparent
    assert [] == events


def test_a_job_can_tell_only_so_many(ledger: Ledger) -> None:
    """Beyond the bound blocks run without a span, and what is open ends all the same."""
    spans = Spans(GIVEN, ledger.take)
    with spans.whole("code"):
        for number in range(SPANS_MAX + 5):
            with spans.open(f"step {number}", {}):
                pass

    assert SPANS_MAX == len(ledger.span_book.spans)
    assert all(one.end_ns for one in ledger.span_book.spans)


def test_a_span_is_booked_with_what_was_told(ledger: Ledger) -> None:
    """Facts are texts, numbers and switches; long ones are cut."""
    facts = {"rows": 3, "share": 0.5, "ok": True, "no": None, "list": [1], "big": "x" * 9_000}
    told(ledger, SPAN, {**END, "facts": {**facts, "huge": 2**70}, "failed": "ValueError"})
    [span] = ledger.span_book.spans
    kept = {**span.facts}

    assert (5, "ValueError") == ((span.end_ns or 0) - span.start_ns, span.failed)
    assert 500 == len(str(kept.pop("big")))
    assert {"rows": 3, "share": 0.5, "ok": True, "list": "[1]", "huge": str(2**70)} == kept


@pytest.mark.parametrize(
    "nonsense",
    [
        {"id": "0" * 16},
        {"id": "xyz"},
        {"id": None},
        {"parent": "1111111111111111"},
        {"at_ns": 5},
        {"at_ns": "now"},
        {"at_ns": True},
        {"facts": ["a"]},
    ],
)
def test_a_span_that_makes_no_sense_is_refused(ledger: Ledger, nonsense: dict[str, Any]) -> None:
    """Job code's process can write anything into the pipe; the worker goes on."""
    told(ledger, {**SPAN, **nonsense}, {**END, "id": "never begun"}, {"event": "span"})
    told(ledger, SPAN, SPAN)

    assert ["load"] == [one.name for one in ledger.span_book.spans]
