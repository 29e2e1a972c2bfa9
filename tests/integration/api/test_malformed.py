"""Bad input: each kind gets its own 4xx, names the field, and changes nothing."""

import io
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.integration.api.conftest import JOB, Api

SUBMIT = "/api/t/p/execution/job"
JOBS = "/api/t/p/execution/jobs"
UNKNOWN = f"{SUBMIT}/cc0e8400-e29b-41d4-a716-446655440000"
TYPE = {"Content-Type": "application/json"}
FIELDS = (
    *("jobName", "jobType", "resource", "jobDescription", "priority", "parameters", "retries"),
    *("scheduling", "notifications", "dependencies", "onDependencyFailure"),
    "resourceRequirements",
)
INNER = (
    *("resourceType", "resourceId", "executeImmediately", "scheduledTime", "timeoutMinutes"),
    *("onFailure", "emailRecipients", "cpuUnits", "memoryGB", "maxAttempts", "delaySeconds"),
)


def refused(api: Api, response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """Assert a refusal that is a problem, short, and left nothing behind."""
    assert response.status_code == status, response.get_data(as_text=True)[:500]
    assert response.mimetype == "application/problem+json"
    assert len(response.data) < 16_384
    body: dict[str, Any] = response.get_json()
    assert code in (None, body["code"])
    assert api.get(JOBS).get_json()["totalCount"] == 0
    return body


def changed(path: str, value: object) -> dict[str, Any]:
    """Return a submission with one field, named by dots, set."""
    body: dict[str, Any] = {**JOB, "resource": dict(JOB["resource"])}  # type: ignore[call-overload]
    *parents, last = path.split(".")
    inner = body
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[last] = value
    return body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jobName", ""), ("jobName", "   "), ("jobName", "x" * 201), ("jobName", 5),
        ("jobName", None), ("jobName", ["x"]), ("jobName", True),
        ("jobType", ""), ("jobType", 1), ("jobType", None), ("jobType", {}),
        ("priority", "Urgent"), ("priority", 1), ("priority", ""), ("priority", []),
        ("resource", "d1"), ("resource", []), ("resource", {}),
        ("resource.resourceType", "Table"), ("resource.resourceType", None),
        ("resource.resourceId", ""), ("resource.resourceId", "a/b"),
        ("resource.resourceId", "x" * 129), ("resource.resourceId", 7),
        ("resource.resourceId", "a\nb"), ("resource.colour", "red"),
        ("jobDescription", "x" * 2001), ("jobDescription", 1),
        ("parameters", []), ("parameters", "x"), ("parameters", {"x": "y" * 262_144}),
        ("scheduling", []), ("scheduling.timeoutMinutes", 0), ("scheduling.timeoutMinutes", 1441),
        ("scheduling.timeoutMinutes", "5"), ("scheduling.timeoutMinutes", True),
        ("scheduling.timeoutMinutes", 5.5), ("scheduling.timeoutMinutes", 10**18),
        ("scheduling.executeImmediately", "true"), ("scheduling.executeImmediately", 1),
        ("scheduling.executeImmediately", False),
        ("scheduling.scheduledTime", "2999-01-01"), ("scheduling.scheduledTime", "soon"),
        ("scheduling.scheduledTime", 1), ("scheduling.extra", 1),
        ("notifications.emailRecipients", "a@example.com"),
        ("notifications.emailRecipients", ["nobody"]),
        ("notifications.emailRecipients", ["a@example.com"] * 51),
        ("notifications.onFailure", "no"),
        ("dependencies", "x"), ("dependencies", ["x"]), ("dependencies", [1]),
        ("dependencies", ["x"] * 1001), ("onDependencyFailure", "explode"),
        ("resourceRequirements.cpuUnits", 0), ("resourceRequirements.cpuUnits", 10**9),
        ("resourceRequirements.memoryGB", 0), ("resourceRequirements.memoryGB", "4"),
        ("resourceRequirements.memoryGB", 1e300), ("retries.maxAttempts", 21),
        ("retries.maxAttempts", 0), ("retries.delaySeconds", -1),
        ("retries.delaySeconds", 1e9), ("hosts", "h"), ("host", "h" * 256), ("host", 5),
        ("status", "Running"), ("tenantId", "x"),
        ("submittedBy", "root"), ("queuePosition", 1), ("jobId", "x"), ("jobname", "x"),
    ],
)  # fmt: skip
def test_each_bad_field_is_named(api: Api, field: str, value: object) -> None:
    """400, with a JSON pointer to the field or to what holds it."""
    body = refused(api, api.post(SUBMIT, changed(field, value)), 400)

    if body["errors"]:
        first = field.split(".", maxsplit=1)[0]
        assert body["errors"][0]["field"].split("/")[1] == first


