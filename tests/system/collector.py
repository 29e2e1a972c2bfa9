"""A collector of traces as OpenTelemetry's exporters know it: OTLP over HTTP, in memory."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Listens on a free port and keeps what it is sent."""

    def __init__(self) -> None:
        #: Service, name and trace of each span.
        self.spans: list[tuple[str, str, str]] = []
        kept = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.extend(_read(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Collector":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _read(body: bytes) -> list[tuple[str, str, str]]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        (_service(of.resource), span.name, span.trace_id.hex())
        for of in request.resource_spans
        for group in of.scope_spans
        for span in group.spans
    ]


def _service(resource: Any) -> str:
    names = {one.key: one.value.string_value for one in resource.attributes}
    return str(names["service.name"])
