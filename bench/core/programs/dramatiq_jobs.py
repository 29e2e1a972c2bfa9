"""Stock Dramatiq over its own RedisBroker."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.core.programs.client import write_mark

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))


@dramatiq.actor
def do_nothing() -> None:
    """Do nothing."""


@dramatiq.actor
def do_mark(path: str, sent_ns: int) -> None:
    """Mark the start."""
    write_mark(path, sent_ns)


nothing, mark = do_nothing.send, do_mark.send
