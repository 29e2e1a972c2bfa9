"""Every error answer of the API: problem details (RFC 9457) from one table of codes.

Domain errors, marshmallow's and werkzeug's all end here; nothing about our insides goes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, request
from gunicorn.http import errors as wire  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from queueapp.api.responses import json_bytes
from queueapp.api.schemas import camel
from queueapp.domain.errors import QueueappError, ValidationFailed

MAX_LISTED = 50
MAX_TEXT = 500
RETRY_AFTER_S = {429: 10, 503: 5, 409: 2}
# Codes of requests that may be repeated as they are, after a while.
RETRIED = (
    *("queue_full", "rate_limited", "too_many_streams", "unavailable"),
    "idempotency_in_progress",
)
PROBLEM_TYPE = "application/problem+json"

log = structlog.get_logger("queueapp.api")


@dataclass(frozen=True)
class Problem:
    """One kind of error as clients know it: its HTTP status, its title, what to do about it."""

    status: int
    title: str
    advice: str
    #: The field that is at fault whenever the error itself names none.
    field: str | None = None


PROBLEMS: dict[str, Problem] = {
    "validation_failed": Problem(
        400,
        "The request is not valid",
        "Correct the fields that the list called errors names; nothing was changed.",
    ),
    "job_type_unavailable": Problem(
        400,
        "No worker offers this job type",
        "Use one of the job types that the message names, or start a worker that offers it.",
        field="/jobType",
    ),
    "unauthorized": Problem(
        401,
        "A valid key is needed",
        "Send one API key, either as Authorization: Bearer or as X-API-KEY.",
    ),
    "forbidden": Problem(
        403, "The key's role does not allow this", "Use a key with the role that the detail names."
    ),
    "not_your_job": Problem(
        403,
        "The job is another user's",
        "Change your own jobs, or use a key with the role operator.",
    ),
    "not_your_place": Problem(
        403,
        "Another user's job holds that place",
        "Choose a place that one of your own jobs holds, or name such a job as beforeJobId.",
    ),
    "not_found": Problem(
        404,
        "There is no such thing here",
        "Check the ids in the address; things that the key does not cover look the same.",
    ),
    "method_not_allowed": Problem(
        405, "The address does not know this method", "The Allow header lists the methods it knows."
    ),
    "not_acceptable": Problem(
        406, "The answer cannot be given in this form", "Accept application/json."
    ),
    "request_timeout": Problem(408, "The request took too long to arrive", "Send it again."),
    "conflict": Problem(
        409,
        "The thing is in a state that does not allow this",
        "Read its present state, then decide whether the request still makes sense.",
    ),
    "job_not_completed": Problem(
        409,
        "The job has no results",
        "Wait until its status is Completed; a failed job says why in its error.",
    ),
    "job_not_cancellable": Problem(
        409, "The job has already ended", "Nothing is left to cancel; read the job."
    ),
    "job_not_retryable": Problem(
        409,
        "Only a job that failed or was cancelled can be retried",
        "Wait until the job ends; submit a job that has completed as a new one.",
    ),
    "crosses_priority_boundary": Problem(
        409,
        "The position lies beyond the job's priority",
        "Choose a position within the tier, or change the job's priority first.",
    ),
    "move_too_far": Problem(
        409,
        "The move exchanges the places of too many jobs",
        "Move the job in several steps.",
    ),
    "in_use": Problem(
        409, "Something that has not ended still needs this", "Let those jobs end or cancel them."
    ),
    "idempotency_in_progress": Problem(
        409,
        "The first request with this idempotency key is still being answered",
        "Repeat the request after the seconds that Retry-After gives.",
    ),
    "lease_lost": Problem(409, "Another attempt owns the job now", "Read the job's present state."),
    "gone": Problem(410, "The link has expired", "Ask for the results again to get a new link."),
    "length_required": Problem(411, "The length of the body is missing", "Send Content-Length."),
    "precondition_failed": Problem(
        412, "The thing has changed since it was read", "Read it again and repeat the change."
    ),
    "payload_too_large": Problem(
        413, "The body is too large", "Send less; the detail names the limit."
    ),
    "uri_too_long": Problem(414, "The address is too long", "Send fewer or shorter parameters."),
    "unsupported_media_type": Problem(
        415,
        "The body has the wrong content type",
        "Send JSON as application/json and files as multipart/form-data, neither compressed.",
    ),
    "range_not_satisfiable": Problem(416, "The range lies outside the file", "Ask for less."),
    "expectation_failed": Problem(
        417, "The Expect header cannot be met", "Send Expect: 100-continue or none."
    ),
    "idempotency_mismatch": Problem(
        422,
        "The idempotency key was used before with another request",
        "Use a new key for a new request.",
    ),
    "queue_full": Problem(
        429,
        "The queue holds as many jobs as it may",
        "Submit again after the seconds that Retry-After gives.",
    ),
    "rate_limited": Problem(
        429, "Too many requests", "Slow down to what the Retry-After header allows."
    ),
    "too_many_streams": Problem(
        429,
        "Too many event streams are open with this key",
        "Close one, or share one among several readers.",
    ),
    "headers_too_large": Problem(
        431, "The headers are too large", "Send fewer or shorter headers, such as cookies."
    ),
    "internal": Problem(
        500,
        "Something went wrong inside",
        "It was logged under the request id; repeating the request may help.",
    ),
    "not_implemented": Problem(
        501, "The transfer coding is not known", "Send the body with a length, or chunked."
    ),
    "unavailable": Problem(
        503,
        "The service cannot answer now",
        "Repeat the request after the seconds that Retry-After gives.",
    ),
}

# What werkzeug raises by itself; any other 4xx is a malformed request.
_BY_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    410: "gone",
    411: "length_required",
    412: "precondition_failed",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    429: "rate_limited",
    503: "unavailable",
}


class PayloadTooLarge(QueueappError):  # named as the other domain errors
    """The body is too large."""

    code = "payload_too_large"


class UnsupportedMediaType(QueueappError):
    """The body has the wrong content type."""

    code = "unsupported_media_type"


def status_of(code: str) -> int:
    """Return the HTTP status of an error code; one that is not in the table is our own fault."""
    return PROBLEMS[code].status if code in PROBLEMS else 500


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
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _BY_STATUS:
        return _unexpected(getattr(error, "original_exception", None) or error)
    code = _BY_STATUS.get(status, "validation_failed")
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
