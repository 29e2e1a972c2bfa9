"""gunicorn's settings: threads, one process, and room to finish what was begun.

Used as `gunicorn -c python:queueapp.web.server wsgi:app`; options on the command line win.
Where there is no checkout, and so no wsgi.py, `queueapp.web.server:make_app()` is the application.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from queueapp.config import from_env

if TYPE_CHECKING:
    from flask import Flask

# A platform says PORT and expects to be reached from outside; at home only this machine may.
bind = f"0.0.0.0:{os.environ['PORT']}" if os.environ.get("PORT") else "127.0.0.1:8000"
# One process whatever WEB_CONCURRENCY says: threads share one bounded pool of connections.
workers = 1
worker_class = "queueapp.web.worker.ProblemWorker"
logger_class = "queueapp.web.logs.WebLogger"
# A stream of events holds a thread for as long as it lasts: they come on top of 32 for the rest.
threads = 32 + from_env().max_streams
# A reason of 500 characters in a query may come as 6,000 of percent-encoding.
limit_request_line = 8190
# Platforms kill after 30 seconds: what is in flight gets 25 of them.
graceful_timeout = 25
timeout = 60
keepalive = 5
# The objects' threads would not survive a fork: the application is made in the worker.
preload_app = False
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- gunicorn's advice
# On a dyno only the platform's router can reach us, so its word on the scheme is good.
forwarded_allow_ips = "*" if os.environ.get("DYNO") else "127.0.0.1"


def make_app() -> "Flask":
    """Return the application with the environment's settings, in the process that serves it."""
    from queueapp.app import create_app
    from queueapp.tracing import start_tracing
    from queueapp.web.logs import configure_web_logs

    config = from_env()
    configure_web_logs(config)
    start_tracing("queueapp-web")
    return create_app(config)
