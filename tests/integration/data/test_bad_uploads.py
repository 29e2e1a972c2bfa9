"""Uploads that cannot be used: each is refused with its own reason, and nothing is stored."""

import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.data.wire import COLUMNS, LOG, Api
from tests.waiting import quickest_s

ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<log><trace><event><string key='concept:name' value='&b;'/></event></trace></log>"
)
#: What it is; the bytes; their file's name; fields; the field to blame; the reason ("" is any).
CASES: list[tuple[str, bytes, str, dict[str, str], str, str]] = [
    ("empty", b"", "log.csv", {}, "/file", "empty_file"),
    ("blank", b" \n\n", "log.csv", {}, "/file", "empty_file"),
    ("header only", b"case,act,at\n", "log.csv", {}, "/file", "no_rows"),
    ("no case", LOG, "log.csv", {"caseId": "order"}, "/caseId", "missing_column"),
    ("no activity", LOG, "log.csv", {"activityName": "x"}, "/activityName", "missing_column"),
    ("no time", LOG, "log.csv", {"activityTime": "x"}, "/activityTime", "missing_column"),
    ("no resource", LOG, "log.csv", {"resource": "x"}, "/resource", "missing_column"),
    ("no start", LOG, "log.csv", {"startTime": "x"}, "/startTime", "missing_column"),
    ("twice", LOG, "log.csv", {"activityName": "case"}, "/activityName", "repeated_column"),
    ("not utf-8", LOG + b"3,M\xfcller,2024-01-01,x\n", "l.csv", {}, "/encoding", "not_utf8"),
    ("wrong encoding", LOG + b"\xff", "l.csv", {"encoding": "ascii"}, "/encoding", ""),
    ("no encoding", LOG, "l.csv", {"encoding": "klingon"}, "/encoding", "unknown_encoding"),
    ("no zone", LOG, "l.csv", {"timezone": "Mars/Base"}, "/timezone", "unknown_timezone"),
    ("no delimiter", LOG, "l.csv", {"delimiter": "xy"}, "/delimiter", "unknown_delimiter"),
    ("rubbish", bytes(range(256)) * 40, "log.csv", {}, "/file", "not_a_table"),
    ("a zip", b"PK\x03\x04" + bytes(99), "log.csv", {}, "/file", "unknown_format"),
    ("json", b'{"a": 1}', "log.csv", {}, "/file", "unknown_format"),
    ("not parquet", LOG, "log.parquet", {}, "/file", "unknown_format"),
    ("bad parquet", b"PAR1" + bytes(99), "log.parquet", {}, "/file", "bad_parquet"),
    ("entities", ENTITIES, "log.xes", {}, "/file", ""),
    ("bad xml", b"<log><trace></log>", "log.xes", {}, "/file", ""),
    ("half a gzip", gzip.compress(LOG * 50)[:-20], "log.csv.gz", {}, "/file", "truncated"),
    ("broken gzip", gzip.compress(LOG)[:30] + bytes(50), "log.csv.gz", {}, "/file", ""),
    ("a bomb", gzip.compress(bytes([65]) * (100 << 20)), "log.csv.gz", {}, "/file", "too_large"),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_file_that_is_no_log_is_refused(
    api: Api, case: tuple[str, bytes, str, dict[str, str], str, str]
) -> None:
    """400 names the field and the reason; keys, objects and files are as they were."""
    _, body, filename, fields, field, reason = case
    before = api.left()
    given = fields if filename.endswith("xes") else {**COLUMNS, **fields}
    response = api.upload(body, filename=filename, fields=given)
    problem = response.get_json()

    assert (response.status_code, problem["code"]) == (400, "validation_failed")
    assert [one["field"] for one in problem["errors"]] == [field]
    assert problem["reason"] == reason or (not reason and problem["reason"])
    assert api.left() == before


def test_a_file_that_is_not_utf8_hints_at_the_encoding(api: Api) -> None:
    """The message says what to do about it."""
    problem = api.upload(LOG + b"3,M\xfcller,2024-01-01,x\n").get_json()

    assert "encoding" in problem["detail"]


def test_a_bad_replacement_leaves_the_old_dataset(api: Api) -> None:
    """A refused PUT changes nothing of what is there."""
    shown, before = api.upload().get_json(), api.left()

    assert api.upload(b"").status_code == 400
    assert api.call("GET", "datasets/d").get_json() == shown
    assert api.left() == before


def file(body: bytes = LOG, name: str = "log.csv") -> Any:
    """Return a part with a file."""
    return (io.BytesIO(body), name)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"name": "x"}, ["/file"]),
        ({"name": "x", "file": "text"}, ["/file"]),
        ({"other": file()}, ["/file"]),
        ({"file": [file(), file()]}, ["/file"]),
        ({"file": file(), "casId": "case"}, ["/casId"]),
        ({"file": file(), "name": ["a", "b"]}, ["/name"]),
        ({"file": file(), "name": "  "}, ["/name"]),
        ({"file": file(), "name": "x" * 201}, ["/name"]),
        ({"file": file(), "name": "a\nb"}, ["/name"]),
        ({"file": file(), "caseId": "case"}, ["/activityName", "/activityTime"]),
        ({"file": file(), "resource": "who"}, ["/caseId", "/activityName", "/activityTime"]),
        ({"file": file(), "caseId": "x" * 501}, ["/caseId"]),
    ],
)
def test_a_form_must_be_right(api: Api, data: dict[str, Any], fields: list[str]) -> None:
    """Missing, repeated, unknown and oversized fields are named."""
    before = api.left()
    response = api.call("PUT", "datasets/d", data=data, content_type="multipart/form-data")

    assert response.status_code == 400
    named = [one["field"] for one in response.get_json()["errors"]]
    assert sorted(fields) == sorted(named)
    assert api.left() == before


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", 415),
        ("text/csv", LOG, 415),
        ("", LOG, 415),
        ("multipart/form-data", LOG, 400),
        ("multipart/form-data; boundary=x", LOG, 400),
        ("multipart/form-data; boundary=x", b"--x\r\n", 400),
        ("multipart/form-data; boundary=\xe9", b"--x\r\n", 400),
    ],
)
def test_a_body_must_be_a_form(api: Api, content_type: str, body: bytes, code: int) -> None:
    """Other types of content and broken forms are refused."""
    before = api.left()
    response = api.call("PUT", "datasets/d", data=body, content_type=content_type)

    assert response.status_code == code
    assert api.left() == before


