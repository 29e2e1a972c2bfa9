"""Traces in OpenTelemetry's form: from a request over the job's wait and attempt to its process.

Off unless OTEL_* settings ask for it: then nothing of OpenTelemetry is imported and a span costs
a comparison. Web and worker switch it on as they start; it needs the extra ``otel``.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

log = structlog.get_logger("queueapp.tracing")

_WANTED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
Facts = Mapping[str, str | int | float | bool | None]
# The id that the next span has because its name is known already.
_GIVEN_ID: ContextVar[int | None] = ContextVar("queueapp_span_id", default=None)


class _Switch:
    """What is in use in this process; nothing while tracing is off."""

    tracer: "Tracer | None" = None
    provider: "TracerProvider | None" = None


def enabled() -> bool:
    """Tell whether spans are made in this process."""
    return _Switch.tracer is not None


def wanted(environ: Mapping[str, str]) -> bool:
    """Tell whether the settings ask for traces."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER")
    return exporter in ("otlp", "console") or (
        exporter is None and any(environ.get(name) for name in _WANTED)
    )


def start_tracing(service: str, environ: Mapping[str, str] | None = None) -> None:
    """Make spans from now on if the settings ask for them and the extra is installed."""
    found = os.environ if environ is None else environ
    if not wanted(found):
        return
    try:
        provider = _provider(service, found)
    except ImportError as error:
        log.warning("no traces: the extra otel is not installed", reason=str(error))
        return
    use(provider)


def make_provider(service: str) -> "TracerProvider":
    """Return what makes spans, without anything that takes them."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_span_id(self) -> int:
            return _GIVEN_ID.get() or super().generate_span_id()

    resource = Resource.create({"service.name": service})
    # The provider would end itself at the process's exit; Dramatiq's workers never come there.
    return TracerProvider(resource=resource, id_generator=Ids())


def _provider(service: str, environ: Mapping[str, str]) -> "TracerProvider":
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    provider = make_provider(environ.get("OTEL_SERVICE_NAME") or service)
    if environ.get("OTEL_TRACES_EXPORTER") == "console":
        provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def use(provider: "TracerProvider | None") -> None:
    """Make spans with a provider; None ends it."""
    _Switch.provider = provider
    _Switch.tracer = None if provider is None else provider.get_tracer("queueapp")


def end_tracing() -> None:
    """Send what has not been sent yet, and make no more spans."""
    provider = _Switch.provider
    use(None)
    if provider is not None:
        provider.shutdown()


def begin(
    name: str,
    kind: str,
    facts: Facts,
    *,
    parent: str | None = None,
    start_ns: int | None = None,
) -> "Span | None":
    """Begin a span that somebody ends; None while tracing is off.

    ``parent``: a traceparent; without one the span is below the thread's own, if it has one.
    """
    if _Switch.tracer is None:
        return None
    from opentelemetry.trace import SpanKind

    return _Switch.tracer.start_span(
        name,
        context=_context(parent),
        kind=SpanKind[kind],
        attributes=_known(facts),
        start_time=start_ns,
    )


@contextmanager
def span(
    name: str, kind: str, facts: Facts, *, parent: str | None = None
) -> Iterator["Span | None"]:
    """Have a span for the time of a block, and make it the thread's own."""
    begun = begin(name, kind, facts, parent=parent)
    if begun is None:
        yield None
        return
    from opentelemetry.trace import use_span

    with use_span(begun, end_on_exit=True):
        yield begun


def tell(begun: "Span | None", facts: Facts, *, failed: str | None = None) -> None:
    """Add facts to a span; ``failed`` says what went wrong."""
    if begun is None:
        return
    begun.set_attributes(_known(facts))
    if failed is not None:
        from opentelemetry.trace import Status, StatusCode

        begun.set_status(Status(StatusCode.ERROR, failed))


def past(
    name: str,
    facts: Facts,
    *,
    start_ns: int,
    end_ns: int | None,
    parent: str | None,
    span_id: str | None = None,
    failed: str | None = None,
) -> None:
    """Note a span that is over: from one moment to another, or to now.

    ``span_id``: what it was called while it went on, where that was not here.
    """
    token = _GIVEN_ID.set(None if span_id is None else int(span_id, 16))
    try:
        begun = begin(name, "INTERNAL", facts, parent=parent, start_ns=start_ns)
    finally:
        _GIVEN_ID.reset(token)
    if begun is not None:
        tell(begun, {}, failed=failed)
        begun.end(end_ns)


def enter(begun: "Span") -> Callable[[], None]:
    """Make a span the thread's own until what is returned is called."""
    from opentelemetry import context, trace

    token = context.attach(trace.set_span_in_context(begun))
    return lambda: context.detach(token)


def traceparent(of: "Span | None" = None) -> str | None:
    """Return what names a span to others: the given one, else the thread's own, if any."""
    if _Switch.tracer is None:
        return None
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    inside = None if of is None else trace.set_span_in_context(of)
    TraceContextTextMapPropagator().inject(carrier, context=inside)
    return carrier.get("traceparent")


def _context(parent: str | None) -> Any:
    if parent is None:
        return None
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}, context=Context())


def _known(facts: Facts) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in facts.items() if value is not None}
