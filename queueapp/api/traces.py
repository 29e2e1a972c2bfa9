"""A span per request, below the one that the client names in its ``traceparent``.

create_app installs it where traces are made. Addresses are told by their routes, never whole.
"""

from flask import Flask, Response, g, request

from queueapp import tracing


def _begin() -> None:
    route = request.url_rule.rule if request.url_rule else None
    facts = {
        "http.request.method": request.method,
        "http.route": route,
        "url.scheme": request.scheme,
    }
    name = f"{request.method} {route}" if route else request.method
    parent = request.headers.get("traceparent")
    g.span = tracing.begin(name, "SERVER", facts, parent=parent)
    g.leave_span = tracing.enter(g.span)


def _tell(response: Response) -> Response:
    """End the span when the last byte has gone."""
    span, status = g.get("span"), response.status_code
    if span is not None:
        told = {
            "http.response.status_code": status,
            "queueapp.request_id": g.get("request_id"),
        }
        tracing.tell(span, told, failed=f"status {status}" if status >= 500 else None)
        response.call_on_close(span.end)
    return response


def _leave(_error: BaseException | None) -> None:
    leave = g.pop("leave_span", None)
    if leave is not None:
        leave()


def install_traces(app: Flask) -> None:
    """Make a span of each request; call this before anything that may refuse one."""
    app.before_request(_begin)
    app.after_request(_tell)
    app.teardown_request(_leave)
