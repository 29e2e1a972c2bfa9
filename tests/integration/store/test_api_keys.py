"""API keys open what they cover, and only their digests are kept."""

import hashlib
import re

import pytest

from queueapp.domain.api_key import ApiKey, Role
from queueapp.domain.errors import NotFound, ValidationFailed
from queueapp.domain.scope import Scope
from queueapp.store import Store

ADMIN = "the-admin-key"
BAD_TOKENS = [
    "",
    "garbage",
    "qa_",
    "qa_0123456789abcdef_" + "x" * 43,
    "qa_0123456789ABCDEF_" + "x" * 43,
    "qa_0123456789abcdef_" + "x" * 44,
    "qa_*_" + "x" * 43,
    "é" * 70,
    "\ud800",
    "x" * 100_000,
]


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_what_is_no_token_opens_nothing(store: Store, token: str) -> None:
    """Garbage of any kind is simply not a key."""
    assert store.api_keys.authenticate(token, admin_key=ADMIN) is None


def test_a_token_gives_its_key(store: Store) -> None:
    """The holder, role and scope come back with the token."""
    key, token = store.api_keys.create("ann", Role.OPERATOR, "acme", "sales", now_ms=5)

    assert re.fullmatch(r"qa_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", token)
    assert ApiKey(key.id, "ann", Role.OPERATOR, "acme", "sales", created_ms=5) == key
    found = store.api_keys.authenticate(token, now_ms=7)
    assert found is not None
    assert (key.id, "ann", Role.OPERATOR, "acme", "sales", 7) == (
        *(found.id, found.user, found.role, found.tenant, found.project),
        found.last_used_ms,
    )


def test_only_a_digest_is_kept(store: Store) -> None:
    """Nothing in the store holds the secret; its SHA-256 is there."""
    key, token = store.api_keys.create("ann", Role.VIEWER)
    row = store.client.hgetall(store.keys("api_key", key.id))

    assert hashlib.sha256(token.encode()).hexdigest() == row["digest"]
    assert not any(token[-43:] in value for value in row.values())


def test_another_secret_for_the_same_id_opens_nothing(store: Store) -> None:
    """The id alone is no key, and a failed try is no use."""
    _key, token = store.api_keys.create("ann", Role.VIEWER)

    assert store.api_keys.authenticate(token[:-43] + "A" * 43) is None
    assert store.api_keys.page(1, 10)[0][0].last_used_ms is None


def test_the_admin_key_opens_everything(store: Store) -> None:
    """It is user admin, role admin, without a tenant; without the setting it opens nothing."""
    found = store.api_keys.authenticate(ADMIN, admin_key=ADMIN)

    assert ApiKey("admin", "admin", Role.ADMIN) == found
    assert store.api_keys.authenticate(ADMIN) is None
    assert store.api_keys.authenticate("", admin_key="") is None


def test_a_revoked_key_opens_nothing_and_stays_listed(store: Store) -> None:
    """Revoking twice keeps the first time."""
    key, token = store.api_keys.create("ann", Role.VIEWER)

    assert [store.api_keys.revoke(key.id, now_ms=at) for at in (9, 20)] == [9, 9]
    assert store.api_keys.authenticate(token) is None
    assert [one.revoked_ms for one in store.api_keys.page(1, 10)[0]] == [9]
    with pytest.raises(NotFound):
        store.api_keys.revoke("0" * 16)


def test_a_use_is_written_once_a_minute(store: Store) -> None:
    """The time of the last use is at most a minute old."""
    _, token = store.api_keys.create("ann", Role.VIEWER, now_ms=0)
    seen = []
    for now_ms in (100_000, 159_999, 160_000):
        found = store.api_keys.authenticate(token, now_ms=now_ms)
        assert found is not None
        seen.append(found.last_used_ms)

    assert seen == [100_000, 100_000, 160_000]


def test_an_expired_key_opens_nothing(store: Store) -> None:
    """From the very moment on; it stays listed."""
    key, token = store.api_keys.create("ann", Role.VIEWER, expires_ms=1_000, now_ms=0)
    good = [store.api_keys.authenticate(token, now_ms=at) is not None for at in (999, 1_000)]

    assert [True, False] == good
    assert [(key.id, 1_000)] == [(k.id, k.expires_ms) for k in store.api_keys.page(1, 10)[0]]


def allowance(store: Store, token: str, now_ms: int, **options: int) -> tuple[int, ...]:
    """Return what is left to a key of six requests a minute after a request."""
    found = store.api_keys.authenticate(token, **{"per_minute": 6, "now_ms": now_ms, **options})
    assert found is not None
    assert found.allowance is not None
    told = found.allowance
    return told.per_minute, told.left, told.full_ms, told.wait_ms


