"""Huey over its RedisHuey."""

import os

from huey import RedisHuey

from bench.core.programs.client import write_mark

huey = RedisHuey("bench", url=os.environ["REDIS_URL"])


@huey.task()
def nothing() -> None:
    """Do nothing."""


@huey.task()
def mark(path: str, sent_ns: int) -> None:
    """Mark the start."""
    write_mark(path, sent_ns)
