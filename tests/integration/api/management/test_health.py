"""Health in the Job Management API."""

from typing import Any

import pytest

from queueapp.domain.api_key import Role
from tests.factories import beat, submit
from tests.integration.api.conftest import Api
from tests.integration.api.management.rows import T, U


def test_health_is_ok_with_a_live_worker(managed: Api) -> None:
    """And counts only what the key covers."""
    submit(managed.store, scope=T)
    submit(managed.store, scope=U)
    body = managed.get("/health").get_json()
    assert ("ok", 2) == (body["data"], body["checks"]["queue_depth"])
    assert {"live": 1, "busy": 0, "dead": 0} == {
        name: body["checks"]["workers"][name] for name in ("live", "busy", "dead")
    }
    bound = managed.as_user("ann", Role.VIEWER, tenant="t")
    assert 1 == bound.get("/health").get_json()["checks"]["queue_depth"]


def test_health_warns_of_what_may_not_last(managed: Api) -> None:
    """A store that keeps nothing, a clock that is off, a worker of another version."""
    beat(managed.store, "w1", [], clock_ms=0)
    warnings = " ".join(managed.get("/health").get_json()["checks"]["warnings"])

    assert "writes nothing to disk" in warnings
    assert "The clock of node node-1 differs" in warnings
    assert "another version than this process live: 0" in warnings


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        ({"maxmemory-policy": "allkeys-lru"}, "may evict keys"),
        ({"maxmemory": 1}, "memory is full: it takes no new jobs"),
        ({"maxmemory": 1, "maxmemory-policy": "volatile-ttl"}, "% of the memory that it may use"),
    ],
)
def test_health_warns_of_how_the_store_is_set(
    managed: Api, settings: dict[str, Any], warning: str
) -> None:
    """All is well still, and so are the open addresses; but it may not last."""
    client = managed.store.client
    before = {name: client.config_get(name)[name] for name in settings}
    try:
        for name, value in settings.items():
            client.config_set(name, value)
        found = managed.get("/health")
        open_ones = [managed.app.test_client().get(path) for path in ("/livez", "/readyz")]
    finally:
        for name, value in before.items():
            client.config_set(name, value)

    assert 200 == found.status_code
    assert warning in " ".join(found.get_json()["checks"]["warnings"])
    assert [200, 200] == [answer.status_code for answer in open_ones]


def test_health_is_503_without_a_live_worker(managed: Api) -> None:
    """With the same checks."""
    managed.store.fleet.leave("w1")
    response = managed.get("/health")
    body = response.get_json()

    assert (503, -1, "degraded") == (response.status_code, body["code"], body["data"])
    assert 0 == body["checks"]["workers"]["live"]
    assert response.headers["Retry-After"]
