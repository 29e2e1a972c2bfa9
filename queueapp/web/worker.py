"""gunicorn's worker, with problem details for requests that never reach the application.

queueapp.web.server names it. A request line or a header that is too long, or is no HTTP, is
refused while it is read; clients that expect JSON of every error get it there too.
"""

import json
import socket
import time
import uuid
from typing import Any

from gunicorn.http import errors as wire  # type: ignore[import-untyped]
from gunicorn.util import write_nonblock  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from queueapp.api.problems import PROBLEM_TYPE, PROBLEMS
from queueapp.api.streams import stop_streams
from queueapp.web.deadlines import Deadlines, body_span

_REASONS = {
    400: "Bad Request",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
}


class ProblemWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """A worker with threads that answers what it cannot read in JSON, and waits for no one long."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadlines = Deadlines(time.monotonic)

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it."""
        with self._deadlines.reading(conn.sock):
            return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose headers have come."""
        self._deadlines.allow(conn.sock, body_span(req.headers))
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Let go of clients that are too slow; gunicorn calls this once a second."""
        super().murder_pending()
        self._deadlines.enforce()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop gracefully; event streams would never end by themselves."""
        stop_streams(self.wsgi)
        super().handle_exit(sig, frame)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Refuse a request that broke a rule of HTTP or of ours; leave the rest to gunicorn."""
        found = refusal(exc)
        if found is None:
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Invalid request from ip=%s: %s", (addr or ("",))[0], exc)
        try:
            write_nonblock(client, answer(*found))
        except OSError:
            self.log.debug("The client left before it could be told.")


def refusal(error: BaseException) -> tuple[str, str] | None:
    """Return the code and the words for a request that could not be read, else None."""
    if isinstance(error, wire.LimitRequestLine):
        return "uri_too_long", f"The address is too long: {error}."
    if isinstance(error, wire.LimitRequestHeaders):
        return "headers_too_large", f"The headers are too large: {error}."
    if isinstance(error, wire.ExpectationFailed):
        return "expectation_failed", f"The expectation cannot be met: {error}."
    if isinstance(error, wire.UnsupportedTransferCoding):
        return "not_implemented", f"The transfer coding is not known: {error}."
    if isinstance(error, wire.ParseException):
        return "validation_failed", f"The request is not valid HTTP: {error}."
    return None


def answer(code: str, detail: str) -> bytes:
    """Return a whole response with a problem; it ends the connection."""
    problem, request_id = PROBLEMS[code], uuid.uuid4().hex
    body = json.dumps(
        {
            "type": f"/problems/{code}",
            "title": problem.title,
            "status": problem.status,
            "detail": detail[:500],
            "instance": "",
            "code": code,
            "errors": [],
            "requestId": request_id,
        }
    ).encode()
    head = (
        f"HTTP/1.1 {problem.status} {_REASONS[problem.status]}\r\n"
        f"Connection: close\r\nContent-Type: {PROBLEM_TYPE}\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode("ascii") + body
