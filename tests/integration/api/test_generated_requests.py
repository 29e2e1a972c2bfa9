"""Requests made from the API document itself, good ones and bad ones, with the keys of two tenants.

Each answer to the first tenant must be as the document says and never a 500; what the document
forbids must be refused. The second tenant's key opens none of it. QUEUEAPP_API_EXAMPLES says how
many requests of each sort are made of an operation (2; more at night).
"""

import copy
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from queueapp.domain.api_key import Role
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import claim, finish, submit
from tests.house.document import operations
from tests.integration.api.conftest import Api
from tests.openapi_check import Document

EXAMPLES = int(os.environ.get("QUEUEAPP_API_EXAMPLES", "2"))
SCOPE = Scope("acme", "sales")
CHECKS = [
    not_a_server_error,
    checks.content_type_conformance,
    checks.negative_data_rejection,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]
# Of no tenant: every key may see the machines, some see what was done to them.
SHARED = ("/api/nodes", "/api/workers", "/api/audit", "/metrics")


@pytest.fixture
def schema(document: Document, api: Api) -> Any:
    """The document without its keys: the test sends its own."""
    plain = copy.deepcopy(document.document)
    del plain["security"], plain["components"]["securitySchemes"]
    for _, operation in operations(plain):
        for one in operation.get("parameters", ()):
            # A larger page than the largest is cut, however many digits its number has: the width
            # is for generators of clients.
            if one["schema"].get("type") == "integer" and "maximum" not in one["schema"]:
                del one["schema"]["format"]
    loaded = schemathesis.openapi.from_dict(plain)
    loaded.app = api.app
    return loaded


def seeded(store: Store) -> dict[str, Iterator[str]]:
    """Make things to be found; return ids for the addresses, in turns."""
    queued = [submit(store, scope=SCOPE, type="ProcessMining").job_id for _ in range(20)]
    ended = [submit(store, scope=SCOPE).job_id for _ in range(2)]
    for outcome in ("completed", "failed"):
        held = claim(store)
        assert held is not None
        finish(store, held, outcome)
    ids = {
        "tenantId": [SCOPE.tenant],
        "projectId": [SCOPE.project],
        "jobId": [*queued[:3], *ended, *queued],
    }
    return {name: itertools.cycle(values) for name, values in ids.items()}


def each_case(operation: Any, mode: GenerationMode, run: Callable[[Case], None]) -> None:
    """Run requests of one sort, the same ones every time; some operations have no bad ones."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def go(case: Case) -> None:
        run(case)

    try:
        go()
    except Unsatisfiable:
        return


def unhurried(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """Take the waiting out: for news, and for workers that stop."""
    monkeypatch.setattr("queueapp.api.events._wait", lambda *_: [])
    engine = app.extensions["queueapp"].engine
    cancel = engine.cancel
    monkeypatch.setattr(
        engine, "cancel", lambda *parts, **wishes: cancel(*parts, **{**wishes, "wait_s": 0})
    )


@pytest.mark.timeout(1_200)
def test_the_document_is_true_for_two_tenants(
    schema: Any, api: Api, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No operation answers otherwise than declared, takes what is forbidden, or crosses tenants."""
    unhurried(monkeypatch, api.app)
    ids = seeded(store)
    tokens = [
        store.api_keys.create(user, Role.ADMIN, tenant, per_minute=0)[1]
        for user, tenant in (("ann", "acme"), ("eve", "other"))
    ]
    mine, theirs = (
        {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"} for token in tokens
    )
    tried = 0

    def run(case: Case) -> None:
        nonlocal tried
        tried += 1
        for name in case.path_parameters.keys() & ids.keys():
            case.path_parameters[name] = next(ids[name])
        answer = case.call(headers=mine)
        case.validate_response(answer, checks=CHECKS, headers=mine)
        if not case.path.startswith(SHARED):
            # 400: the address is none; a token is looked at instead of the key.
            allowed = {401, 404} if "token" in (case.query or {}) else {404}
            foreign = case.call(headers=theirs).status_code
            assert foreign in {*allowed, 400}, case.as_curl_command()
            assert foreign in (*allowed, answer.status_code), case.as_curl_command()

    for found in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            each_case(found.ok(), mode, run)

    assert tried > 2 * EXAMPLES * len(api.document.document["paths"]) / 2
