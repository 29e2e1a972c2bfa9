"""The store of a data directory, which commands are run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from queueapp.embedded import EmbeddedServer, start_server
from queueapp.store import Store, connect


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty embedded store, which the environment names."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("QUEUEAPP_DATA_DIR", str(tmp_path))
    shares: list[EmbeddedServer] = []  # those of commands, which keep them until their process ends
    monkeypatch.setattr("queueapp.server._shares", shares)
    with start_server(tmp_path) as server:
        client = connect(server.url)
        yield Store(client)
        client.close()
        for share in shares:
            share.leave()
