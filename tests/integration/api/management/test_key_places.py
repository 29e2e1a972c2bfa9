"""Where settings let keys come from beside the header, and who may see the health without one."""

from pathlib import Path

import pytest
from flask import Flask
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from queueapp.app import create_app
from queueapp.config import Config
from queueapp.store import Store
from tests.factories import add_worker
from tests.openapi_check import Document

KEY = "the-admin-key"


@pytest.fixture
def opened(store: Store, redis_url: str, tmp_path: Path) -> Flask:
    """An application that takes keys from anywhere and tells its health to all."""
    add_worker(store)
    settings = {"admin_key": KEY, "secret_key": "secret", "data_dir": tmp_path}
    config = Config(redis_url=redis_url, key_anywhere=True, open_health=True, **settings)
    return create_app(config)


def asked(app: Flask, path: str, *, query: str = "", cookie: str = "", header: str = "") -> int:
    """Ask with keys in some of the three places and return the status."""
    client = app.test_client()
    if cookie:
        client.set_cookie("X-API-KEY", cookie)
    headers = {"X-API-KEY": header} if header else {}
    answer: TestResponse = client.get(
        f"{path}?X-API-KEY={query}" if query else path, headers=headers
    )
    return answer.status_code


def test_one_key_from_anywhere_is_enough(opened: Flask) -> None:
    """The same twice is one; two that differ are none, wherever they are."""
    assert 200 == asked(opened, "/job", query=KEY)
    assert 200 == asked(opened, "/worker", cookie=KEY)
    assert 200 == asked(opened, "/job", query=KEY, cookie=KEY, header=KEY)
    assert 403 == asked(opened, "/job", query="other", header=KEY)
    assert 403 == asked(opened, "/job", query=KEY, cookie="other")
    assert 403 == asked(opened, "/job")


def test_the_other_api_takes_them_from_the_header_alone(opened: Flask) -> None:
    """The setting is for the Job Management API's clients."""
    path = "/api/t/p/execution/jobs"

    assert [200, 401, 401] == [
        asked(opened, path, header=KEY),
        asked(opened, path, query=KEY),
        asked(opened, path, cookie=KEY),
    ]


def test_an_open_health_needs_no_key_but_takes_no_wrong_one(opened: Flask) -> None:
    """A key that is given must be right."""
    assert [200, 200, 403] == [
        asked(opened, "/health"),
        asked(opened, "/health", query=KEY),
        asked(opened, "/health", query="wrong"),
    ]


def test_the_document_says_so(opened: Flask) -> None:
    """Each place is a scheme of its own, and the health needs none."""
    document = Document(opened.test_client().get("/management/openapi.json").get_json()).document
    validate(document)
    schemes = document["components"]["securitySchemes"]

    assert {"header", "query", "cookie"} == {one["in"] for one in schemes.values() if "in" in one}
    assert {*schemes} == {name for one in document["security"] for name in one}
    assert {} in document["paths"]["/health"]["get"]["security"]
