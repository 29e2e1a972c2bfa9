"""Datasets over HTTP: what was sent is what is stored, and its description is right."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from queueapp.store.idempotency import IdempotencyKeys
from tests.integration.data.described import SHOWN, json
from tests.integration.data.wire import COLUMNS, LOG, Api
from tests.integration.store.records import SCOPE, submit_job


def test_an_upload_is_described_and_stored_byte_for_byte(api: Api) -> None:
    """The answer tells what is in the log; the object is what was sent."""
    response = api.upload()
    body = json(response)
    problems, dates = body.pop("problems"), (body.pop("dateCreated"), body.pop("lastUpdated"))

    assert response.status_code == 201
    assert response.headers["Location"] == "http://localhost/api/acme/sales/datasets/d"
    assert body == SHOWN
    assert [(one["row"], one["column"], one["code"]) for one in problems] == [
        (4, "act", "blank_activity")
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", date) for date in dates)
    _, objects, uploads = api.left()
    assert (1, []) == (len(objects), uploads)
    stored = api.app.extensions["queueapp"].objects.read(objects.pop())
    assert b"".join(stored) == LOG
    assert json(api.call("GET", "datasets/d")) == {
        **body,
        "problems": problems,
        "dateCreated": dates[0],
        "lastUpdated": dates[1],
    }


def test_the_same_again_gets_the_same_record(api: Api) -> None:
    """A repeated PUT is 200 and changes nothing."""
    first, before = api.upload(), api.left()
    again = api.upload()

    assert (again.status_code, json(again)) == (200, json(first))
    assert api.left() == before


@pytest.mark.parametrize("changed", [{"body": LOG + b"3,Pay,2024-02-01,x\n"}, {"fields": {}}])
def test_something_else_replaces_it(api: Api, changed: dict[str, Any]) -> None:
    """Other bytes or fields replace the record; no object of the old one stays."""
    if changed == {"fields": {}}:
        changed = {"fields": {**COLUMNS, "resource": "who"}}
    first = json(api.upload())
    again = api.upload(**changed)

    assert again.status_code == 200
    assert json(again) != first
    assert json(again)["dateCreated"] == first["dateCreated"]
    assert len(api.left()[1]) == 1


def test_uploads_of_one_id_at_once_leave_one_dataset(api: Api) -> None:
    """Whoever comes last is stored, whole; nothing of the others stays."""
    bodies = [LOG + f"{n},Pay,2024-02-01,x\n".encode() for n in range(8)] * 2
    with ThreadPoolExecutor(8) as pool:
        codes = {response.status_code for response in pool.map(api.upload, bodies)}

    shown = json(api.call("GET", "datasets/d"))
    _, objects, uploads = api.left()
    assert codes <= {200, 201}
    assert (1, []) == (len(objects), uploads)
    stored = b"".join(api.app.extensions["queueapp"].objects.read(objects.pop()))
    assert hashlib.sha256(stored).hexdigest() == shown["sha256"]


def test_a_post_makes_an_id_and_is_repeated_by_its_key(api: Api) -> None:
    """The same Idempotency-Key gets the first answer; with another body 422."""
    headers = {"Idempotency-Key": "once"}
    first = api.upload(path="datasets", headers=headers)
    before = api.left()
    again = api.upload(path="datasets", headers=headers)
    other = api.upload(LOG + b"3,x,2024-01-01,y\n", path="datasets", headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert json(first) == json(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"].endswith(json(first)["id"])
    assert api.left() == before


def test_a_refused_post_frees_its_key(api: Api) -> None:
    """After a mistake the same key may be used for the corrected request."""
    headers = {"Idempotency-Key": "once"}
    before = api.left()
    refused = api.upload(b"", path="datasets", headers=headers)

    assert (refused.status_code, api.left()) == (400, before)
    assert api.upload(path="datasets", headers=headers).status_code == 201


def test_lists_are_paged_newest_first(api: Api) -> None:
    """The usual page has 50 entries; an empty project has an empty list."""
    empty = json(api.call("GET", "datasets"))
    for number in range(3):
        api.upload(LOG + f"9{number},x,2024-01-01,y\n".encode(), path=f"datasets/d{number}")
    pages = [json(api.call("GET", f"datasets?page={page}&pageSize=2")) for page in (1, 2)]

    assert empty == {
        "datasets": [],
        "page": 1,
        "pageSize": 50,
        "hasNextPage": False,
        "totalCount": 0,
    }
    assert [one["id"] for page in pages for one in page["datasets"]] == ["d2", "d1", "d0"]
    assert [(page["hasNextPage"], page["totalCount"]) for page in pages] == [(True, 3), (False, 3)]


def test_an_upload_that_was_never_answered_makes_no_second_dataset(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died before it published; when its key is free again the client repeats."""
    headers = {"Idempotency-Key": "once"}
    with monkeypatch.context() as patch:
        patch.setattr(
            IdempotencyKeys, "publish", lambda keys, scope, known, _: keys.release(scope, known)
        )
        first = api.upload(path="datasets", headers=headers)
    again = api.upload(path="datasets", headers=headers)

    assert (201, first.get_json()) == (again.status_code, again.get_json())
    assert 1 == api.call("GET", "datasets").get_json()["totalCount"]


def test_a_deleted_dataset_leaves_nothing(api: Api) -> None:
    """The bytes and every key go with it; who did it is kept."""
    before = api.left()
    api.upload()
    codes = [api.call(method, "datasets/d").status_code for method in ("DELETE", "GET", "DELETE")]

    assert codes == [204, 404, 404]
    assert api.left() == before


def test_a_dataset_in_use_is_not_deleted(api: Api) -> None:
    """409 in_use while a queued job needs it."""
    api.upload()
    api.store.datasets.hold(SCOPE, ["d"], "job")
    submit_job(api.store, "job")
    refused = api.call("DELETE", "datasets/d")

    assert (refused.status_code, json(refused)["code"]) == (409, "in_use")
    assert len(api.left()[1]) == 1


def test_an_object_that_jobs_may_read_outlives_its_replacement(api: Api) -> None:
    """It goes with the chores, once no job can be running any more."""
    api.upload()
    api.store.datasets.hold(SCOPE, ["d"], "job")
    api.upload(LOG + b"3,x,2024-01-01,y\n")

    assert len(api.left()[1]) == 2
    assert api.library.sweep() == 0
    key = api.store.keys("orphans")
    api.store.client.zadd(key, dict.fromkeys(api.store.client.zrange(key, 0, -1), 1))
    assert api.library.sweep() == 1
    assert len(api.left()[1]) == 1