@pytest.mark.parametrize("field", ["jobName", "jobType"])
def test_each_missing_field_is_named(api: Api, field: str) -> None:
    """What is required and absent is named."""
    body = {name: value for name, value in JOB.items() if name != field}

    errors = refused(api, api.post(SUBMIT, body), 400)["errors"]

    assert errors == [{"field": f"/{field}", "message": "Missing data for required field."}]


@pytest.mark.parametrize("digits", [12, 20, 100])
def test_a_page_of_any_size_is_cut_to_the_largest(api: Api, digits: int) -> None:
    """However many digits the number has; a page that far away is out of range, and says so."""
    number = "9" * digits

    assert api.get(f"{JOBS}?pageSize={number}").get_json()["pageSize"] == 100
    errors = refused(api, api.get(f"{JOBS}?page={number}"), 400)["errors"]
    assert errors == [{"field": "/page", "message": "It must be 1 to 1000000000."}]


def test_a_body_that_is_not_utf8_is_told_so(api: Api) -> None:
    """With the place of the byte that cannot be read."""
    body = refused(api, api.call("POST", SUBMIT, data=b'{"jobName": "\xff"}', headers=TYPE), 400)

    assert body["detail"] == "The body is not UTF-8: byte 14 cannot be read."


def test_an_integer_may_be_spelled_with_a_point(api: Api) -> None:
    """670.0 is an integer in JSON."""
    assert api.post(SUBMIT, changed("scheduling.timeoutMinutes", 670.0)).status_code == 202


def test_an_unknown_type_is_named_with_those_offered(api: Api) -> None:
    """The message lists what workers offer."""
    body = refused(api, api.post(SUBMIT, {**JOB, "jobType": "Nope"}), 400, "job_type_unavailable")

    assert "ProcessMining" in body["detail"]
    assert [one["field"] for one in body["errors"]] == ["/jobType"]


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"", TYPE, 400), (b"null", TYPE, 400), (b"[]", TYPE, 400), (b'"x"', TYPE, 400),
        (b"1", TYPE, 400), (b"{", TYPE, 400), (b'{"jobName": NaN}', TYPE, 400),
        (b'{"jobName": "\\ud800"}', TYPE, 400), (b'{"jobName": "a\\u0000"}', TYPE, 400),
        (b'{"jobName": "a", "jobName": "b"}', TYPE, 400),
        (b'{"parameters": ' + b"[" * 65 + b"]" * 65 + b"}", TYPE, 400),
        (b'{"parameters": ' + b"[" * 100_000, TYPE, 400),
        (b'{"scheduling": {"timeoutMinutes": ' + b"9" * 5000 + b"}}", TYPE, 400),
        (b"\xff\xfe{}", TYPE, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"{}", {"Content-Type": "nonsense"}, 415),
        (b"{}", {}, 415),
        (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
        (b"{}", {**TYPE, "Content-Encoding": "gzip"}, 415),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}', TYPE, 413),
        (b" " * ((1 << 20) + 1), TYPE, 413),
    ],
)  # fmt: skip
def test_each_bad_body_has_its_status(
    api: Api, data: bytes, headers: dict[str, str], status: int
) -> None:
    """Malformed is 400, of another type 415, too large 413."""
    refused(api, api.call("POST", SUBMIT, data=data, headers=headers), status)


