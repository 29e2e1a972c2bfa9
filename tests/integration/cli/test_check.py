"""`queueapp check`, on an embedded server of its own."""

import json
from pathlib import Path

import pytest

from queueapp.cli import main
from queueapp.cli.check import place_of
from queueapp.config import Config
from queueapp.store import Store
from tests.factories import SCOPE, submit


def test_a_sound_store_is_said_to_be_sound(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing found is exit code 0."""
    submit(store, id="job")

    assert 0 == main(["check"])
    looked, judged = capsys.readouterr().out.splitlines()
    assert looked.startswith("Looked at 1 job in ")
    assert "Everything is as it must be." == judged


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (
            "rediss://ann:secret@cache.example.com:6380/2?ssl_cert_reqs=none",
            "rediss://cache.example.com:6380/2",
        ),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        (None, "the embedded server of /data"),
    ],
)
def test_the_store_is_named_without_its_password(url: str | None, place: str) -> None:
    """A check of another store than was meant would say nothing."""
    assert place == place_of(Config(redis_url=url, data_dir=Path("/data")))


def test_damage_is_told_then_repaired(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found is exit code 1 until it is repaired, and each step is told."""
    submit(store, id="job")
    store.client.zrem(store.keys("queue", SCOPE.key), "job")
    store.client.hincrby(store.keys("meta", SCOPE.key), "eligible", 3)

    assert 1 == main(["check"])
    assert "Job job is Queued and is missing in the queue." in capsys.readouterr().out
    assert 0 == main(["check", "--repair", "-o", "json"])
    told = json.loads(capsys.readouterr().out)
    assert {"place", "counter"} == {one["kind"] for one in told["violations"]}
    assert [] == told["remaining"]
    assert 2 == len(told["repaired"])
    assert 0 == main(["check"])


def test_what_cannot_be_repaired_remains(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """A key that nobody knows is left alone, and the exit code says so; numbers are mended."""
    store.client.set("{queueapp}:odd:one:here", "1")
    submit(store, id="job")
    store.client.hincrby(store.keys("meta", SCOPE.key), "eligible", 3)

    assert 1 == main(["check", "--repair"])
    told = capsys.readouterr().out
    assert "is of no known kind" in told
    assert "1 of 2 remain" in told


@pytest.mark.parametrize("command", [["check"], ["key", "list"]])
def test_without_a_store_it_says_what_is_in_the_way(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line; nothing was looked at, so nothing was found."""
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/valkey.sock")

    assert 2 == main(command)
    told = capsys.readouterr().err
    assert told.startswith("queueapp: The store cannot be reached")
    assert "No such file or directory" in told
    assert 1 == told.count("\n")
