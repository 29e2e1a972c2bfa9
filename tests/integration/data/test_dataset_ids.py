"""Datasets over HTTP are found under their ids, in their own project, by who may."""

import pytest

from queueapp.domain.api_key import Role
from tests.integration.data.described import json
from tests.integration.data.wire import ADMIN, Api


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/acme/other/datasets/d", "/api/other/sales/datasets/d"])
def test_other_scopes_do_not_exist(api: Api, method: str, path: str) -> None:
    """A key sees nothing of another tenant or project, and changes nothing there."""
    api.upload(token=ADMIN, path=path)
    before = api.left()
    foreign = api.upload(path=path) if method == "PUT" else api.call(method, path)
    unknown = api.call("GET", "datasets/unknown")

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert json(foreign)["detail"] == json(unknown)["detail"]
    assert api.left() == before


def test_a_viewer_reads_and_changes_nothing(api: Api) -> None:
    """403 for what the role does not allow."""
    api.upload()
    _, viewer = api.store.api_keys.create("vic", Role.VIEWER, "acme")
    put, deleted = api.upload(token=viewer), api.call("DELETE", "datasets/d", token=viewer)
    shown = api.call("GET", "datasets/d", token=viewer)

    assert [put.status_code, deleted.status_code, shown.status_code] == [403, 403, 200]


@pytest.mark.parametrize("odd", ["%7Btenant%7D", "a%20b", "%E6%97%A5%E6%9C%AC", "a:b", "x" * 128])
def test_odd_ids_are_kept(api: Api, odd: str) -> None:
    """Ids are opaque; Location leads back to the dataset."""
    put = api.upload(path=f"datasets/{odd}")
    location = put.headers["Location"].removeprefix("http://localhost")

    assert put.status_code == 201
    assert json(api.call("GET", location))["id"] == json(put)["id"]


@pytest.mark.parametrize("odd", ["x" * 129, "a%0Ab", "..", "%2E", "%E2%80%AE"])
def test_what_is_no_id_is_refused(api: Api, odd: str) -> None:
    """Nothing can be stored under it: who chooses it is told why, to others it is unknown."""
    before = api.left()
    put = api.upload(path=f"datasets/{odd}")

    assert put.status_code == 400
    assert [one["field"] for one in json(put)["errors"]] == ["/datasetId"]
    assert api.call("GET", f"datasets/{odd}").status_code == 404
    assert api.left() == before


def test_a_slash_is_never_part_of_an_id(api: Api) -> None:
    """However it is spelled, it separates; nothing is there then."""
    before = api.left()

    assert api.upload(path="datasets/a%2Fb").status_code == 404
    assert api.left() == before
