"""The secrets that an embedded installation makes for itself."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from queueapp.embedded import EmbeddedServerError, admin_key, secret_key


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """All callers, at once or later, get the same secret, and the two secrets differ."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path / "data"), range(40)))

    assert {secret_key(tmp_path / "data")} == keys
    assert admin_key(tmp_path / "data") not in keys
    assert len(keys.pop()) >= 40


def test_a_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """The file's mode is 0600 and no draft is left beside it."""
    secret_key(tmp_path / "data")
    files = list((tmp_path / "data").iterdir())

    assert ["secret.key"] == [file.name for file in files]
    assert 0o600 == stat.S_IMODE(files[0].stat().st_mode)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    """A data directory that cannot be made gives an error that names it."""
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(EmbeddedServerError, match="data"):
        secret_key(tmp_path / "data")