def test_an_allowance_is_used_up_and_comes_back_evenly(store: Store) -> None:
    """A minute's worth at once, then one per tenth second of six a minute; refusals cost none."""
    _, token = store.api_keys.create("ann", Role.VIEWER)
    start = 1_000_000

    assert [(6, left, (6 - left) * 10_000, 0) for left in (5, 4, 3, 2, 1, 0)] == [
        allowance(store, token, start) for _ in range(6)
    ]
    assert [(6, 0, 60_000, 10_000)] * 2 == [allowance(store, token, start) for _ in range(2)]
    assert (6, 0, 51_000, 1_000) == allowance(store, token, start + 9_000)
    assert (6, 0, 60_000, 0) == allowance(store, token, start + 10_000)
    assert (6, 0, 60_000, 0) == allowance(store, token, start + 10_000, cost=0)
    assert (6, 5, 10_000, 0) == allowance(store, token, start + 200_000)


def test_a_key_may_have_a_rate_of_its_own(store: Store) -> None:
    """Its own, any number, or the usual one again; the admin key has none."""
    key, token = store.api_keys.create("ann", Role.VIEWER, per_minute=2)
    seen = [allowance(store, token, 0)[:2]]
    for rate in (0, None):
        store.api_keys.limit(key.id, rate)
        found = store.api_keys.authenticate(token, per_minute=6, now_ms=0)
        assert found is not None
        seen.append(found.allowance and (found.allowance.per_minute, found.allowance.left))
    admin = store.api_keys.authenticate(ADMIN, admin_key=ADMIN, per_minute=1)

    assert [(2, 1), None, (6, 5)] == seen
    assert admin is not None
    assert admin.allowance is None
    with pytest.raises(NotFound):
        store.api_keys.limit("0" * 16, 1)


def test_a_million_a_minute_is_counted_too(store: Store) -> None:
    """Fractions of a millisecond add up."""
    _, token = store.api_keys.create("ann", Role.VIEWER, per_minute=1_000_000)

    assert [999_999, 999_998, 999_997] == [allowance(store, token, 0)[1] for _ in range(3)]


@pytest.mark.parametrize("good", [True, False])
def test_a_look_up_is_one_round_trip(store: Store, good: bool) -> None:
    """Good keys and unknown ones cost the same one command."""
    _, token = store.api_keys.create("ann", Role.VIEWER)
    store.api_keys.authenticate(token)
    before = store.client.info("stats")["total_commands_processed"]
    store.api_keys.authenticate(token if good else f"qa_{'0' * 16}_{'x' * 43}")
    calls = store.client.info("commandstats")["cmdstat_fcall"]["calls"]

    assert calls >= 2
    # The script's own calls are counted too: HMGET and HGETALL; and INFO twice.
    assert store.client.info("stats")["total_commands_processed"] - before <= 6


def test_keys_are_listed_newest_first(store: Store) -> None:
    """All keys are listed, page by page."""
    made = [store.api_keys.create(f"u{n}", Role.VIEWER, now_ms=n)[0].id for n in range(5)]
    pages = [store.api_keys.page(page, 2) for page in (1, 2, 3)]

    assert made[::-1] == [key.id for keys, _ in pages for key in keys]
    assert [total for _, total in pages] == [5, 5, 5]


@pytest.mark.parametrize(
    ("user", "tenant", "project"),
    [("", None, None), ("a\nb", None, None), ("a", "x/y", None), ("a", "", None), ("a", None, "p")],
)
def test_a_key_must_make_sense(
    store: Store, user: str, tenant: str | None, project: str | None
) -> None:
    """What cannot be a user or a scope is refused and nothing is stored."""
    with pytest.raises(ValidationFailed):
        store.api_keys.create(user, Role.VIEWER, tenant, project)

    assert store.client.keys("*") == []


def test_a_key_covers_its_tenant_or_project_only() -> None:
    """No tenant means everything, no project means the whole tenant."""
    scope, sibling, foreign = Scope("a", "p"), Scope("a", "q"), Scope("b", "p")

    def covered(tenant: str | None, project: str | None) -> list[bool]:
        key = ApiKey("1", "u", Role.VIEWER, tenant, project)
        return [key.covers(one) for one in (scope, sibling, foreign)]

    assert covered(None, None) == [True, True, True]
    assert covered("a", None) == [True, True, False]
    assert covered("a", "p") == [True, False, False]


def test_roles_include_the_lesser_ones() -> None:
    """The four roles are a ladder."""
    assert [Role.SUBMITTER.includes(role) for role in Role] == [True, True, False, False]
