"""How much a key may ask for, and how its end is told."""

import math
import time

import pytest

from queueapp.api.rates import EXTENSION, KNOWN_ADDRESSES, BadKeys
from queueapp.domain.api_key import Role
from tests.integration.api.conftest import Api

JOBS = "/api/t/p/execution/jobs"


def limited(api: Api, per_minute: int, **options: int) -> Api:
    """Return a client whose key has a rate of its own."""
    other = Api(api.app, api.document, api.store)
    _, other.token = api.store.api_keys.create(
        "ann", Role.SUBMITTER, per_minute=per_minute, **options
    )
    return other


def test_every_answer_says_what_is_left(api: Api) -> None:
    """Good or bad; past the limit 429 with the seconds to wait, and nothing is done."""
    ann, began_s = limited(api, 3), time.monotonic()
    answers = [ann.get(JOBS), ann.get("/api/t/p/nothing"), ann.post(JOBS), ann.get(JOBS)]
    told = [response.headers.get("RateLimit") for response in answers]

    assert [200, 404, 405] == [response.status_code for response in answers[:3]]
    assert ['"default";r=2;t=20', None, None] == told[:3]
    ann.get(JOBS)
    refused = [ann.get(JOBS), ann.post("/api/t/p/execution/job", {})][-1]
    assert (429, "rate_limited") == (refused.status_code, refused.get_json()["code"])
    assert '"default";q=3;w=60' == refused.headers["RateLimit-Policy"]
    passed_s = math.ceil(time.monotonic() - began_s)
    assert refused.headers["RateLimit"].startswith('"default";r=0;t=')
    assert 60 - passed_s <= int(refused.headers["RateLimit"].rpartition("=")[2]) <= 60
    assert 20 - passed_s <= int(refused.headers["Retry-After"]) <= 20
    assert 0 == api.get(JOBS).get_json()["totalCount"]


def test_one_key_does_not_slow_another(api: Api) -> None:
    """Each has its own allowance; the admin key and open addresses have no limit."""
    ann, bob = limited(api, 1), limited(api, 1)
    assert [200, 429, 429] == [ann.get(JOBS).status_code for _ in range(3)]

    assert 200 == bob.get(JOBS).status_code
    for response in (api.get(JOBS), ann.get("/livez"), ann.get("/openapi.json")):
        assert 200 == response.status_code
        assert "RateLimit" not in response.headers


def test_the_usual_rate_is_the_setting(api: Api) -> None:
    """A key without a rate of its own has that one."""
    response = api.as_user("ann", Role.VIEWER).get(JOBS)

    assert '"default";q=6000;w=60' == response.headers["RateLimit-Policy"]
    assert '"default";r=5999;t=1' == response.headers["RateLimit"]


def test_an_expired_key_is_401(api: Api) -> None:
    """As one that never was."""
    ann = limited(api, 100, expires_ms=int(time.time() * 1000) - 1)

    assert 401 == ann.get(JOBS).status_code


def test_wrong_keys_are_slowed_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """By address; a good key from there still works."""
    monkeypatch.setitem(api.app.extensions, EXTENSION, BadKeys(5))
    wrong = {"Authorization": "Bearer wrong"}
    refused = [api.get(JOBS, headers=wrong) for _ in range(6)]

    assert [401] * 5 + [429] == [response.status_code for response in refused]
    assert 0 < int(refused[-1].headers["Retry-After"]) <= 12
    assert 200 == api.get(JOBS).status_code
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert 401 == api.get(JOBS, headers=wrong, environ_overrides=elsewhere).status_code


def test_addresses_are_forgotten() -> None:
    """A flood from many addresses takes bounded memory."""
    bad_keys = BadKeys(60)
    for number in range(KNOWN_ADDRESSES + 10):
        assert 0 == bad_keys.count(str(number), now_s=1_000.0)

    assert KNOWN_ADDRESSES == len(bad_keys._full_s)
    assert [0] * 60 == [bad_keys.count("x", now_s=0.0) for _ in range(60)]
    assert [1, 1] == [bad_keys.count("x", now_s=0.0) for _ in range(2)]
    assert 0 == bad_keys.count("x", now_s=1.0)
