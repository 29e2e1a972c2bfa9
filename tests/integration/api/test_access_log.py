"""The line per request that a production server writes."""

from dataclasses import replace
from typing import Any

import pytest
import structlog
from flask import Flask

from queueapp.api import access
from queueapp.api.services import Services
from queueapp.app import create_app
from queueapp.domain.api_key import Role
from queueapp.store import Store


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is written from now on."""
    found: list[dict[str, Any]] = []

    def keep(_logger: object, _method: str, event: Any) -> Any:
        found.append(dict(event))
        raise structlog.DropEvent

    monkeypatch.setattr(access, "log", structlog.wrap_logger(None, processors=[keep]))
    return found


@pytest.fixture
def production(_app: Flask, store: Store) -> Flask:
    """The application with the settings of production."""
    found: Services = _app.extensions["queueapp"]
    config = replace(found.config, environment="production")
    return create_app(config, replace(found, config=config))


def ask(app: Flask, path: str, **headers: str) -> None:
    """Send a request and take the whole answer, as a web server does."""
    app.test_client().get(path, headers=headers).close()


def test_a_request_leaves_one_line(
    production: Flask, store: Store, lines: list[dict[str, Any]]
) -> None:
    """Who asked for what, how it ended and how long it took; the route, not the address."""
    key, token = store.api_keys.create("ann", Role.VIEWER, "t", None)
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "r-1"}
    ask(production, "/api/t/p/execution/job/no-such", **headers)
    line = lines[0]

    assert 1 == len(lines)
    assert line.pop("ms") > 0
    assert {
        "event": "request",
        "request_id": "r-1",
        "tenant": "t",
        "project": "p",
        "job": "no-such",
        "method": "GET",
        "route": "/api/<string:tenantId>/<string:projectId>/execution/job/<string:jobId>",
        "status": 404,
        "key": key.id,
        "user": "ann",
    } == line


def test_secrets_are_in_no_line(production: Flask, lines: list[dict[str, Any]]) -> None:
    """Neither a key, right or wrong, nor a signed link's token is written."""
    for token in ("test-admin-key", "a-wrong-key"):
        ask(production, "/api/t/p/artifacts/a?token=signed-token", **{"X-API-KEY": token})
    ask(production, "/no/such/a-wrong-key?token=signed-token")
    text = str(lines)

    assert 3 == len(lines)
    assert not [secret for secret in ("admin-key", "wrong-key", "signed-token") if secret in text]


def test_a_failed_login_is_a_line_without_a_key(
    production: Flask, lines: list[dict[str, Any]]
) -> None:
    """Refused requests are told as well."""
    ask(production, "/api/t/p/execution/queue")

    assert (401, None) == (lines[0]["status"], lines[0]["key"])
