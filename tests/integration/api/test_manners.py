"""How answers travel: compressed, cached, to pages of other origins, without telling too much."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from queueapp.app import create_app
from queueapp.config import BadSetting, Config, from_env
from tests.integration.api.conftest import ADMIN, Api

JOBS = "/api/t/p/execution/jobs"
TYPES = "/api/t/p/execution/job-types"
GZIP = {"Accept-Encoding": "gzip"}
PAGE = "https://app.example.com"


def vary(response: TestResponse) -> set[str]:
    """Return what an answer depends on."""
    return {name.strip() for name in response.headers.get("Vary", "").split(",")}


def test_large_answers_are_compressed_for_who_takes_it(api: Api) -> None:
    """The same bytes, fewer of them; short answers, and answers to others, go out plain."""
    for _ in range(10):
        api.submit()
    plain = api.get(JOBS)
    packed = api.app.test_client().get(
        JOBS, headers={"Authorization": f"Bearer {ADMIN}", "Accept-Encoding": "br;q=1, gzip;q=0.5"}
    )

    assert "gzip" == packed.headers["Content-Encoding"]
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data) / 2
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in vary(plain) & vary(packed)
    for path, accepted in ((JOBS, "gzip;q=0"), (JOBS, "identity"), (f"{JOBS}?pageSize=1", "gzip")):
        response = api.get(path, headers={"Accept-Encoding": accepted})
        assert "Content-Encoding" not in response.headers, accepted


def test_errors_are_compressed_too_and_heads_have_no_body(api: Api) -> None:
    """A long list of errors shrinks; HEAD says what GET would."""
    names = "&".join(f"unknown{n}=1" for n in range(60))
    refused = api.app.test_client().get(
        f"{JOBS}?{names}", headers={"Authorization": f"Bearer {ADMIN}", **GZIP}
    )
    head = api.call("HEAD", "/openapi.json", headers=GZIP)

    assert 400 == refused.status_code
    assert b"unknown5" in gzip.decompress(refused.data)
    assert ("gzip", b"") == (head.headers["Content-Encoding"], head.data)
    assert int(head.headers["Content-Length"]) > 1_000


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/openapi-3.0.json", "/docs", "/docs/docs.css", "/problems", TYPES]
)
@pytest.mark.parametrize("encoding", [{}, GZIP])
def test_what_a_client_has_is_not_sent_again(api: Api, path: str, encoding: dict[str, str]) -> None:
    """304 with the same tag, compressed or not; another tag gets the whole."""
    client, key = api.app.test_client(), {"Authorization": f"Bearer {ADMIN}"}
    first = client.get(path, headers={**key, **encoding})
    tag = first.headers["ETag"]
    again = client.get(path, headers={**key, **encoding, "If-None-Match": f'"x", {tag}'})
    other = client.get(path, headers={**key, **encoding, "If-None-Match": '"x"'})

    assert [200, 304, 200] == [one.status_code for one in (first, again, other)]
    assert (b"", tag) == (again.data, again.headers["ETag"])
    assert "no-cache" in first.headers["Cache-Control"]
    assert tag == client.get(path, headers=key).headers["ETag"]
    if path == TYPES:
        assert "private" in first.headers["Cache-Control"]
        assert {"Authorization", "X-API-KEY"} <= vary(first)


def test_what_changes_with_time_is_not_stored(api: Api) -> None:
    """A job, a list, an error: nobody keeps them."""
    job_id = api.submit()
    for path in (JOBS, f"/api/t/p/execution/job/{job_id}", "/api/t/p/nothing", "/livez"):
        assert "no-store" == api.get(path).headers["Cache-Control"]


def test_every_answer_is_protected_once(api: Api) -> None:
    """An answer's own headers win over the usual ones, and none is told twice."""
    for path in (JOBS, TYPES, "/docs", "/livez", "/api/t/p/nothing", "/nowhere"):
        headers = api.get(path).headers
        assert ["nosniff"] == headers.getlist("X-Content-Type-Options"), path
        for name in ("Content-Security-Policy", "Cache-Control", "X-Request-Id"):
            assert 1 == len(headers.getlist(name)), (path, name)
        assert "Strict-Transport-Security" not in headers
    secure = api.app.test_client().get("/livez", base_url="https://localhost")
    assert "max-age=31536000" == secure.headers["Strict-Transport-Security"]


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


