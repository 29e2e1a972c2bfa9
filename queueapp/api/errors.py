"""Every error answer of the API: problem details (RFC 9457) from one table of codes.

Domain errors, marshmallow's and werkzeug's all end here; nothing about our insides goes out.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, request
from gunicorn.http import errors as wire  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from queueapp.api.problems import BY_STATUS, PROBLEM_TYPE, PROBLEMS
from queueapp.api.responses import json_bytes
from queueapp.api.schemas import camel
from queueapp.domain.errors import QueueappError, Unavailable, ValidationFailed

MAX_LISTED = 50
MAX_TEXT = 500
RETRY_AFTER_S = {429: 10, 503: 5, 409: 2}
# Codes of requests that may be repeated as they are, after a while.
RETRIED = (
    *("queue_full", "rate_limited", "too_many_streams", "unavailable"),
    "idempotency_in_progress",
)

log = structlog.get_logger("queueapp.api")


class PayloadTooLarge(QueueappError):  # named as the other domain errors
    """The body is too large."""

    code = "payload_too_large"


class UnsupportedMediaType(QueueappError):
    """The body has the wrong content type."""

    code = "unsupported_media_type"


def problem(
    code: str,
    detail: str,
    errors: list[tuple[str, str]] | None = None,
    details: Mapping[str, object] | None = None,
) -> Response:
    """Return the answer for an error: its code, what exactly went wrong, and in which fields.

    ``details``: facts for programs, such as the status that a thing is in.
    """
    known = PROBLEMS[code]
    body: dict[str, Any] = {
        "type": f"{_problem_base()}/problems/{code}",
        "title": known.title,
        "status": known.status,
        "detail": _clipped(detail),
        "instance": quote(request.path, safe="/:@!$&'()*+,;=~")[:MAX_TEXT],
        "code": code,
        "errors": _listed(errors or []),
        "requestId": g.get("request_id", ""),
    }
    if details:
        body["details"] = {camel(name): value for name, value in details.items()}
    response = Response(json_bytes(body), status=known.status, content_type=PROBLEM_TYPE)
    if code in RETRIED:
        response.headers["Retry-After"] = str(RETRY_AFTER_S[known.status])
    if known.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="queueapp"'
    return response


def _problem_base() -> str:
    """Return the configured address; without one the type is relative, so that it stays stable."""
    return (current_app.config.get("QUEUEAPP_BASE_URL") or "").rstrip("/")


def _listed(errors: list[tuple[str, str]]) -> list[dict[str, str]]:
    listed = [{"field": _clipped(f), "message": _clipped(m)} for f, m in errors[:MAX_LISTED]]
    if len(errors) > MAX_LISTED:
        listed[-1] = {"field": "", "message": f"and {len(errors) - MAX_LISTED + 1} more"}
    return listed


def _clipped(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= MAX_TEXT else f"{clean[: MAX_TEXT - 1]}…"


def _domain_error(error: QueueappError) -> Response:
    code = error.code if error.code in PROBLEMS else "internal"
    if code == "internal":
        return _unexpected(error)
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        log.warning("the store could not serve a request", reason=error.reason)
    if code == "not_found" and "field" not in error.details:
        # The same words whether the thing is unknown or not covered by the key.
        return problem(code, "There is no such thing here.")
    errors = list(error.errors) if isinstance(error, ValidationFailed) else []
    field = error.details.get("field") or PROBLEMS[code].field
    if field is None and error.message.startswith("/"):
        # The store's scripts begin with the pointer of the field.
        field = error.message.partition(" ")[0]
    if isinstance(field, str) and not errors:
        errors = [(_pointer(field), error.message)]
    details = {name: value for name, value in error.details.items() if name != "field"}
    return problem(code, error.message, errors, details)


def _pointer(field: str) -> str:
    return field if field.startswith("/") else f"/{field}"


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in BY_STATUS:
        return _unexpected(getattr(error, "original_exception", None) or error)
    code = BY_STATUS.get(status, "validation_failed")
    answer = problem(code, _http_detail(code, error))
    for name, value in error.get_headers():
        if name in ("Allow", "Content-Range", "Retry-After"):
            answer.headers[name] = value
    return answer


def _http_detail(code: str, error: HTTPException) -> str:
    if code == "method_not_allowed":
        return f"{request.method} is not known here."
    if code == "not_found":
        return "There is no such thing here."
    return error.description or PROBLEMS[code].title


def _unexpected(error: BaseException) -> Response:
    log.error(
        "request_failed",
        method=request.method,
        path=request.path,
        request_id=g.get("request_id", ""),
        exc_info=error,
    )
    return problem("internal", "The request failed inside; the request id finds it in the log.")


def _unreadable(error: Exception) -> Response:
    """Answer a body that breaks the rules of HTTP, or ends early, while it is read."""
    return problem("validation_failed", f"The body is not valid HTTP: {error}.")


def install_errors(app: Flask) -> None:
    """Answer every error of the app with problem details."""
    app.register_error_handler(wire.ParseException, _unreadable)
    app.register_error_handler(wire.NoMoreData, _unreadable)
    app.register_error_handler(QueueappError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
