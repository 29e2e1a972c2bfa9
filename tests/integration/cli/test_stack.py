"""What `up` checks before it starts anything."""

import io
import os
import socket
from pathlib import Path

import pytest

from queueapp.cli import main
from queueapp.cli.errors import CommandError
from queueapp.cli.stack import StackOptions, open_stack
from queueapp.config import BadSetting
from queueapp.embedded.directory import Layout
from queueapp.embedded.locks import is_locked


def environ(data_dir: Path, **others: str) -> dict[str, str]:
    """The environment of one stack, without a store of somebody else's."""
    inherited = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return {**inherited, "QUEUEAPP_DATA_DIR": str(data_dir), **others}


def options(port: int = 0) -> StackOptions:
    return StackOptions(host="127.0.0.1", port=port, workers=1, threads=1)


def test_one_stack_per_data_directory(tmp_path: Path) -> None:
    """A second stack on a data directory is refused while the first is there, and only then."""
    with (
        open_stack(options(), environ=environ(tmp_path), output=io.StringIO()),
        pytest.raises(CommandError, match="already running"),
        open_stack(options(), environ=environ(tmp_path), output=io.StringIO()),
    ):
        pass
    with open_stack(options(), environ=environ(tmp_path), output=io.StringIO()) as again:
        assert again.config.redis_url


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """A port that is in use is named, with the way out, and no server is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(CommandError, match=rf"Port {port} .* --port 0"),
            open_stack(options(port), environ=environ(tmp_path), output=io.StringIO()),
        ):
            pass

    assert not is_locked(Layout.of(tmp_path).server_lock)


def test_a_bad_setting_is_told(tmp_path: Path) -> None:
    """A setting that cannot be used is named before anything starts."""
    bad = environ(tmp_path, QUEUEAPP_DURABILITY="sometimes")
    with pytest.raises(BadSetting, match="QUEUEAPP_DURABILITY"), open_stack(options(), environ=bad):
        pass


def test_a_given_store_is_the_only_one_tried(tmp_path: Path) -> None:
    """With REDIS_URL set no embedded server is started, whether or not that store is there."""
    given = environ(tmp_path, REDIS_URL="redis://127.0.0.1:9/0")
    with open_stack(options(), environ=given, output=io.StringIO()) as stack:
        assert "redis://127.0.0.1:9/0" == stack.config.redis_url

    assert not (tmp_path / "valkey").exists()


def test_secrets_are_kept(tmp_path: Path) -> None:
    """The generated admin key is the same at the next start, and a given one wins."""
    with open_stack(options(), environ=environ(tmp_path), output=io.StringIO()) as stack:
        first = stack.admin_key
    with open_stack(options(), environ=environ(tmp_path), output=io.StringIO()) as stack:
        assert first == stack.admin_key
    given = environ(tmp_path, QUEUEAPP_ADMIN_KEY="mine")
    with open_stack(options(), environ=given, output=io.StringIO()) as stack:
        assert "mine" == stack.admin_key


@pytest.mark.parametrize(
    ("option", "value"),
    [("--port", "abc"), ("--port", "70000"), ("--threads", "x"), ("--workers", "0")],
)
def test_a_bad_option_is_told(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message repeats the value and says what is allowed."""
    with pytest.raises(SystemExit):
        main(["up", option, value])

    said = capsys.readouterr().err
    assert f"not '{value}'" in said
    assert "a number from" in said
