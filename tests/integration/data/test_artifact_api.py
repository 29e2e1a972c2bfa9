"""Artifacts over HTTP: the bytes that were made, to those who may have them, safely."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from queueapp.api.downloads import disposition, signed_link
from queueapp.domain.job import Artifact
from queueapp.domain.scope import Scope
from queueapp.signing import sign
from queueapp.store.codec import dumps
from tests import factories
from tests.integration.data.wire import ADMIN, Api
from tests.integration.store.records import SCOPE

BODY = bytes(range(256)) * 8192  # 2 MiB
DIGEST = hashlib.sha256(BODY).hexdigest()
FAR = 4_000_000_000


def publish(api: Api, artifact_id: str = "a", *, scope: Scope = SCOPE, **changed: Any) -> Artifact:
    """Publish a file as a finished job does."""
    report = factories.artifact(
        id=artifact_id,
        type="ProcessMiningReport",
        name="report.html",
        format="html",
        media_type="text/html; charset=utf-8",
        size_bytes=len(BODY),
        sha256=DIGEST,
        object_key=f"artifacts/{artifact_id}",
    )
    artifact = replace(report, **changed)
    api.app.extensions["queueapp"].objects.put(artifact.object_key, [BODY])
    fields = {"artifact": dumps(artifact), "scope": scope.key, "job": "job"}
    api.store.client.hset(api.store.keys("artifact", artifact_id), mapping=fields)
    return artifact


def link(api: Api, artifact: Artifact) -> str:
    """Return the link that results show."""
    with api.app.test_request_context():
        return signed_link(SCOPE, artifact)


def follow(api: Api, url: str, **more: Any) -> Any:
    """Follow a link as a browser does: without a key."""
    parts = urlsplit(url)
    return api.app.test_client().get(f"{parts.path}?{parts.query}", **more)


def test_a_key_downloads_the_bytes(api: Api) -> None:
    """The file comes whole, as an attachment that cannot do harm."""
    publish(api)
    response = api.call("GET", "artifacts/a")

    assert (response.status_code, response.get_data()) == (200, BODY)
    headers = response.headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Length"] == str(len(BODY))
    assert headers["ETag"] == f'"{DIGEST}"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Content-Disposition"].startswith('attachment; filename="report.html"')


def test_a_link_needs_no_key(api: Api) -> None:
    """It is absolute, and opens the artifact that it names and no other."""
    artifact = publish(api)
    publish(api, "b")
    url = link(api, artifact)

    assert url.startswith("http://localhost/api/acme/sales/artifacts/a?token=")
    assert follow(api, url).get_data() == BODY
    assert follow(api, url.replace("artifacts/a", "artifacts/b")).status_code == 401
    assert follow(api, url.replace("sales", "other")).status_code == 401
    assert follow(api, url + "x").status_code == 401
    assert follow(api, url.replace("token", "tokens")).status_code == 401
    assert follow(api, url.partition("?")[0] + "?").status_code == 401


def test_a_link_may_be_on_a_configured_address(make_api: Callable[..., Api]) -> None:
    """The configured base address wins over the one that was asked for."""
    api = make_api(base_url="https://queue.example/base/")

    url = link(api, publish(api))
    assert url.startswith("https://queue.example/base/api/acme/sales/artifacts/a?token=")


def test_a_link_is_good_where_no_secret_was_set(make_api: Callable[..., Api]) -> None:
    """It is signed, and read, with the data directory's own."""
    api = make_api(secret_key=None)

    assert BODY == follow(api, link(api, publish(api))).get_data()


def test_an_old_link_is_gone(api: Api) -> None:
    """410 says that it was good once, also for somebody with a key."""
    publish(api)
    token = sign("secret", scope=SCOPE, artifact_id="a", expires_at_s=1_000)
    path = f"/api/acme/sales/artifacts/a?token={token}"

    assert follow(api, path).status_code == 410
    assert follow(api, path).get_json()["code"] == "gone"
    assert api.call("GET", path).status_code == 410


def test_what_is_unknown_is_not_found(api: Api) -> None:
    """404 with a key and with a good link; also when the bytes have gone."""
    token = sign("secret", scope=SCOPE, artifact_id="a", expires_at_s=FAR)
    path = f"/api/acme/sales/artifacts/a?token={token}"
    before = [api.call("GET", "artifacts/a").status_code, follow(api, path).status_code]
    artifact = publish(api)
    api.app.extensions["queueapp"].objects.delete(artifact.object_key)

    assert [*before, api.call("GET", "artifacts/a").status_code] == [404, 404, 404]


