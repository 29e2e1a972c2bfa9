"""The logs of jobs over HTTP: levels, times, pages, attempts, and whose they are."""

import uuid
from typing import Any

import orjson
import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.job import LogFile
from queueapp.domain.outcome import Failure
from tests.factories import NOTHING, claim, finish, report
from tests.integration.api.conftest import Api

LINES = [
    {"at": 1000.25, "level": "DEBUG", "message": "quiet"},
    {"at": 2000.5, "level": "INFO", "stage": "Reading", "message": "read", "details": {"n": 1}},
    {"at": 3000.75, "level": "WARN", "message": "odd"},
    {"at": 4000.0, "level": "ERROR", "message": "bad"},
]
RETRYABLE = Failure("job_error", "busy", retryable=True, retry_after_ms=0)
TRACEBACK = "Traceback (most recent call last):\n  somewhere\nValueError: no\n"


def logs(job_id: str, at: str = "/api/t/p") -> str:
    return f"{at}/execution/job/{job_id}/logs"


def records(lines: list[dict[str, Any]]) -> bytes:
    """Write lines as the runner does."""
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def kept(api: Api, **files: bytes) -> list[LogFile]:
    """Put log files into the object store; the underscore stands for the dot."""
    objects = api.app.extensions["queueapp"].objects
    found = []
    for name, content in files.items():
        stored = objects.put(f"logs/{uuid.uuid4()}", [content])
        found.append(LogFile(name.replace("_", "."), stored.key, stored.size_bytes))
    return found


def attempt(api: Api, outcome: str = "completed", **files: bytes) -> None:
    """Run an attempt of the next job that leaves these files; a failure is attempted again."""
    held = claim(api.store)
    assert held is not None
    changes = {"logs": kept(api, **files)}
    if outcome == "failed":
        changes["failure"] = RETRYABLE  # type: ignore[assignment] # one of the report's fields
    finish(api.store, held, outcome, changes=changes)


def messages(api: Api, path: str, **query: Any) -> list[str]:
    """Return the messages of the page that a query gets."""
    response = api.get(path, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return [line["message"] for line in response.get_json()["logs"]]


def test_lines_carry_all_that_is_known(api: Api) -> None:
    """What was logged, then what was printed, then the traceback, each said by component."""
    job_id = api.submit()
    attempt(
        api,
        log_jsonl=records(LINES),
        output_txt=b"hello\r\nworld",
        traceback_txt=TRACEBACK.encode(),
    )
    body = api.get(logs(job_id)).get_json()

    assert {"total": 7, "debug": 1, "info": 3, "warn": 1, "error": 2} == body["logsSummary"]
    assert {
        "timestamp": "1970-01-01T00:33:20Z",
        "timestampMs": 2_000_500,
        "level": "INFO",
        "stage": "Reading",
        "component": "job",
        "message": "read",
        "details": {"n": 1},
        "attempt": 1,
    } == body["logs"][0]
    assert ["job"] * 3 + ["output"] * 2 + ["traceback"] == [x["component"] for x in body["logs"]]
    assert ["hello", "world", "ValueError: no"] == [x["message"] for x in body["logs"]][3:]
    assert [None, None] == [line["timestamp"] for line in body["logs"]][3:5]
    assert {"traceback": TRACEBACK.strip()} == body["logs"][-1]["details"]
    assert ([1], 1000, False, "1.7", True) == (
        body["attempts"],
        body["limit"],
        body["hasMore"],
        body["next"],
        body["complete"],
    )


def test_raw_logs_read_as_text(api: Api) -> None:
    """The same lines, the traceback whole; headers say where the text goes on."""
    job_id = api.submit()
    attempt(api, log_jsonl=records(LINES), output_txt=b"hello", traceback_txt=TRACEBACK.encode())
    whole = api.get(logs(job_id), query_string={"format": "raw"})
    first = api.get(logs(job_id), query_string={"format": "raw", "limit": 1})
    rest = {"format": "RAW", "after": first.headers["X-Next"]}

    assert "text/plain; charset=utf-8" == whole.headers["Content-Type"]
    assert '1970-01-01T00:33:20Z INFO job [Reading]: read {"n":1}\n' == first.text
    assert whole.text == first.text + api.get(logs(job_id), query_string=rest).text
    assert "\nhello\n" in whole.text
    assert whole.text.endswith(f" ERROR traceback\n{TRACEBACK}")
    assert ("true", "1.2") == (first.headers["X-Has-More"], first.headers["X-Next"])
    assert ("false", "1.6") == (whole.headers["X-Has-More"], whole.headers["X-Next"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"level": "debug"}, ["quiet", "read", "odd", "bad"]),
        ({"level": "WARN"}, ["odd", "bad"]),
        ({"level": "error", "format": "structured"}, ["bad"]),
        ({"from": "1970-01-01T00:50:00Z"}, ["odd", "bad"]),
        ({"to": "1970-01-01T00:50:00Z"}, ["read", "odd"]),
        ({"from": "1970-01-01T00:33:20.500Z", "to": "1970-01-01T00:33:20.500Z"}, ["read"]),
        ({"from": "2970-01-01"}, []),
        ({"fromTime": "1970-01-01T00:50:00Z"}, ["odd", "bad"]),
        ({"toTime": "1970-01-01T00:50:00Z", "from": "1970-01-01T00:50:00Z"}, ["odd"]),
        ({"fromTime": "1970-01-01", "from": "1970-01-01T00:50:00Z"}, ["odd", "bad"]),
    ],
)
def test_level_and_time_choose_lines(api: Api, query: dict[str, str], expected: list[str]) -> None:
    """A level shows itself and what is worse; a span of time holds only lines with a time."""
    job_id = api.submit()
    attempt(api, log_jsonl=records(LINES))

    assert expected == messages(api, logs(job_id), **query)


