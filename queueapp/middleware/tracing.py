"""Spans of what Dramatiq does: a submission, and what is left to send when a worker ends.

Only brokers of processes that make traces have it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from queueapp import tracing
from queueapp.domain.errors import QueueappError
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import SpanNote
from queueapp.store import Store
from queueapp.store.answers import FinishReport


class TracingMiddleware(Middleware):
    """Gives each submitted job the name of its submission's span."""

    def before_enqueue(
        self, broker: dramatiq.Broker, message: dramatiq.Message[Any], delay: int | None
    ) -> None:
        """Begin the span; the job takes its name along."""
        spec: JobSpec = message.options["job"]
        begun = tracing.begin(f"submit {spec.type}", "PRODUCER", facts_of_spec(spec))
        message.options["span"] = begun
        message.options["job"] = replace(spec, trace=tracing.traceparent(begun))

    def after_enqueue(
        self, broker: dramatiq.Broker, message: dramatiq.Message[Any], delay: int | None
    ) -> None:
        """End the span; a submission that fails has none."""
        begun = message.options.pop("span", None)
        if begun is not None:
            begun.end()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Send what is left."""
        tracing.end_tracing()


@contextmanager
def attempt_span(claim: Claim, store: Store) -> Iterator[Any]:
    """Have a span for the time of an attempt, beside one for the wait before the first."""
    if not tracing.enabled():
        yield None
        return
    spec = claim.job
    facts = {**facts_of_spec(spec), "queueapp.attempt": claim.attempt}
    if claim.attempt == 1:
        _tell_wait(claim, store, facts)
    with tracing.span(f"attempt {spec.type}", "CONSUMER", facts, parent=spec.trace) as span:
        yield span


def _tell_wait(claim: Claim, store: Store, facts: tracing.Facts) -> None:
    spec = claim.job
    try:
        accepted_ms = store.jobs.get(spec.scope, spec.id).created_ms
    except QueueappError:
        return  # a trace without its wait is better than an attempt without its run
    tracing.past(
        f"wait {spec.type}",
        facts,
        start_ns=accepted_ms * 1_000_000,
        end_ns=claim.started_ms * 1_000_000,
        parent=spec.trace,
    )


def retell_spans(spans: Iterable[SpanNote], run: str | None) -> None:
    """Tell the spans that a job's process made, below the one of its run (a traceparent)."""
    if run is None:
        return
    version, trace, whole, flags = run.split("-")
    for one in spans:
        tracing.past(
            one.name,
            one.facts,
            start_ns=one.start_ns,
            end_ns=one.end_ns,
            parent=f"{version}-{trace}-{one.parent or whole}-{flags}",
            span_id=one.id,
            failed=one.failed if one.end_ns else "the job's process ended",
        )


def tell_outcome(span: Any, report: FinishReport) -> None:
    """Say on an attempt's span how it ended."""
    if span is not None:
        failure = report.failure
        tracing.tell(
            span,
            {
                "queueapp.outcome": str(report.outcome),
                "queueapp.error.code": failure.code if failure else None,
            },
            failed=failure.code if failure else None,
        )


def facts_of_spec(spec: JobSpec) -> dict[str, str | None]:
    """Return what spans say of a job."""
    return {
        "messaging.system": "queueapp",
        "messaging.message.id": spec.id,
        "queueapp.job.type": spec.type,
        "queueapp.tenant": spec.scope.tenant,
        "queueapp.project": spec.scope.project,
        "queueapp.request_id": spec.request_id,
    }
