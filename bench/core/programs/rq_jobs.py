"""RQ."""

import os

from redis import Redis
from rq import Queue

from bench.core.programs.client import write_mark

_queue = Queue("bench", connection=Redis.from_url(os.environ["REDIS_URL"]))


def do_nothing() -> None:
    """Do nothing."""


def nothing() -> None:
    """Enqueue a job that does nothing."""
    _queue.enqueue(do_nothing)


def mark(path: str, sent_ns: int) -> None:
    """Enqueue a job that marks its start."""
    _queue.enqueue(write_mark, path, sent_ns)