@pytest.mark.parametrize(("size", "status"), [((1 << 20) + 1, 413), (1 << 20, 400)])
def test_bodies_in_chunks_are_measured_too(api: Api, size: int, status: int) -> None:
    """A body without a length is not cut off and read as something shorter."""
    response = api.call(
        "POST",
        SUBMIT,
        input_stream=io.BytesIO(b" " * size),
        headers={**TYPE, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    refused(api, response, status)


def test_json_with_a_suffix_or_charset_is_json(api: Api) -> None:
    """Clients say their content type in several ways."""
    for kind in ("application/json; charset=UTF-8", "application/vnd.x+json"):
        response = api.call("POST", SUBMIT, json=JOB, headers={"Content-Type": kind})
        assert response.status_code == 202


@pytest.mark.parametrize(
    "data",
    [
        b"{" + b",".join(b'"k%d":1' % n for n in range(60_000)) + b"}",
        b'{"parameters": {"x": [' + b"0," * 400_000 + b"0]}}",
        b'{"' + b"k" * 1_000_000 + b'": 1}',
        b"[" * 1_000_000,
    ],
)
def test_hostile_bodies_are_refused_quickly(api: Api, data: bytes) -> None:
    """Within a tenth of a second and in a short answer (a generous bound for a busy machine)."""
    began = time.monotonic()

    refused(api, api.call("POST", SUBMIT, data=data, headers=TYPE), 400)

    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-1", "page=x", "page=", "page=1.5", "page=1e3", "page=99999999999999999999",
        "pageSize=0", "pageSize=x", "pageSize=-5", "status=Done", "status=", "priority=Medium",
        "dateFrom=yesterday", "dateTo=2024-02-30", "dateFrom=", "nonsense=1", "Page=1",
        "page=1&page=2", "status=Queued&status=Failed", "jobType=" + "x" * 65, "a=1&b=2",
    ],
)  # fmt: skip
def test_each_bad_query_is_refused(api: Api, query: str) -> None:
    """400 naming the parameter; unknown ones too."""
    body = refused(api, api.get(f"{JOBS}?{query}"), 400)

    named = {error["field"].lstrip("/") for error in body["errors"]}
    assert named <= {part.split("=")[0] for part in query.split("&")}
    assert named


@pytest.mark.parametrize(
    "path", [UNKNOWN, f"{UNKNOWN}/retry", SUBMIT, "/api/t/execution/system/status"]
)
def test_unknown_parameters_are_refused_everywhere(api: Api, path: str) -> None:
    """An address that takes no parameters refuses them."""
    method = "POST" if path in (SUBMIT, f"{UNKNOWN}/retry") else "GET"

    response = api.call(method, f"{path}?verbose=1", json=JOB if method == "POST" else None)

    assert response.status_code == 400


@pytest.mark.parametrize(
    "query", ["forceTermination=maybe", "reason=" + "x" * 501, "preservePartialResults=", "x=1"]
)
def test_bad_cancel_queries_are_refused(api: Api, query: str) -> None:
    """A cancel with wishes that cannot be read cancels nothing."""
    job_id = api.submit()

    assert api.delete(f"{SUBMIT}/{job_id}?{query}").status_code == 400
    assert api.get(f"{SUBMIT}/{job_id}").get_json()["status"] == "Queued"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/t/p/execution/jobs?submittedBy=%00", 400),
        ("/api/t/p/execution/jobs?submittedBy=%ff", 400),
        ("/api/t/p/execution/jobs?submittedBy=%ED%A0%80", 400),
        ("/api/t%00/p/execution/jobs", 400),
        ("/api/t%0A/p/execution/jobs", 404),
        ("/api/a%2Fb/p/execution/jobs", 404),
        ("/api/" + "x" * 129 + "/p/execution/jobs", 404),
        ("/api/t/p/execution/jobs/", 404),
        ("//api/t/p/execution/jobs", 404),
        ("/api//p/execution/jobs", 404),
        ("/api/t/../p/execution/jobs", 404),
        ("/API/t/p/execution/jobs", 404),
        ("/api", 404),
        ("/nothing", 404),
        ("/problems/nothing", 404),
        ("/docs/../../etc/passwd", 404),
        ("/docs/%2e%2e%2fdocs.py", 404),
    ],
)
def test_each_bad_address_is_refused(api: Api, path: str, status: int) -> None:
    """NUL and what is not UTF-8 are 400; ids that cannot be are unknown."""
    response = api.get(path)

    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_a_path_that_is_not_utf8_is_refused(api: Api) -> None:
    """Whatever bytes a server hands over."""
    for raw in ("/api/\xff/p/execution/jobs", "/api/\xed\xa0\x80/p/execution/jobs"):
        response = api.get("/", environ_overrides={"PATH_INFO": raw})
        assert response.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS", "PROPFIND"])
