"""Pipelines over HTTP: stored as said, checked strictly."""

from typing import Any

import pytest

from queueapp.store.idempotency import IdempotencyKeys
from tests.integration.data.wire import ADMIN, Api

WHOLE = {
    "name": "Nightly",
    "description": "All orders",
    "stages": [{"type": "Filter", "keep": ["a"]}],
    "requirements": {"cpuUnits": 2, "memoryGB": 0.5},
    "timeoutMinutes": 60,
}
NULLS = {"description": None, "requirements": {"cpuUnits": None, "memoryGB": None}}


def shown(body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what the server adds."""
    added = ("id", "createdBy", "dateCreated", "lastUpdated")
    return {name: value for name, value in body.items() if name not in added}


def test_a_pipeline_comes_back_as_it_was_sent(api: Api) -> None:
    """PUT creates with 201; the same again is 200 with the same record."""
    first = api.call("PUT", "pipelines/p", json=WHOLE)
    again = api.call("PUT", "pipelines/p", json=WHOLE)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"] == "http://localhost/api/acme/sales/pipelines/p"
    assert shown(first.get_json()) == WHOLE
    assert first.get_json() == again.get_json() == api.call("GET", "pipelines/p").get_json()
    assert (first.get_json()["id"], first.get_json()["createdBy"]) == ("p", "ann")


@pytest.mark.parametrize("nothing", [{}, NULLS, {"stages": None, "timeoutMinutes": None}])
def test_everything_but_the_name_may_be_left_out(api: Api, nothing: dict[str, Any]) -> None:
    """What is absent or null is left to the job type."""
    body = api.call("PUT", "pipelines/p", json={"name": "x", **nothing}).get_json()

    assert shown(body) == {"name": "x", "stages": [], "timeoutMinutes": None, **NULLS}


def test_a_put_replaces_all_of_it(api: Api) -> None:
    """What a replacement leaves out is gone."""
    api.call("PUT", "pipelines/p", json=WHOLE)
    body = api.call("PUT", "pipelines/p", json={"name": "x"}).get_json()

    assert (body["stages"], body["timeoutMinutes"]) == ([], None)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": None}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " \t"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": 5}, "/name"),
        ({"stages": {}}, "/stages"),
        ({"stages": ["x"]}, "/stages/0"),
        ({"stages": [{}] * 101}, "/stages"),
        ({"requirements": {"cpuUnits": 0}}, "/requirements/cpuUnits"),
        ({"requirements": {"cpuUnits": 1.5}}, "/requirements/cpuUnits"),
        ({"requirements": {"cpuUnits": "2"}}, "/requirements/cpuUnits"),
        ({"requirements": {"cpuUnits": True}}, "/requirements/cpuUnits"),
        ({"requirements": {"memoryGB": 0}}, "/requirements/memoryGB"),
        ({"requirements": {"memoryGB": -1}}, "/requirements/memoryGB"),
        ({"requirements": {"memoryGB": "2"}}, "/requirements/memoryGB"),
        ({"requirements": {"memory": 1}}, "/requirements/memory"),
        ({"timeoutMinutes": 0}, "/timeoutMinutes"),
        ({"timeoutMinutes": 1441}, "/timeoutMinutes"),
        ({"createdBy": "eve"}, "/createdBy"),
        ({"id": "other"}, "/id"),
    ],
)
def test_wrong_fields_are_named(api: Api, changed: dict[str, Any], field: str) -> None:
    """400 names the field and nothing is stored."""
    before = api.left()
    response = api.call("PUT", "pipelines/p", json={**WHOLE, **changed})

    assert response.status_code == 400
    assert [one["field"] for one in response.get_json()["errors"]] == [field]
    assert api.left() == before


def test_a_post_is_repeated_by_its_key(api: Api) -> None:
    """One pipeline comes of one Idempotency-Key."""
    headers = {"Idempotency-Key": "once"}
    answers = [api.call("POST", "pipelines", json=WHOLE, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert api.call("GET", "pipelines").get_json()["totalCount"] == 1


def test_a_post_whose_answer_was_never_kept_makes_no_second_pipeline(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died between the write and the answer; the client repeats."""
    headers = {"Idempotency-Key": "once"}
    monkeypatch.setattr(IdempotencyKeys, "keep", lambda *_: None)
    first = api.call("POST", "pipelines", json=WHOLE, headers=headers).get_json()
    second = api.call("POST", "pipelines", json=WHOLE, headers=headers).get_json()

    assert first["id"] == second["id"]
    assert api.call("GET", "pipelines").get_json()["totalCount"] == 1


def test_a_deleted_pipeline_leaves_nothing(api: Api) -> None:
    """Every key goes with it."""
    before = api.left()
    api.call("PUT", "pipelines/p", json=WHOLE)
    codes = [api.call(method, "pipelines/p").status_code for method in ("DELETE", "GET", "DELETE")]

    assert codes == [204, 404, 404]
    assert api.left() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_scopes_do_not_exist(api: Api, method: str) -> None:
    """A key sees and changes nothing of another tenant."""
    path = "/api/other/sales/pipelines/p"
    api.call("PUT", path, json=WHOLE, token=ADMIN)
    before = api.left()
    body = {"json": {"name": "x"}} if method == "PUT" else {}

    assert api.call(method, path, **body).status_code == 404
    assert api.left() == before
