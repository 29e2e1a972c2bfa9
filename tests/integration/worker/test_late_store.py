"""A worker that is started before its store, as after the boot of a machine."""

from pathlib import Path

import dramatiq.worker
import pytest

from queueapp.config import Config
from queueapp.domain.states import Status
from queueapp.store import Store
from tests.integration.worker.conftest import ZOO, RunningWorker
from tests.waiting import eventually


def test_a_worker_enters_the_fleet_once_the_store_is_there(
    store: Store, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to start it again."""
    monkeypatch.setattr(dramatiq.worker, "CONSUMER_RESTART_DELAY_SECS", 0.2)
    socket = tmp_path / "socket"
    config = Config(redis_url=f"unix://{socket}", data_dir=tmp_path, actors=(ZOO,))
    worker = RunningWorker(config)
    try:
        assert [] == store.workers.all()
        socket.symlink_to(redis_url.removeprefix("unix://"))
        eventually(store.workers.all)
        job = worker.run("Zoo.Count", parameters={"n": 1})
    finally:
        worker.stop()

    assert Status.COMPLETED == job.status
    assert [] == store.workers.all()
