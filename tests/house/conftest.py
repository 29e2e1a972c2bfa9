"""The API document in both versions, made without anything behind the app."""

from typing import cast

import pytest
from flask import Flask

from queueapp.api.openapi.version30 import downgrade
from queueapp.api.services import Services
from queueapp.app import create_app
from queueapp.config import Config
from tests.house.document import Doc


@pytest.fixture(scope="module")
def bare_app() -> Flask:
    """The app with nothing behind it, which can tell of itself."""
    config = Config(base_url="https://queue.example.com", secret_key="x", admin_key="x")
    services = cast(Services, type("Fake", (), {"config": config}))
    return create_app(config, services)


@pytest.fixture(scope="module")
def newest(bare_app: Flask) -> Doc:
    """The OpenAPI 3.1 document."""
    document: Doc = bare_app.test_client().get("/openapi.json").get_json()
    return document


@pytest.fixture(scope="module")
def older(newest: Doc) -> Doc:
    """The 3.0.3 copy."""
    return downgrade(newest)
