"""Bad bodies over HTTP: each kind gets its own 4xx, names the field, and changes nothing."""

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.api.conftest import JOB, Api
from tests.integration.api.job_calls import SUBMIT
from tests.integration.api.refusals import TYPE, refused
from tests.waiting import quickest_s

FIELDS = (
    *("jobName", "jobType", "resource", "jobDescription", "priority", "parameters", "retries"),
    *("scheduling", "notifications", "dependencies", "onDependencyFailure"),
    "resourceRequirements",
)
INNER = (
    *("resourceType", "resourceId", "executeImmediately", "scheduledTime", "timeoutMinutes"),
    *("onFailure", "emailRecipients", "cpuUnits", "memoryGB", "maxAttempts", "delaySeconds"),
)


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

    def send() -> None:
        refused(api, api.call("POST", SUBMIT, data=data, headers=TYPE), 400)

    assert quickest_s(send, 1.0) < 1.0


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