def test_a_file_beyond_the_limit_is_refused(make_api: Callable[..., Api]) -> None:
    """413 names the limit; nothing stays."""
    api = make_api(max_upload_mb=1)
    before = api.left()
    response = api.upload(LOG + b"x" * (1 << 20))

    assert response.status_code == 413
    assert "1 MiB" in response.get_json()["detail"]
    assert api.left() == before


def test_a_file_that_looks_like_boundaries_is_taken(api: Api) -> None:
    """However much of it the parser must hold back at the end of a chunk, no limit is met."""
    line = b'9,"--' + b"-" * 68 + b'",2024-01-01T00:00:00Z,x\r\n'
    body = b"case,act,at,who\r\n" + line * 3_000
    response = api.upload(body)

    assert (response.status_code, response.get_json()["rows"]) == (201, 3_000)


def test_many_fields_are_refused_fast(api: Api) -> None:
    """A form of ten thousand fields, or of one huge field, is stopped early."""
    before = api.left()

    def send() -> None:
        for form in ({f"f{n}": "x" for n in range(10_000)}, {"name": "x" * (1 << 20)}):
            assert 413 == api.call("PUT", "datasets/d", data={**form, "file": file()}).status_code

    assert quickest_s(send, 5.0) < 5
    assert api.left() == before


def test_an_object_store_that_fails_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 when the record cannot be written, and the object is gone again."""
    from queueapp.domain.errors import Unavailable
    from queueapp.store.datasets import Datasets

    def refuse(*_: object, **__: object) -> None:
        raise Unavailable

    before = api.left()
    with monkeypatch.context() as patch:
        patch.setattr(Datasets, "put", refuse)
        assert api.upload().status_code == 503
    assert api.left() == before


def test_a_record_whose_answer_was_lost_keeps_its_bytes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, but what was published is whole: sending it again finds it."""
    from queueapp.domain.errors import Unavailable
    from queueapp.store.datasets import Datasets

    put = Datasets.put

    def lose_the_answer(*args: Any, **more: Any) -> None:
        put(*args, **more)
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(Datasets, "put", lose_the_answer)
        assert api.upload().status_code == 503
    assert len(api.left()[1]) == 1
    assert api.upload().status_code == 200


@pytest.mark.parametrize("depth", [400_000, 5_000_000])
@pytest.mark.parametrize("path", ["pipelines", "datasets"])
def test_nested_json_is_refused_fast(api: Api, depth: int, path: str) -> None:
    """Up to 10 MB of brackets cost no time and change nothing."""
    before = api.left()
    body = b'{"name": ' + b"[" * depth + b"]" * depth + b"}"

    def send() -> None:
        response = api.call("POST", path, data=body, content_type="application/json")
        assert response.status_code in (400, 413, 415)

    assert quickest_s(send, 2.0) < 2
    assert api.left() == before
