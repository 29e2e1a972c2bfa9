"""The API over a real store: every answer is checked against the API document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from queueapp.api import streams
from queueapp.api.datasets import LIBRARY
from queueapp.api.services import Services
from queueapp.app import create_app
from queueapp.broker import QueueBroker
from queueapp.config import Config
from queueapp.domain.api_key import Role
from queueapp.engine import feed
from queueapp.engine.engine import Engine
from queueapp.middleware.priority import PriorityMiddleware
from queueapp.objects import open_object_store
from queueapp.store import Store
from queueapp.store.idempotency import IdempotencyKeys
from tests.factories import add_worker
from tests.openapi_check import Document

ADMIN = "test-admin-key"
JOB = {
    "jobName": "A job",
    "jobType": "ProcessMining",
    "resource": {"resourceType": "Notebook", "resourceId": "d1"},
}


class Api:
    """A client that sends a key and checks what comes back against the document."""

    def __init__(self, app: Flask, document: Document, store: Store) -> None:
        self.app = app
        self.document = document
        self.store = store
        self.token = ADMIN

    def as_user(
        self, user: str, role: Role, *, tenant: str | None = None, project: str | None = None
    ) -> "Api":
        """Return a client with a key of its own."""
        other = Api(self.app, self.document, self.store)
        _, other.token = self.store.api_keys.create(user, role, tenant, project)
        return other

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        given = {name: value for name, value in headers.items() if value is not None}
        response = self.app.test_client().open(path, method=method, headers=given, **options)
        self.document.check(response)
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        """Send a GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send a POST with a JSON body."""
        return self.call("POST", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """Send a DELETE."""
        return self.call("DELETE", path, **options)

    def submit(self, at: str = "/api/t/p", **changes: Any) -> str:
        """Submit a job and return its id."""
        response = self.post(f"{at}/execution/job", {**JOB, **changes})
        assert response.status_code == 202, response.get_data(as_text=True)
        return str(response.get_json()["jobId"])


@pytest.fixture(scope="session")
def _app(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    config = Config(
        redis_url=redis_url,
        data_dir=tmp_path_factory.mktemp("data"),
        admin_key=ADMIN,
        secret_key="test-secret",
        bad_keys_per_minute=1_000_000,
    )
    return create_app(config)


@pytest.fixture(scope="session")
def document(_app: Flask) -> Document:
    """The API document of the app."""
    return Document(_app.test_client().get("/openapi.json").get_json())


@pytest.fixture
def api(_app: Flask, document: Document, store: Store, tmp_path: Path) -> Api:
    """A client with the admin's key, over an empty store in which a worker offers two types."""
    add_worker(store, types=("ProcessMining", "Sleep"))
    config = _app.extensions["queueapp"].config
    _app.extensions.pop(LIBRARY, None)  # it holds on to the services of the test before
    broker = QueueBroker(store, middleware=[PriorityMiddleware()])
    _app.extensions["queueapp"] = Services(
        config=config,
        engine=Engine(store, config, enqueue=broker.submit, enqueue_many=broker.submit_many),
        objects=open_object_store((tmp_path / "objects").as_uri()),
        idempotency=IdempotencyKeys(store.client, store.keys, store.scripts),
        link_secret="test-secret",
    )
    return Api(_app, document, store)


@pytest.fixture
def still(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine's clock stand: estimates say whole seconds from now, and none passes."""
    now_ms = api.store.now_ms()
    monkeypatch.setattr(api.app.extensions["queueapp"].engine, "_clock", lambda: now_ms / 1000)


@pytest.fixture
def places(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every stream and every waiting poll of a test must have ended after it."""
    monkeypatch.setattr(feed, "BLOCK_MS", 100)  # a reader ends soon after its last listener
    known = api.app.extensions[streams.EXTENSION]
    yield
    known.closing = False
    assert 0 == known.open
