"""What the APIs answer while the store cannot be reached."""

import uuid
from functools import partial

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from queueapp.app import create_app
from queueapp.config import Config
from tests.waiting import quickest_s

ADMIN = "the-admin-key"
USUAL = {"priority": "High", "jobType": "ProcessMining"}
#: The API by the first part of its addresses.
NEEDS_STORE = ("/api/", "/job", "/worker", "/health", "/readyz", "/device", "/metrics")
METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH"}
#: Bad requests are told so before the store is asked.
REFUSED = {400, 415}
#: What is answered without the store: that it is away, or that nothing was asked for.
OWN_ANSWERS = {
    ("GET", "/api/<string:tenantId>/execution/system/status"): 200,
    ("GET", "/metrics"): 200,
    ("DELETE", "/job"): 200,
    ("DELETE", "/worker"): 200,
}


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose store does not listen."""
    folder = tmp_path_factory.mktemp("cut-off")
    return create_app(
        Config(
            redis_url=f"unix://{folder / 'nobody'}",
            data_dir=folder,
            admin_key=ADMIN,
            secret_key="secret",
        )
    )


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return method, route and an address of all that needs the store."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(NEEDS_STORE):
            values = {name: USUAL.get(name, str(uuid.uuid4())) for name in rule.arguments}
            path = app.url_map.bind("").build(rule.endpoint, values)
            found += [(method, rule.rule, path) for method in METHODS & (rule.methods or set())]
    return found


@pytest.mark.parametrize("token", [ADMIN, f"qa_{16 * '0'}_{43 * 'x'}"])
def test_every_address_answers_503_at_once(cut_off: Flask, token: str) -> None:
    """Each answer comes within 2 seconds and says when to come again, whoever asks for what."""
    client, wrong = cut_off.test_client(), []
    for method, route, path in routes(cut_off):
        bearer = {"Authorization": f"Bearer {token}"}
        answers: list[TestResponse] = []
        ask = partial(client.open, path, method=method, headers=bearer)
        seconds = quickest_s(lambda ask=ask, got=answers: got.append(ask()), 2.0)
        answer = answers[-1]
        known = token == ADMIN and (
            answer.status_code == OWN_ANSWERS.get((method, route))
            or (method != "GET" and answer.status_code in REFUSED)
        )
        told = answer.status_code == 503 and int(answer.headers.get("Retry-After", 0)) > 0
        if seconds > 2 or not (known or told):
            wrong.append((method, path, answer.status_code, round(seconds, 2)))

    assert len(routes(cut_off)) > 50
    assert [] == wrong


def test_the_process_itself_is_well(cut_off: Flask) -> None:
    """It lives although it is not ready: a platform need not start it again."""
    client = cut_off.test_client()

    assert (200, 503) == tuple(client.get(path).status_code for path in ("/livez", "/readyz"))
