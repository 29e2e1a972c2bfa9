"""Lets pages of other origins call the API from a browser, if the settings name them.

Off by default: then nothing here runs and no browser lets another origin read an answer. Keys
travel in headers that scripts set, never in cookies, so credentials are not allowed.
"""

from flask import Flask, Response, request

ANY = "*"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED = (
    *("Authorization", "X-API-KEY", "Content-Type", "Idempotency-Key", "If-Match"),
    *("If-None-Match", "If-Range", "Range", "Last-Event-ID", "X-Request-Id"),
    *("X-Tenant-Id", "X-Project-Id"),
)
EXPOSED = (
    *("Location", "ETag", "X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy"),
    *("Idempotency-Replayed", "Content-Disposition", "Content-Range", "WWW-Authenticate"),
    *("Link", "X-Total-Count", "X-Has-More", "X-Next"),
)
# Browsers keep the answer to a preflight for at most two hours.
KEPT_S = 3_600


class Cors:
    """The rules for the origins that are let in."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._origins = frozenset(origins)

    def answer_preflight(self) -> Response | None:
        """Answer a browser that asks whether it may, before anything asks for a key."""
        asked = request.headers.get("Access-Control-Request-Method")
        if request.method != "OPTIONS" or asked is None or self._origin() is None:
            return None
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = ", ".join(ALLOWED)
        response.headers["Access-Control-Max-Age"] = str(KEPT_S)
        return response

    def let_in(self, response: Response) -> Response:
        """Say who may read the answer; caches must keep the answers to others apart."""
        if ANY not in self._origins:
            response.vary.add("Origin")
        origin = self._origin()
        if origin is not None:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
        return response

    def _origin(self) -> str | None:
        given = request.headers.get("Origin")
        if given is not None and ANY in self._origins:
            return ANY
        return given if given in self._origins else None


def install_cors(app: Flask, origins: tuple[str, ...]) -> None:
    """Let the origins in; call this before a key is asked for."""
    if origins:
        cors = Cors(origins)
        app.before_request(cors.answer_preflight)
        app.after_request(cors.let_in)
