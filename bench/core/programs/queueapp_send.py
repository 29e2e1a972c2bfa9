"""Submits queueapp's jobs the way the web process does, from the decided job on."""

import os
import uuid
from typing import Any

from queueapp.broker import QueueBroker
from queueapp.domain.fleet import Requirements
from queueapp.domain.job import JobSpec
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.middleware.priority import PriorityMiddleware
from queueapp.store import Store, connect

SCOPE = Scope("bench", "bench")
_store = Store(connect(os.environ["REDIS_URL"]))
_broker = QueueBroker(_store, middleware=[PriorityMiddleware()])
_broker.declare_queue("jobs")


def nothing() -> None:
    """Submit a job that does nothing."""
    _submit({})


def mark(path: str, sent_ns: int) -> None:
    """Submit a job that marks its start."""
    _submit({"path": path, "sent": sent_ns})


def _submit(parameters: dict[str, Any]) -> None:
    _broker.submit(
        JobSpec(
            id=str(uuid.uuid4()),
            scope=SCOPE,
            name="nothing",
            type=os.environ["BENCH_JOB_TYPE"],
            priority=Priority.NORMAL,
            submitted_by="bench",
            parameters=parameters,
            requirements=Requirements(1, 256),
        )
    )
