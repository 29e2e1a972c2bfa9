"""Celery without a result backend, which is its default."""

import os

from celery import Celery

from bench.core.programs.client import write_mark

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.broker_connection_retry_on_startup = True


@app.task
def do_nothing() -> None:
    """Do nothing."""


@app.task
def do_mark(path: str, sent_ns: int) -> None:
    """Mark the start."""
    write_mark(path, sent_ns)


nothing, mark = do_nothing.delay, do_mark.delay
