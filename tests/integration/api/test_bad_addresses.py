"""Bad paths, queries, methods and hosts over HTTP: each is refused as what it is."""

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.integration.api.conftest import JOB, Api
from tests.integration.api.job_calls import JOBS, SUBMIT
from tests.integration.api.refusals import UNKNOWN, refused


@pytest.mark.parametrize("digits", [12, 20, 100])
def test_a_page_of_any_size_is_cut_to_the_largest(api: Api, digits: int) -> None:
    """However many digits the number has; a page that far away is out of range, and says so."""
    number = "9" * digits

    assert api.get(f"{JOBS}?pageSize={number}").get_json()["pageSize"] == 100
    errors = refused(api, api.get(f"{JOBS}?page={number}"), 400)["errors"]
    assert errors == [{"field": "/page", "message": "It must be 1 to 1000000000."}]


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