def test_other_methods_are_405(api: Api, method: str) -> None:
    """With an Allow header, as a problem, whatever the method-override headers say."""
    response = api.call(method, SUBMIT, headers={"X-HTTP-Method-Override": "POST"})

    assert response.status_code == (200 if method == "OPTIONS" else 405)
    assert "POST" in response.headers["Allow"]


def test_a_crash_answers_500_without_a_trace(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unexpected is logged with the request id and told without details."""
    engine = api.app.extensions["queueapp"].engine

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(engine, "jobs", broken)

    response = api.get(JOBS, headers={"X-Request-Id": "abc-1"})

    assert response.status_code == 500
    assert response.get_json()["requestId"] == "abc-1"
    assert "secret" not in response.get_data(as_text=True)


@pytest.mark.parametrize("given", ["a b", "", "x" * 65, "é", "a\tb", "<script>"])
def test_bad_request_ids_are_replaced(api: Api, given: str) -> None:
    """Only plain short ids are echoed."""
    response = api.get(JOBS, headers={"X-Request-Id": given})

    assert response.headers["X-Request-Id"] != given


def test_security_headers_and_no_cors(api: Api) -> None:
    """Every answer forbids sniffing, framing and caching; no other origin is let in."""
    for path in (JOBS, "/nothing", "/docs", "/livez"):
        response = api.get(path, headers={"Origin": "https://evil.example"})

        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert not [name for name in response.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 # werkzeug's headers iterate pairs


def test_a_full_queue_is_429(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Retry-After."""
    services = api.app.extensions["queueapp"]
    monkeypatch.setattr(services.engine._enqueue.__self__, "max_queued", 1)
    api.submit()

    response = api.post(SUBMIT, JOB)

    assert response.status_code == 429
    assert response.get_json()["code"] == "queue_full"
    assert int(response.headers["Retry-After"]) > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, *INNER]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_submission_breaks_the_server(api: Api, changes: dict[str, Any]) -> None:
    """Whatever the body, the answer is one that the document knows, and never 500."""
    response = api.call("POST", SUBMIT, data=json.dumps({**JOB, **changes}), headers=TYPE)

    assert response.status_code in (202, 400, 404)


@given(st.sampled_from([JOBS, UNKNOWN, f"{UNKNOWN}/results"]), st.text(max_size=20), st.text())
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_query_breaks_the_server(api: Api, path: str, name: str, value: str) -> None:
    """Whatever the parameters, known names or not, and never 500."""
    for known in (name, "page", "pageSize", "dateFrom", "submittedBy", "jobType", "format"):
        pairs = urlencode({known: value}, errors="surrogatepass")
        assert api.get(f"{path}?{pairs}").status_code in (200, 400, 404)


def test_a_host_that_cannot_be_is_refused(api: Api) -> None:
    """Links are made from the host, so it must be one."""
    for host in ("a b", "a/b", "<x>", 'evil.example"', "a\x00b"):
        response = api.get(JOBS, environ_overrides={"HTTP_HOST": host})
        assert response.status_code == 400, host


def test_a_host_that_no_codec_reads_is_refused(api: Api) -> None:
    """Without the test client, which stumbles over such a host itself."""
    environ = EnvironBuilder(path=JOBS).get_environ()
    environ["HTTP_HOST"] = "xn--a.example"

    _, status, _ = run_wsgi_app(api.app, environ)

    assert status.startswith("400")


@pytest.mark.parametrize("host", ["example.com", "my_web:8000", "[::1]:80"])
def test_links_name_the_host_that_was_asked(api: Api, host: str) -> None:
    """Whatever a network calls this server, its links lead back to it."""
    response = api.get("/openapi.json", environ_overrides={"HTTP_HOST": host})

    assert response.get_json()["servers"][0]["url"] == f"http://{host}"
