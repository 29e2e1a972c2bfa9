"""`queueapp key`, on an embedded server of its own."""

import json
from pathlib import Path

import pytest

from queueapp.cli import main
from queueapp.domain.scope import FLEET
from queueapp.embedded import start_server
from queueapp.store import Store, connect
from queueapp.store.audit import AuditFilter


@pytest.fixture(autouse=True)
def _no_other_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)


def test_a_key_is_made_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new key is printed once and is good; the list knows all but the secret; revoked it ends."""
    where = ["--data-dir", str(tmp_path)]
    with start_server(tmp_path) as server:
        who = ["--user", "ann", "--role", "submitter", "--tenant", "acme"]
        assert 0 == main(["key", "create", *who, *where])
        token = capsys.readouterr().out.strip()
        client = connect(server.url)
        keys = Store(client).api_keys
        found = keys.authenticate(token)
        assert found is not None
        assert ("ann", "submitter", "acme", None) == (
            found.user,
            found.role,
            found.tenant,
            found.project,
        )

        assert 0 == main(["key", "list", "-o", "json", *where])
        listed = capsys.readouterr().out
        assert token not in listed
        assert [found.id] == [row["id"] for row in json.loads(listed)]

        assert ("usual", None) == tuple(
            json.loads(listed)[0][name] for name in ("requestsPerMinute", "expires")
        )

        assert 0 == main(["key", "limit", found.id, "--requests-per-minute", "any", *where])
        limited = keys.authenticate(token, per_minute=1)
        assert limited is not None
        assert limited.per_minute == 0

        assert 0 == main(["key", "revoke", found.id, "--reason", "lost", *where])
        assert keys.authenticate(token) is None
        trail = Store(client).audit.page(FLEET, AuditFilter(), before=None, limit=9).entries
        assert [("revoke_key", "lost"), ("limit_key", None), ("create_key", None)] == [
            (entry.action, entry.reason) for entry in trail
        ]
        assert {found.id} == {entry.facts["key"] for entry in trail}
        assert token not in str(trail)
        assert 0 == main(["key", "list", *where])
        assert found.id in capsys.readouterr().out
        client.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["revoke", "unknown"], "no such API key"),
        (["create", "--user", "", "--role", "admin"], "name is printable"),
        (["create", "--user", "a", "--role", "admin", "--project", "p"], "tenant too"),
        (["create", "--user", "a", "--role", "admin", "--tenant", "a/b"], "without a slash"),
    ],
)
def test_a_bad_request_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """What cannot be done is told in one line, with exit code 2 and nothing on standard output."""
    assert 2 == main(["key", *arguments, "--data-dir", str(tmp_path)])
    told = capsys.readouterr()

    assert "" == told.out
    assert message in told.err
    assert 1 == len(told.err.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["key"], ["key", "create", "--user", "a", "--role", "god"]),
        *(
            ["key", "create", "--user", "a", "--role", "viewer", option, value]
            for option, value in (
                *(("--expires", "0d"), ("--expires", "soon"), ("--expires", "2001-01-01")),
                *(("--requests-per-minute", text) for text in ("0", "-1", "x", "1000001")),
            )
        ),
        ["key", "limit", "0123456789abcdef"],
        ["up", "--port", "70000"],
    ],
)
def test_a_wrong_command_shows_its_use(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A command line that cannot be understood shows how to write it."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert 2 == ended.value.code
    assert "usage: queueapp" in capsys.readouterr().err