@pytest.mark.parametrize("scope", [Scope("acme", "other"), Scope("other", "sales")])
def test_other_scopes_do_not_exist(api: Api, scope: Scope) -> None:
    """A key and a path of one project never reach another's file."""
    publish(api, scope=scope)
    home = f"/api/{scope.tenant}/{scope.project}/artifacts/a"

    assert api.call("GET", home).status_code == 404
    assert api.call("GET", "artifacts/a", token=ADMIN).status_code == 404
    assert api.call("GET", home, token=ADMIN).status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=-5", len(BODY) - 5, len(BODY)),
        ("bytes=2000000-", 2_000_000, len(BODY)),
        ("bytes=0-99999999", 0, len(BODY)),
    ],
)
def test_a_part_can_be_asked_for(api: Api, asked: str, start: int, end: int) -> None:
    """206 with exactly those bytes."""
    publish(api)
    response = api.call("GET", "artifacts/a", headers={"Range": asked})

    assert (response.status_code, response.get_data()) == (206, BODY[start:end])
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(BODY)}"
    assert response.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["rubbish", "bytes=5-2", "lines=1-2", "bytes=0-1,5-6", "bytes="])
def test_odd_ranges_get_the_whole(api: Api, asked: str) -> None:
    """What is malformed, of another unit, or several ranges is ignored."""
    publish(api)
    response = api.call("GET", "artifacts/a", headers={"Range": asked})

    assert (response.status_code, len(response.get_data())) == (200, len(BODY))


def test_a_part_beyond_the_end_is_refused(api: Api) -> None:
    """416 tells how long the file is."""
    publish(api)
    response = api.call("GET", "artifacts/a", headers={"Range": f"bytes={len(BODY)}-"})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(BODY)}"
    assert response.get_json()["code"] == "range_not_satisfiable"


def test_a_part_of_a_changed_file_is_the_whole(api: Api) -> None:
    """If-Range with another tag asks for everything."""
    publish(api)
    codes = [
        api.call(
            "GET", "artifacts/a", headers={"Range": "bytes=0-9", "If-Range": f'"{tag}"'}
        ).status_code
        for tag in (DIGEST, "other")
    ]

    assert codes == [206, 200]


def test_a_known_file_is_not_sent_again(api: Api) -> None:
    """304 without a body for the same digest."""
    publish(api)
    response = api.call("GET", "artifacts/a", headers={"If-None-Match": f'"{DIGEST}"'})

    assert (response.status_code, response.get_data()) == (304, b"")


def test_a_head_tells_the_size(api: Api) -> None:
    """All headers, no bytes; by key and by link."""
    artifact = publish(api)
    response = api.call("HEAD", "artifacts/a")

    assert (response.status_code, response.get_data()) == (200, b"")
    assert response.headers["Content-Length"] == str(len(BODY))
    parts = urlsplit(link(api, artifact))
    by_link = api.app.test_client().head(f"{parts.path}?{parts.query}")
    assert by_link.status_code == 200


@pytest.mark.parametrize("query", ["?token=", "?token=a&token=b", "?other=1", "?token=a&x=1"])
def test_odd_queries_are_refused(api: Api, query: str) -> None:
    """Empty, repeated and unknown parameters are 400 or 401, never a file."""
    publish(api)

    assert follow(api, f"/api/acme/sales/artifacts/a{query}").status_code in (400, 401)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("map.svg", "attachment; filename=\"map.svg\"; filename*=UTF-8''map.svg"),
        ("a b.csv", "attachment; filename=\"a b.csv\"; filename*=UTF-8''a%20b.csv"),
        ("März.csv", "attachment; filename=\"Marz.csv\"; filename*=UTF-8''M%C3%A4rz.csv"),
        ("日本", "attachment; filename=\"download\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
        ("../x", "attachment; filename=\"_x\"; filename*=UTF-8''_x"),
        ('a"b\\c%d', "attachment; filename=\"a_b_c_d\"; filename*=UTF-8''a%22b_c%25d"),
        ("a\r\nSet-Cookie: x", None),
        ("\u202etxt.exe", "attachment; filename=\"txt.exe\"; filename*=UTF-8''txt.exe"),
        ("", "attachment; filename=\"download\"; filename*=UTF-8''download"),
        ("\x00", "attachment; filename=\"download\"; filename*=UTF-8''download"),
        ("x" * 300, None),
    ],
)
def test_names_are_safe_in_headers(name: str, expected: str | None) -> None:
    """RFC 6266 with an ASCII name for all and a UTF-8 name for most; no control characters."""
    header = disposition(name)

    assert expected is None or header == expected
    assert header.isascii()
    assert header.isprintable()
    assert len(header) < 700


def test_only_pages_are_sandboxed_especially(api: Api) -> None:
    """A table has the strict policy of every answer."""
    publish(api, name="t.csv", format="csv", media_type="text/csv")
    policy = api.call("GET", "artifacts/a").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
