"""Health in the Job Management API."""

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


def test_health_is_503_without_a_live_worker(managed: Api) -> None:
    """With the same checks."""
    managed.store.fleet.leave("w1")
    response = managed.get("/health")
    body = response.get_json()

    assert (503, -1, "degraded") == (response.status_code, body["code"], body["data"])
    assert 0 == body["checks"]["workers"]["live"]
    assert response.headers["Retry-After"]
