"""Answers: JSON bodies written by orjson, request ids and the headers that every answer carries."""

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
STRICT_TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
BODILESS = frozenset({204, 304})


def json_bytes(body: object) -> bytes:
    """Return a body of plain values as JSON."""
    return orjson.dumps(body)


class Answer(Response):
    """A JSON answer; what werkzeug makes of headers at the end is done where it has to be.

    Its length is known from the start, and addresses in it are as they should be sent.
    """

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers as they are sent."""
        odd = any(name == "Location" and not value.isascii() for name, value in self.headers)
        if odd or self.status_code in BODILESS:
            return super().get_wsgi_headers(environ)
        return self.headers


def answer(
    body: Mapping[str, Any] | list[Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON answer of plain values whose keys are already the documented ones."""
    return Answer(json_bytes(body), status=status, headers=headers, content_type="application/json")


def _take_request_id() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def _protected(app: "WSGIApplication") -> "WSGIApplication":
    """Return the application with the security headers on every answer that has none of its own.

    They are added to the finished list: setting one by one would cost as much as routing does.
    """
    plain = [(name.lower(), (name, value)) for name, value in SECURITY_HEADERS.items()]
    secure = [*plain, ("strict-transport-security", STRICT_TRANSPORT)]

    def protected(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        usual = secure if environ["wsgi.url_scheme"] == "https" else plain

        def begin(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            headers.extend(pair for name, pair in usual if name not in given)
            return start_response(status, headers, *error)

        return app(environ, begin)

    return protected


def install_responses(app: Flask) -> None:
    """Give every request an id and every answer its headers; call this before anything else."""
    app.wsgi_app = _protected(app.wsgi_app)  # type: ignore[method-assign, assignment] # Flask's own way
    app.before_request(_take_request_id)
    app.after_request(_finish)