@pytest.fixture(scope="module")
def open_app(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app that lets one origin in."""
    app = create_app(
        Config(
            redis_url=redis_url,
            data_dir=tmp_path_factory.mktemp("cors"),
            admin_key=ADMIN,
            cors_origins=(PAGE, "http://localhost:5173"),
        )
    )
    yield app
    app.extensions["queueapp"].engine.store.client.close()


@pytest.fixture
def browser(open_app: Flask) -> FlaskClient:
    """A client of that app."""
    return open_app.test_client()


def allowed(response: TestResponse) -> str | None:
    """Return the origin that may read an answer."""
    return response.headers.get("Access-Control-Allow-Origin")


def test_a_preflight_needs_no_key(browser: FlaskClient) -> None:
    """The browser asks before it sends one; other origins and other questions get no leave."""
    asks = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    for path in (JOBS, "/api/t/p/execution/events", "/nothing/at/all"):
        response = browser.options(path, headers=asks)
        assert (204, PAGE, b"") == (response.status_code, allowed(response), response.data)
        names = response.headers["Access-Control-Allow-Headers"]
        assert {"Authorization", "Idempotency-Key", "If-Match", "Last-Event-ID"} <= set(
            names.split(", ")
        )
        assert "DELETE" in response.headers["Access-Control-Allow-Methods"]
        assert "Origin" in vary(response)
    for headers in ({**asks, "Origin": "https://evil.example"}, {"Origin": PAGE}, {}):
        assert 401 == browser.options(JOBS, headers=headers).status_code


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://app.example.com", f"{PAGE}:444", f"{PAGE}/", "*", "",
     f"{PAGE}.evil.example", "https://APP.example.com"],
)  # fmt: skip
def test_only_exact_origins_are_let_in(browser: FlaskClient, origin: str) -> None:
    """No other origin may read anything, and caches keep the answers apart."""
    response = browser.get("/livez", headers={"Origin": origin})

    assert allowed(response) is None
    assert "Origin" in vary(response)


def test_pages_may_read_answers_and_errors(browser: FlaskClient) -> None:
    """With the headers that clients work with; never with credentials."""
    key = {"Authorization": f"Bearer {ADMIN}"}
    for response in (
        browser.get(JOBS, headers={"Origin": PAGE, **key}),
        browser.get(JOBS, headers={"Origin": PAGE}),
        browser.get("/nothing", headers={"Origin": PAGE}),
        browser.put(JOBS, headers={"Origin": PAGE}),
    ):
        exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
        assert PAGE == allowed(response)
        assert {
            *("Location", "ETag", "X-Request-Id", "RateLimit", "RateLimit-Policy"),
            *("Idempotency-Replayed", "Retry-After"),
        } <= exposed
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_any_origin_may_be_let_in(redis_url: str, tmp_path: Path) -> None:
    """With a star, the same answer to all."""
    app = create_app(Config(redis_url=redis_url, data_dir=tmp_path, cors_origins=("*",)))
    response = app.test_client().get("/livez", headers={"Origin": "https://any.example"})

    assert "*" == allowed(response)
    assert "Origin" not in vary(response)
    assert allowed(app.test_client().get("/livez")) is None


@pytest.mark.parametrize("text", ["app.example.com", "https://a/b", "https://*", "ftp://x", "null"])
def test_what_is_no_origin_is_no_setting(text: str) -> None:
    """A slip is told before anything starts."""
    with pytest.raises(BadSetting, match="QUEUEAPP_CORS_ORIGINS"):
        from_env({"QUEUEAPP_CORS_ORIGINS": f"{PAGE}, {text}"})

    assert (PAGE, "*") == from_env({"QUEUEAPP_CORS_ORIGINS": f"{PAGE} ,*"}).cors_origins
