"""What the log tells of requests: one line for each, and on every other line whose it is.

Neither queries nor headers are written, since keys and signed links' tokens stand there.
"""

import time
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request

from queueapp.api.auth import key_or_none
from queueapp.domain.scope import Scope

log = structlog.get_logger("queueapp.access")

_IDS = {"job_id": "job", "workflow_id": "workflow", "schedule_id": "schedule"}


def facts_of_request() -> dict[str, Any]:
    """Return what log lines of this thread say of the request that it answers."""
    if not has_request_context():
        return {}
    return {"request_id": g.get("request_id", ""), **_place()}


def _place() -> dict[str, str]:
    """Return the project and the thing that the request is about, as far as they were checked."""
    found: dict[str, str] = {}
    for name, value in (request.view_args or {}).items():
        if isinstance(value, Scope):
            found |= {"tenant": value.tenant, "project": value.project}
        elif name == "tenant":
            found["tenant"] = value
        elif name in _IDS:
            found[_IDS[name]] = value
    return found


def _begin() -> None:
    g.began_s = time.perf_counter()


def _tell(response: Response) -> Response:
    """Write the line once the last byte has been handed over: a stream's tells its whole time."""
    began_s = g.get("began_s", time.perf_counter())
    key = key_or_none()
    facts = {
        **facts_of_request(),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "key": key.id if key else None,
        "user": key.user if key else None,
    }

    def over() -> None:
        log.info("request", **facts, ms=round((time.perf_counter() - began_s) * 1000, 1))

    response.call_on_close(over)
    return response


def install_access_log(app: Flask) -> None:
    """Write a line per request; call this first, so that refused requests are told too."""
    app.before_request(_begin)
    app.after_request(_tell)