def test_pages_follow_each_other_without_gap_or_repeat(api: Api) -> None:
    """`next` goes on with the line after the last one, over files and attempts."""
    job_id = api.submit(retries={"maxAttempts": 2, "delaySeconds": 0})
    for outcome in ("failed", "completed"):
        lines = [{"level": "INFO", "message": f"{outcome} {n}"} for n in range(5)]
        attempt(api, outcome, log_jsonl=records(lines), output_txt=b"one\ntwo\n")
    whole = messages(api, logs(job_id), attempt="all")
    found, query, pages = [], {"attempt": "all", "limit": "3"}, 0
    while True:
        body = api.get(logs(job_id), query_string=query).get_json()
        found += [line["message"] for line in body["logs"]]
        pages += 1
        assert 14 == body["logsSummary"]["total"]
        if not body["hasMore"]:
            break
        query["after"] = body["next"]

    assert 14 == len(whole)
    assert (whole, 5) == (found, pages)
    assert [] == messages(api, logs(job_id), attempt="all", after=body["next"])


def test_newest_attempt_is_shown_unless_another_is_asked_for(api: Api) -> None:
    """Every attempt keeps its own logs; all shows them in order; an unknown number is 404."""
    job_id = api.submit(retries={"maxAttempts": 3, "delaySeconds": 0})
    attempt(api, "failed", output_txt=b"first")
    attempt(api, "lost", output_txt=b"second")
    before = api.get(logs(job_id), query_string={"attempt": "all"}).get_json()
    attempt(api, "completed", output_txt=b"third")

    assert not before["complete"]
    assert ["third"] == messages(api, logs(job_id))
    assert ["first"] == messages(api, logs(job_id), attempt="1")
    assert ["first", "second", "third"] == messages(api, logs(job_id), attempt="all")
    assert ["second"] == messages(api, logs(job_id), attempt="2")
    assert 404 == api.get(logs(job_id), query_string={"attempt": "4"}).status_code
    assert 404 == api.get(logs(job_id), query_string={"after": "4.1"}).status_code


def test_running_attempt_shows_its_newest_lines(api: Api) -> None:
    """What an attempt reports of its log is shown while it runs, and forgotten afterwards."""
    job_id = api.submit()
    held = claim(api.store)
    assert held is not None
    plain = report()
    tail = {"first": 41, "lines": [records([line]).decode() for line in LINES[1:3]]}
    api.store.attempts.report(job_id, held.epoch, plain.progress, NOTHING, log_tail=tail)
    api.store.attempts.report(job_id, held.epoch, plain.progress, NOTHING)
    body = api.get(logs(job_id)).get_json()
    after = api.get(logs(job_id), query_string={"after": "1.41"}).get_json()
    finish(api.store, held)

    assert ["read", "odd"] == [line["message"] for line in body["logs"]]
    assert (False, False, "1.42") == (body["complete"], body["hasMore"], body["next"])
    assert ["odd"] == [line["message"] for line in after["logs"]]
    assert [] == messages(api, logs(job_id))


