"""Datasets over HTTP: what was sent is what is stored, and its description is right."""

import gzip
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.scope import Scope
from queueapp.store.idempotency import IdempotencyKeys
from tests import factories
from tests.integration.data.wire import ADMIN, COLUMNS, LOG, Api
from tests.integration.store.records import SCOPE, submit_job
from tests.shared_data import shared

SHOWN = {
    "id": "d",
    "name": "Orders",
    "status": "Ready",
    "format": "csv",
    "size": f"{len(LOG)} B",
    "sizeBytes": len(LOG),
    "sha256": hashlib.sha256(LOG).hexdigest(),
    "rows": 4,
    "cases": 2,
    "activities": 2,
    "invalidRows": 1,
    "period": {"startDate": "2024-01-01T10:00:00Z", "endDate": "2024-01-03T10:00:00Z"},
    "columns": {**COLUMNS, "resource": None, "startTime": None},
    "header": ["case", "act", "at", "who"],
    "options": {"delimiter": ",", "encoding": "utf-8", "timezone": "UTC"},
    "error": None,
    "createdBy": "ann",
}


def json(response: Any) -> dict[str, Any]:
    """Return a response's body."""
    body: dict[str, Any] = response.get_json()
    return body


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


@pytest.mark.parametrize(
    ("name", "rows"),
    [("running-example.csv", 42), ("running-example.xes", 42), ("receipt.xes.gz", 8577)],
)
def test_real_logs_are_read_with_the_usual_names(api: Api, name: str, rows: int) -> None:
    """CSV and XES need no column names where theirs are the usual ones."""
    path = shared(f"eventlogs/{name}")
    response = api.upload(path.read_bytes(), filename=name, fields={})

    assert (response.status_code, json(response)["rows"]) == (201, rows)
    assert json(response)["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_packed_log_is_kept_packed(api: Api) -> None:
    """CSV.gz is stored as sent and read unpacked."""
    packed = gzip.compress(LOG, mtime=0)
    body = json(api.upload(packed, filename="log.csv.gz"))

    assert (body["format"], body["rows"], body["sizeBytes"]) == ("csv.gz", 4, len(packed))


def test_parquet_is_read(api: Api, tmp_path: Any) -> None:
    """A table with typed columns needs no hints."""
    import polars as pl

    path = tmp_path / "log.parquet"
    pl.read_csv(LOG, try_parse_dates=True).write_parquet(path)
    body = json(api.upload(path.read_bytes(), filename="log.parquet"))

    assert (body["format"], body["rows"], body["cases"]) == ("parquet", 4, 2)


def test_hints_are_used_and_the_name_has_a_default(api: Api) -> None:
    """Delimiter, encoding and time zone hold; empty fields are as if absent."""
    text = "case;act;at\n1;Müller;01.01.2024 10:00:00\n1;B;02.01.2024 10:00:00\n"
    fields = {
        **COLUMNS,
        "name": "",
        "delimiter": ";",
        "encoding": "cp1252",
        "timezone": "Europe/Amsterdam",
        "resource": "",
    }
    body = json(api.upload(text.encode("cp1252"), filename="dir/März.csv", fields=fields))

    assert (body["name"], body["rows"], body["invalidRows"]) == ("März.csv", 2, 0)
    assert body["period"]["startDate"] == "2024-01-01T09:00:00Z"
    assert body["options"] == {
        "delimiter": ";",
        "encoding": "cp1252",
        "timezone": "Europe/Amsterdam",
    }


def test_a_dataset_can_be_worked_on_at_once(api: Api) -> None:
    """The engine finds what the API stored."""
    factories.add_worker(api.store)
    api.upload()

    assert api.store.datasets.get(Scope("acme", "sales"), "d").sha256 == SHOWN["sha256"]
