"""The API document in both versions, made without anything behind the app."""

from typing import cast

import pytest

from queueapp.api.openapi.version30 import downgrade
from queueapp.api.services import Services
from queueapp.app import create_app
from queueapp.config import Config
from tests.house.document import Doc


@pytest.fixture(scope="module")
def newest() -> Doc:
    """The OpenAPI 3.1 document; nothing behind the app is needed to make it."""
    config = Config(base_url="https://queue.example.com", secret_key="x", admin_key="x")
    services = cast(Services, type("Fake", (), {"config": config}))
    client = create_app(config, services).test_client()
    document: Doc = client.get("/openapi.json").get_json()
    return document


@pytest.fixture(scope="module")
def older(newest: Doc) -> Doc:
    """The 3.0.3 copy."""
    return downgrade(newest)
