"""Spans that a job's own process makes: named and timed there, sent to the collector by its worker.

So job code needs no exporter, no address and no key, nothing is to be flushed when it ends, and
what it had open when it was killed is told too. JobContext has one; where no traces are made,
nothing is emitted.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

SPANS_MAX = 1_000  # of one attempt
PARTS = 4  # of a traceparent: version, trace, span, flags

Event = dict[str, Any]


class JobSpan:
    """A span that is open; job code may tell more about it."""

    def __init__(self, id: str | None, facts: Mapping[str, Any]) -> None:  # noqa: A002 - its name
        self.id = id
        self.facts = dict(facts)

    def tell(self, **facts: Any) -> None:
        """Add facts: texts, numbers, switches."""
        self.facts.update(facts)


# A thread that job code starts begins below the whole of the job.
_INSIDE: ContextVar[JobSpan | None] = ContextVar("queueapp_job_span", default=None)


class Spans:
    """Makes the spans of one attempt below the one that the worker has for it."""

    def __init__(
        self,
        traceparent: str | None,
        emit: Callable[[Event], None],
        *,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        parts = (traceparent or "").split("-")
        self._traced = len(parts) == PARTS and bool(int(parts[3], 16) & 1)
        self._trace = parts[1] if self._traced else ""
        self._given = traceparent
        self._emit = emit
        self._now_ns = now_ns
        self._left = SPANS_MAX
        self._whole: JobSpan | None = None
        self._stage: JobSpan | None = None

    @property
    def traceparent(self) -> str | None:
        """Name the innermost span to other systems; None where no traces are made."""
        inside = self._innermost()
        return self._given if inside is None else f"00-{self._trace}-{inside.id}-01"

    @contextmanager
    def whole(self, name: str) -> Iterator[None]:
        """Have the span of the job's own code for the time of a block; all others are below it."""
        with self.open(name, {"process.pid": os.getpid()}) as span:
            self._whole = span if span.id else None
            try:
                yield
            finally:
                self._end_stage()
                self._whole = None

    @contextmanager
    def open(self, name: str, facts: Mapping[str, Any]) -> Iterator[JobSpan]:
        """Have a span for the time of a block; an error that leaves the block is told."""
        span = self._begin(name, facts, self._innermost())
        if span.id is None:
            yield span
            return
        token, failed = _INSIDE.set(span), None
        try:
            yield span
        except BaseException as error:
            failed = type(error).__name__
            raise
        finally:
            _INSIDE.reset(token)
            self._end(span, failed)

    def enter_stage(self, stage: str) -> None:
        """End the span of the stage before and begin one for this."""
        if self._whole is not None:
            self._end_stage()
            began = self._begin(f"stage {stage}", {}, self._whole)
            self._stage = began if began.id else None

    def _innermost(self) -> JobSpan | None:
        inside = _INSIDE.get()
        if inside is None or inside is self._whole:
            return self._stage or self._whole
        return inside

    def _begin(self, name: str, facts: Mapping[str, Any], below: JobSpan | None) -> JobSpan:
        if not self._traced or self._left <= 0:
            return JobSpan(None, facts)
        self._left -= 1
        span = JobSpan(os.urandom(8).hex(), facts)
        told = {"id": span.id, "parent": below.id if below else None, "name": name}
        self._emit({"event": "span", **told, "facts": span.facts, "at_ns": self._now_ns()})
        return span

    def _end(self, span: JobSpan, failed: str | None) -> None:
        told = {"id": span.id, "facts": span.facts, "failed": failed}
        self._emit({"event": "span_end", **told, "at_ns": self._now_ns()})

    def _end_stage(self) -> None:
        stage, self._stage = self._stage, None
        if stage is not None:
            self._end(stage, None)