def test_job_that_never_ran_has_no_lines(api: Api) -> None:
    """A waiting job answers with an empty page that is not complete."""
    body = api.get(logs(api.submit())).get_json()

    assert ([], [], 0, None, False) == (
        body["attempts"],
        body["logs"],
        body["logsSummary"]["total"],
        body["next"],
        body["complete"],
    )


def test_logs_are_the_scopes_own(api: Api) -> None:
    """Another project's job, an unknown one and another tenant's key get 404."""
    job_id = api.submit()
    stranger = api.as_user("eve", Role.ADMIN, tenant="other")

    assert 404 == api.get(logs(job_id, "/api/t/other")).status_code
    assert 404 == api.get(logs(str(uuid.uuid4()))).status_code
    assert 404 == api.get(logs("no-guid")).status_code
    assert 404 == stranger.get(logs(job_id)).status_code
    assert 200 == api.as_user("vic", Role.VIEWER).get(logs(job_id)).status_code


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", "FATAL"),
        ("limit", "0"),
        ("limit", "10001"),
        ("from", "yesterday"),
        ("attempt", "0"),
        ("attempt", "some"),
        ("after", "1"),
        ("after", "1.x"),
        ("format", "xml"),
        ("fromTime", "yesterday"),
        ("since", "2026-01-01"),
    ],
)
def test_bad_query_is_refused_by_name(api: Api, name: str, value: str) -> None:
    """A parameter that cannot be is 400 and named."""
    response = api.get(logs(api.submit()), query_string={name: value})

    assert 400 == response.status_code
    assert [f"/{name}"] == [error["field"] for error in response.get_json()["errors"]]


def test_cursor_of_another_attempt_is_refused(api: Api) -> None:
    """A cursor goes on with its own attempt only."""
    job_id = api.submit(retries={"maxAttempts": 2, "delaySeconds": 0})
    attempt(api, "failed", output_txt=b"first")
    attempt(api, output_txt=b"second")
    response = api.get(logs(job_id), query_string={"attempt": "2", "after": "1.1"})

    assert 400 == response.status_code
    assert [] == messages(api, logs(job_id), after="1.1")


def test_what_a_job_wrote_cannot_break_the_answer(api: Api) -> None:
    """Odd values, half characters, deep nesting and no JSON at all become plain lines."""
    deep = b'{"level":"INFO","message":"deep","details":{"a":' + b"[" * 400 + b"]" * 400 + b"}}\n"
    odd = [
        b'{"at":NaN,"level":7,"stage":[],"message":{"a":1},"details":5,"component":"me"}\n',
        b'{"at":1e99,"message":"half \\ud800","details":{"x":Infinity,"y":"\\udfff"}}\n',
        deep,
        b"\xff no json\n",
        b"[1]\n",
    ]
    job_id = api.submit()
    attempt(api, log_jsonl=b"".join(odd), output_txt=b"\xff" + b"x" * 200_000)
    body = api.get(logs(job_id)).get_json()

    assert {"INFO"} == {line["level"] for line in body["logs"]}
    assert {None} == {line["timestamp"] for line in body["logs"]}
    assert ["{'a': 1}", "half ?", "deep", "\ufffd no json", "[1]"] == [
        line["message"] for line in body["logs"][:5]
    ]
    assert {"x": None, "y": "?"} == body["logs"][1]["details"]
    assert 200_001 == sum(len(line["message"]) for line in body["logs"][5:])


def test_large_logs_come_in_bounded_pages(api: Api) -> None:
    """A page ends at its byte limit before its line limit, and says that there is more."""
    lines = [{"level": "INFO", "message": "x" * 60_000} for _ in range(100)]
    job_id = api.submit()
    attempt(api, log_jsonl=records(lines))
    body = api.get(logs(job_id)).get_json()

    assert body["hasMore"]
    assert 0 < len(body["logs"]) < 100
    rest = messages(api, logs(job_id), after=body["next"])
    assert 100 == len(body["logs"]) + len(rest)


def test_deleted_logs_are_not_found(api: Api) -> None:
    """Logs whose files are gone with their job are 404 without naming files."""
    job_id = api.submit()
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, changes={"logs": [LogFile("output.txt", "logs/gone", 3)]})
    response = api.get(logs(job_id))

    assert 404 == response.status_code
    assert "logs/gone" not in response.get_data(as_text=True)
