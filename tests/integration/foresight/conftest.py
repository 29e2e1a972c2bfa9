"""What tests of forecasts share."""

from pathlib import Path

import pytest

from queueapp.broker import QueueBroker
from queueapp.config import Config
from queueapp.engine.engine import Engine
from queueapp.middleware.priority import PriorityMiddleware
from queueapp.store import Store


@pytest.fixture
def engine(store: Store, tmp_path: Path) -> Engine:
    """An engine that submits."""
    broker = QueueBroker(store, middleware=[PriorityMiddleware()])
    config = Config(data_dir=tmp_path)
    return Engine(store, config, enqueue=broker.submit, enqueue_many=broker.submit_many)
