"""Answers: JSON bodies written by orjson, request ids and the headers that every answer carries."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Flask, Response, g, request

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def json_bytes(body: object) -> bytes:
    """Return a body of plain values as JSON."""
    return orjson.dumps(body)


def answer(
    body: Mapping[str, Any] | list[Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON answer of plain values whose keys are already the documented ones."""
    return Response(
        json_bytes(body), status=status, headers=headers, content_type="application/json"
    )


def _take_request_id() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def install_responses(app: Flask) -> None:
    """Give every request an id and every answer its headers; call this before anything else."""
    app.before_request(_take_request_id)
    app.after_request(_finish)
