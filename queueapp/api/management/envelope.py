"""The form of every answer here: code, message, data; errors have the code -1.

Views answer with ``success``. Errors arise as everywhere, as problem details, and are put into
the envelope on their way out, so that none can be forgotten.
"""

from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, request

from queueapp.api.problems import PROBLEM_TYPE
from queueapp.api.responses import answer
from queueapp.api.services import base_url

PATHS = frozenset({"/job", "/worker", "/health", "/device/exec", "/device/bulk", "/device/test"})
NO_KEY = "Invalid or missing API key."


def success(data: object, *, message: str = "success", **beside: object) -> Response:
    """Return an answer with its data, and further keys beside them."""
    return answer({"code": 200, "message": message, "data": data, **beside})


def created(data: object, *, query: str = "") -> Response:
    """Return an answer about jobs that were made, and where to look at them."""
    headers = {"Location": f"{base_url()}/job{query}"}
    return answer({"code": 201, "message": "success", "data": data}, 201, headers)


def failure(status: int, message: str, data: object) -> Response:
    """Return an error."""
    return answer({"code": -1, "message": message, "data": data}, status)


def _enveloped(response: Response) -> Response:
    """Put a problem into the envelope, with its status and its headers."""
    if request.path not in PATHS or response.mimetype != PROBLEM_TYPE:
        return response
    problem: dict[str, Any] = orjson.loads(response.get_data())
    status = response.status_code
    message = problem["detail"]
    if status == HTTPStatus.UNAUTHORIZED:
        status, message = HTTPStatus.FORBIDDEN, NO_KEY
    data: object = [_fault(error, problem["code"]) for error in problem["errors"]]
    if status == HTTPStatus.SERVICE_UNAVAILABLE and request.path == "/health":
        data = "degraded"
    replaced = failure(status, message, data)
    for name in ("Retry-After", "Allow", "X-Request-Id"):
        if name in response.headers:
            replaced.headers[name] = response.headers[name]
    return replaced


def _fault(error: dict[str, str], code: str) -> dict[str, Any]:
    where = [part for part in error["field"].split("/") if part]
    return {"loc": where, "msg": error["message"], "type": code}


def install_envelope(app: Flask) -> None:
    """Answer the errors of these addresses in the envelope."""
    app.after_request(_enveloped)
