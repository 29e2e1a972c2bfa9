"""Settings are checked when they are read, and a slip names its variable."""

import pytest

from queueapp.config import BadSetting, from_env


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("QUEUEAPP_OBJECTS_URL", "ftp://files"),
        ("QUEUEAPP_OBJECTS_URL", "s3://"),
        ("QUEUEAPP_OBJECTS_URL", "relative/folder"),
        ("QUEUEAPP_BASE_URL", "queue.example.com"),
        ("QUEUEAPP_BASE_URL", "ftp://queue.example.com"),
        ("QUEUEAPP_ADMIN_KEY", "two words"),
        ("QUEUEAPP_ADMIN_KEY", "schlüssel"),
        ("QUEUEAPP_LEASE_SECONDS", "soon"),
        ("QUEUEAPP_LEASE_SECONDS", "inf"),
        ("QUEUEAPP_DURABILITY", "sometimes"),
        ("QUEUEAPP_KEY_PREFIX", "queueapp"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, value: str) -> None:
    """Before anything starts, so that nobody reads logs for it."""
    with pytest.raises(BadSetting, match=variable):
        from_env({variable: value})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "rediss://user:secret@store.example.com:6380/0"),
        ("REDIS_URL", "unix:///run/valkey.sock?db=1"),
        ("QUEUEAPP_OBJECTS_URL", "file:///var/lib/queueapp/objects"),
        ("QUEUEAPP_OBJECTS_URL", "s3://bucket/prefix"),
        ("QUEUEAPP_OBJECTS_URL", "s3://bucket"),
        ("QUEUEAPP_BASE_URL", "https://queue.example.com/jobs"),
    ],
)
def test_the_usual_addresses_are_taken(variable: str, value: str) -> None:
    """In each of their forms."""
    assert from_env({variable: value})


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("rediss://:x@store:6380/0", "rediss://:x@store:6380/0?ssl_cert_reqs=none"),
        ("rediss://store?db=1", "rediss://store?db=1&ssl_cert_reqs=none"),
        ("rediss://store?ssl_cert_reqs=required", "rediss://store?ssl_cert_reqs=required"),
        ("redis://store", "redis://store"),
    ],
)
def test_a_stores_certificate_may_be_taken_as_it_is(url: str, used: str) -> None:
    """Only where a setting says so, and the address itself does not."""
    assert used == from_env({"REDIS_URL": url, "QUEUEAPP_STORE_VERIFY": "false"}).redis_url
    assert url == from_env({"REDIS_URL": url}).redis_url


def test_a_secret_is_not_repeated() -> None:
    """The message of a bad setting may end in a log."""
    for variable, value in (
        ("QUEUEAPP_ADMIN_KEY", "my secret"),
        ("REDIS_URL", "redi://:secret@x"),
    ):
        with pytest.raises(BadSetting) as caught:
            from_env({variable: value})
        assert "secret" not in str(caught.value)
