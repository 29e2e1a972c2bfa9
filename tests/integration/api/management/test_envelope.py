"""The Job Management API's document and its envelope: wrong values, keys and methods."""

import pytest
from openapi_spec_validator import validate

from tests.integration.api.conftest import Api


def test_its_document_is_valid_and_apart(managed: Api, api: Api) -> None:
    """Its paths are in its own document only, with its own errors."""
    document = managed.document.document
    validate(document)

    paths = {"/job", "/worker", "/health", "/device/exec", "/device/bulk", "/device/test"}
    assert paths == set(document["paths"])
    assert paths.isdisjoint(api.document.document["paths"])
    assert "Problem" not in document["components"]["schemas"]


def test_health_is_documented_with_both_its_forms(managed: Api) -> None:
    """Monitors that take no JSON get figures."""
    health = managed.document.document["paths"]["/health"]["get"]

    assert {"application/json", "text/plain"} == set(health["responses"]["200"]["content"])


def test_each_of_its_routes_is_documented(managed: Api) -> None:
    """Also the ones that come later."""
    for rule in managed.app.url_map.iter_rules():
        if rule.endpoint.startswith("Managed "):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert managed.document.operation(method, rule.rule) is not None, rule


@pytest.mark.parametrize("query", ["status=waiting", "limit=0", "limit=x", "offset=-1"])
def test_wrong_values_are_400_in_the_envelope(managed: Api, query: str) -> None:
    """With where and what."""
    response = managed.get(f"/job?{query}")
    body = response.get_json()

    assert (400, -1) == (response.status_code, body["code"])
    assert [query.partition("=")[0]] == body["data"][0]["loc"]
    assert {"loc", "msg", "type"} == body["data"][0].keys()


@pytest.mark.parametrize("path", ["/job", "/worker", "/health"])
def test_without_a_key_it_is_403(managed: Api, path: str) -> None:
    """In the envelope, not 401."""
    for headers in ({"Authorization": None}, {"Authorization": "Bearer wrong"}):
        response = managed.get(path, headers=headers)
        assert 403 == response.status_code
        assert {
            "code": -1,
            "message": "Invalid or missing API key.",
            "data": [],
        } == response.get_json()


def test_the_key_may_come_as_x_api_key_only_in_the_header(managed: Api) -> None:
    """Addresses end up in logs."""
    none = {"Authorization": None}
    assert 200 == managed.get("/job", headers={**none, "x-api-key": managed.token}).status_code
    assert 403 == managed.get(f"/job?X-API-KEY={managed.token}", headers=none).status_code


def test_other_methods_are_405_in_the_envelope(managed: Api) -> None:
    """With the methods that there are."""
    response = managed.post("/job", {})
    assert (405, -1) == (response.status_code, response.get_json()["code"])
    assert "GET" in response.headers["Allow"]
