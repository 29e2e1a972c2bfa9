"""The Job Management API over a real store: every answer is checked against its own document."""

import pytest

from actors.device_command import device_command_type
from queueapp.domain.fleet import Node, Worker
from tests.factories import NODE, add_worker, claim, finish, submit
from tests.integration.api.conftest import Api
from tests.integration.api.management.rows import T, U
from tests.openapi_check import Document


@pytest.fixture
def managed(api: Api) -> Api:
    """A client whose answers are checked against the API's own document."""
    document = api.app.test_client().get("/management/openapi.json").get_json()
    checked = Api(api.app, Document(document), api.store)
    checked.token = api.token
    return checked


@pytest.fixture
def several(managed: Api) -> Api:
    """Jobs of two tenants, with and without hosts, queued, running and ended on two nodes."""
    store = managed.store
    add_worker(store, "w2", node=Node("node-2", "host-2", 4, 16_384))
    for number, (scope, host) in enumerate(
        [(T, None), (T, "h1"), (U, "h1"), (T, "h2"), (U, None), (T, None)]
    ):
        submit(store, id=f"j{number}", scope=scope, host=host, now_ms=1_000 + number)
    first = claim(store, "w1", now_ms=2_000)
    second = claim(store, "w2", now_ms=2_001)
    assert first is not None
    assert second is not None
    finish(store, first)
    return managed


@pytest.fixture(name="devices")
def _devices(managed: Api) -> Api:
    """A client of this API; a worker offers device jobs."""
    worker = Worker(name="d1", node=NODE, pid=1, slots=4, born_ms=0, version="0")
    managed.store.fleet.register(worker, [device_command_type.info])
    return managed
