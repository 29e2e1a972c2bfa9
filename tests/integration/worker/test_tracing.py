"""One trace from a request to the process that ran its job."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from queueapp import tracing
from queueapp.app import create_app
from queueapp.config import Config
from queueapp.store import Store
from tests.factories import SCOPE
from tests.integration.worker.conftest import RunningWorker

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


class Traced:
    """A web application and a worker that make spans, and the spans that were made."""

    def __init__(self, config: Config) -> None:
        self.exporter = InMemorySpanExporter()
        provider = tracing.make_provider("tests")
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        tracing.use(provider)
        self.app: Flask = create_app(config)
        self.worker = RunningWorker(config)

    def submit(self, kind: str, asked: dict[str, Any] | None = None, **headers: str) -> str:
        """Submit a job over HTTP and return its id."""
        answer = self.app.test_client().post(
            f"/api/{SCOPE.tenant}/{SCOPE.project}/execution/job",
            json={
                "jobName": "traced",
                "jobType": kind,
                "resource": {"resourceType": "Notebook", "resourceId": "any"},
                "parameters": asked or {},
            },
            headers={"Authorization": "Bearer secret-admin", **headers},
        )
        answer.close()
        assert answer.status_code == 202, answer.get_data(as_text=True)
        return str(answer.get_json()["jobId"])

    def spans(self, job_id: str) -> dict[str, ReadableSpan]:
        """Return the spans of a job's trace by the first word of their names."""
        return {span.name.split()[0]: span for span in self.all_spans(job_id)}

    def all_spans(self, job_id: str) -> list[ReadableSpan]:
        """Return the spans of a job's trace."""
        made = self.exporter.get_finished_spans()
        traces = [span.context.trace_id for span in made if _facts(span).get(MESSAGE) == job_id]
        return [span for span in made if span.context.trace_id == traces[0]]


MESSAGE = "messaging.message.id"


def _facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def _parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


@pytest.fixture
def traced(store: Store, config: Config) -> Iterator[Traced]:
    """Both processes' parts in this process, with traces."""
    found = Traced(replace(config, admin_key="secret-admin"))
    yield found
    found.worker.stop()
    tracing.use(None)


def test_one_trace_from_the_request_to_the_child(traced: Traced) -> None:
    """The client's trace goes on: request, submission, wait, attempt, run, the job's own code."""
    job_id = traced.submit("Zoo.Traceparent", traceparent=f"00-{TRACE}-{CALLER}-01")
    job = traced.worker.until(job_id, lambda job: job.ended)
    traced.worker.stop()
    spans = traced.spans(job_id)
    run, code = spans["run"], spans["code"]

    assert {"POST", "submit", "wait", "attempt", "run", "code"} == set(spans)
    assert {int(TRACE, 16)} == {span.context.trace_id for span in spans.values()}
    assert int(CALLER, 16) == _parent(spans["POST"])
    assert spans["POST"].context.span_id == _parent(spans["submit"])
    assert {spans["submit"].context.span_id} == {
        _parent(spans["wait"]),
        _parent(spans["attempt"]),
    }
    assert spans["attempt"].context.span_id == _parent(run)
    assert run.context.span_id == _parent(code)
    assert f"00-{TRACE}-{code.context.span_id:016x}-01" == job.summary["traceparent"]
    assert (run.start_time or 0) <= (code.start_time or 0)
    assert (code.end_time or 0) <= (run.end_time or 0)
    assert os.getpid() != _facts(code)["process.pid"]
    assert (job.created_ms, job.started_ms) == tuple(
        (at or 0) // 1_000_000 for at in (spans["wait"].start_time, spans["wait"].end_time)
    )
    facts = _facts(spans["attempt"])
    assert (job_id, "Zoo.Traceparent", 1, "completed") == (
        facts[MESSAGE],
        facts["queueapp.job.type"],
        facts["queueapp.attempt"],
        facts["queueapp.outcome"],
    )
    assert "secret-admin" not in str([span.to_json() for span in spans.values()])


def test_a_failed_attempt_says_why(traced: Traced) -> None:
    """An attempt that fails is marked with its code; a broken traceparent is ignored."""
    job_id = traced.submit("Zoo.Raise", traceparent="00-nonsense")
    traced.worker.until(job_id, lambda job: job.ended)
    traced.worker.stop()
    spans = traced.spans(job_id)

    assert not spans["attempt"].status.is_ok
    assert "job_error" == _facts(spans["attempt"])["queueapp.error.code"]
    assert _parent(spans["POST"]) is None


def _below(spans: list[ReadableSpan]) -> dict[str, str]:
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: names.get(_parent(span) or 0, "") for span in spans}


@pytest.mark.parametrize("end", ["well", "fail", "die"])
def test_a_jobs_own_spans_are_in_its_trace(traced: Traced, end: str) -> None:
    """Stages, spans inside each other and of threads, however it ends; nothing is imported."""
    job_id = traced.submit("Zoo.Spans", {end: True}, traceparent=f"00-{TRACE}-{CALLER}-01")
    job = traced.worker.until(job_id, lambda job: job.ended)
    traced.worker.stop()
    found = {span.name: span for span in traced.all_spans(job_id)}
    below = _below(list(found.values()))
    expected = {
        "code Zoo.Spans": "run Zoo.Spans",
        "stage Load": "code Zoo.Spans",
        "stage Work": "code Zoo.Spans",
        "outer": "stage Load",
        "inner": "outer",
        "apart": "stage Work",
        "last": "stage Work",
    }
    why = {"well": None, "fail": "ValueError", "die": "the job's process ended"}[end]

    assert expected == {name: below[name] for name in expected}
    assert {"rows": 3, "bytes": 7} == _facts(found["outer"])
    assert why == found["last"].status.description
    assert why == found["code Zoo.Spans"].status.description
    if end == "well":
        inner = found["inner"].context.span_id
        assert [] == job.summary["known"]
        assert f"00-{TRACE}-{inner:016x}-01" == job.summary["inner"]


def test_without_traces_a_job_tells_of_none(store: Store, config: Config) -> None:
    """Its spans cost next to nothing, and what it asks for is None."""
    worker = RunningWorker(config)
    job = worker.until(worker.submit("Zoo.Spans"), lambda job: job.ended)
    worker.stop()

    assert {"inner": None, "whole": None, "known": []} == job.summary


def test_nothing_is_imported_without_settings() -> None:
    """Without OTEL_* settings OpenTelemetry is not loaded, and no span is made."""
    code = (
        "import sys\n"
        "from queueapp import tracing\n"
        "tracing.start_tracing('x', {})\n"
        "with tracing.span('a', 'INTERNAL', {}) as span: assert span is None\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=200)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        (
            {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"},
            False,
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_usual_settings_switch_traces(environ: dict[str, str], expected: bool) -> None:
    """OpenTelemetry's own settings decide, and none of ours."""
    assert expected == tracing.wanted(environ)


def test_without_the_extra_settings_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that ask for traces are told to be in vain where the extra is missing."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    tracing.start_tracing("x", {"OTEL_TRACES_EXPORTER": "otlp"})

    assert not tracing.enabled()
