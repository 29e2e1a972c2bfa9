"""Who may do what: a matrix over every route there is."""

import itertools
import re
import uuid
from typing import Any

import pytest
from flask import Flask

from queueapp.api.auth import PUBLIC, needed_role
from queueapp.domain.api_key import Role
from tests.integration.api.conftest import ADMIN, Api

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
# They are of all tenants, so reading them takes more than a viewer.
ABOUT_ALL = {"Metrics.Metrics", "Audit.FleetTrail"}
IDS = {
    "tenantId": "t",
    "projectId": "p",
    "workerName": "w1",
    "jobId": "cc0e8400-e29b-41d4-a716-446655440000",
    "datasetId": "d",
    "pipelineId": "l",
    "artifactId": "a",
    "operationId": "o",
    "userId": "u",
    "workflowId": "w",
    "priority": "High",
}


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return every route that needs a key as (endpoint, method, path).

    The Job Management API has rules of its own, and tests of its own.
    """
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or rule.endpoint.startswith("Managed "):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda match: IDS.get(match[1], "x"), rule.rule)
        methods = (rule.methods or set()) - {"OPTIONS", "HEAD"}
        found += [(rule.endpoint, method, path) for method in sorted(methods)]
    return found


def test_the_public_list_is_short_and_read_only(api: Api) -> None:
    """Nothing that is open writes, and everything under /api needs a key."""
    for rule in api.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            assert not (rule.methods or set()) & WRITES
            assert not rule.rule.startswith("/api")


def test_every_route_with_a_key_is_documented(api: Api) -> None:
    """The document knows every route under /api."""
    for _, method, path in routes(api.app):
        assert api.document.operation(method, path) is not None, f"{method} {path}"


def test_every_write_names_its_role(api: Api) -> None:
    """A write without a stated role would need admin; none relies on that."""
    with api.app.test_request_context():
        for endpoint, method, _ in routes(api.app):
            if endpoint not in ABOUT_ALL:
                role = needed_role(endpoint, method)
                assert role.includes(Role.SUBMITTER) == (method in WRITES), endpoint


BAD_HEADERS: list[dict[str, str]] = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Basic {ADMIN}"},
    {"Authorization": ADMIN},
    {"Authorization": f"Bearer {ADMIN} {ADMIN}"},
    {"Authorization": f"Bearer {ADMIN},Bearer {ADMIN}"},
    {"Authorization": f"Bearer {ADMIN}, Bearer {ADMIN}"},
    {"Authorization": "Bearer " + "x" * 10_000},
    {"Authorization": "Bearer é"},
    {"Authorization": "Bearer \x7f"},
    {"Authorization": "Bearer qa_0123456789abcdef_" + "A" * 43},
    {"X-API-KEY": "wrong"},
    {"X-API-KEY": ""},
    {"X-API-KEY": ADMIN, "Authorization": "Bearer other"},
    {"X-API-KEY": ADMIN, "Authorization": "Bearer "},
]


@pytest.mark.parametrize("headers", BAD_HEADERS)
def test_without_one_good_key_every_route_is_401(api: Api, headers: dict[str, str]) -> None:
    """401 with WWW-Authenticate, whatever is wrong with the key."""
    for _, method, path in routes(api.app):
        response = api.call(method, path, headers={"Authorization": None, **headers})

        assert response.status_code == 401, f"{method} {path}"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.get_json()["code"] == "unauthorized"


def test_a_key_in_the_query_or_a_cookie_is_no_key(api: Api) -> None:
    """Keys are taken from headers only, so that they do not end up in logs."""
    for query in ("X-API-KEY", "api_key", "token", "key"):
        path = f"/api/t/p/execution/jobs?{query}={ADMIN}"
        assert api.get(path, headers={"Authorization": None}).status_code == 401
    cookie = {"Authorization": None, "Cookie": f"X-API-KEY={ADMIN}"}
    assert api.get("/api/t/p/execution/jobs", headers=cookie).status_code == 401


def test_both_headers_are_good(api: Api) -> None:
    """Bearer in any case, X-API-KEY, or both with the same key."""
    path = "/api/t/p/execution/jobs"
    for headers in (
        {"Authorization": f"bearer {ADMIN}"},
        {"Authorization": None, "X-API-KEY": ADMIN},
        {"Authorization": f"BEARER {ADMIN}", "x-api-key": ADMIN},
    ):
        assert api.get(path, headers=headers).status_code == 200


def test_a_revoked_key_is_unknown(api: Api) -> None:
    """A key ends when it is revoked."""
    other = api.as_user("ann", Role.VIEWER)
    assert other.get("/api/t/p/execution/jobs").status_code == 200

    api.store.api_keys.revoke(other.token.split("_")[1])

    assert other.get("/api/t/p/execution/jobs").status_code == 401


def without_request(body: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in ("requestId", "instance")}


@pytest.mark.parametrize("cover", [("other", None), ("t", "other")])
def test_what_a_key_does_not_cover_looks_unknown(api: Api, cover: tuple[str, str | None]) -> None:
    """404 on every route, with the body that an unknown id gets."""
    tenant, project = cover
    other = api.as_user("eve", Role.ADMIN, tenant=tenant, project=project)
    unknown = api.get(f"/api/t/p/execution/job/{uuid.uuid4()}").get_json()

    for _, method, path in routes(api.app):
        if "/t/" not in path or (project is not None and "/p/" not in path):
            continue  # the fleet is everybody's
        response = other.call(method, path)

        assert response.status_code == 404, f"{method} {path}"
        assert without_request(response.get_json()) == without_request(unknown)


def test_a_real_job_of_another_tenant_stays_untouched(api: Api) -> None:
    """Another tenant's key cannot see or stop it, not even through its own project's path."""
    job_id = api.submit()
    other = api.as_user("eve", Role.ADMIN, tenant="other")

    for project, method in itertools.product(("t/p", "other/p"), ("GET", "DELETE")):
        assert other.call(method, f"/api/{project}/execution/job/{job_id}").status_code == 404
    assert other.post(f"/api/other/p/execution/job/{job_id}/retry", {}).status_code == 404
    assert other.get("/api/other/p/execution/jobs").get_json()["totalCount"] == 0
    assert api.get(f"/api/t/p/execution/job/{job_id}").get_json()["status"] == "Queued"


def test_another_tenants_dependency_is_unknown(api: Api) -> None:
    """A job of another project is no dependency."""
    foreign = api.submit("/api/other/p")
    body = {
        "jobName": "x",
        "jobType": "Sleep",
        "dependencies": [foreign],
        "resource": {"resourceType": "Notebook", "resourceId": "d"},
    }

    response = api.post("/api/t/p/execution/job", body)

    assert response.status_code == 400
    assert api.get("/api/t/p/execution/jobs").get_json()["totalCount"] == 0


def test_viewers_cannot_write(api: Api) -> None:
    """403 on every write, nothing else."""
    viewer = api.as_user("vic", Role.VIEWER, tenant="t")

    for endpoint, method, path in routes(api.app):
        if endpoint in ABOUT_ALL:
            continue
        status = viewer.call(method, path).status_code
        assert (status == 403) == (method in WRITES), f"{method} {path}: {status}"


def test_uncovered_comes_before_forbidden(api: Api) -> None:
    """A viewer of another tenant learns nothing from a write: 404, not 403."""
    viewer = api.as_user("vic", Role.VIEWER, tenant="other")

    assert viewer.post("/api/t/p/execution/job", {}).status_code == 404


@pytest.mark.parametrize("header", ["X-Tenant-Id", "X-Project-Id"])
def test_headers_that_contradict_the_path_are_403(api: Api, header: str) -> None:
    """The headers are not needed, but must not lie."""
    path = "/api/t/p/execution/jobs"
    right = {"X-Tenant-Id": "t", "X-Project-Id": "p"}

    assert api.get(path, headers={header: "x"}).status_code == 403
    assert api.get(path, headers={header: right[header]}).status_code == 200


@pytest.mark.parametrize("token", ["", "1.abc", "9999999999." + "A" * 43, "x" * 500])
def test_a_bad_link_is_401(api: Api, token: str) -> None:
    """A link that was not signed here opens nothing."""
    path = f"/api/t/p/artifacts/a?token={token}"

    assert api.get(path, headers={"Authorization": None}).status_code in (400, 401)


def test_a_link_opens_only_downloads(api: Api) -> None:
    """A token in the query is no key anywhere else."""
    for _, method, path in routes(api.app):
        if "/artifacts/" not in path:
            response = api.call(method, f"{path}?token=1.x", headers={"Authorization": None})
            assert response.status_code == 401
