"""The worker process: ``dramatiq queueapp.worker:setup`` calls ``setup`` and starts its broker.

It claims jobs when a thread is free, runs each in a process of its own, and does the chores of
the fleet.
"""

import logging
import sys
from collections.abc import Callable
from typing import Any

import dramatiq

from queueapp.config import from_env
from queueapp.consumer import QUEUE
from queueapp.logs import configure_logs, for_people
from queueapp.middleware.lifecycle import facts_of_job
from queueapp.tracing import start_tracing
from queueapp.worker.process import WorkerProcess

__all__ = ("WorkerProcess", "setup")


def threads_of(arguments: list[str]) -> int:
    """Return the number of worker threads that Dramatiq's command line asks for."""
    for at, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("-t", "--threads"):
            return int(value if equals else arguments[at + 1])
        if argument.startswith("-t") and argument[2:].isdigit():
            return int(argument[2:])
    return 8


def setup(make: Callable[..., WorkerProcess] = WorkerProcess) -> None:
    """Build this process's worker from the environment and make its broker Dramatiq's."""
    config = from_env()
    known: dict[str, Any] = {}
    configure_logs(facts=lambda: known | facts_of_job(), readable=for_people(config))
    logging.getLogger("dramatiq").setLevel(logging.INFO)
    start_tracing("queueapp-worker")
    slots = threads_of(sys.argv)
    process = make(config, slots=slots)
    known["worker"] = process.station.worker
    process.broker.declare_queue(QUEUE)
    dramatiq.set_broker(process.broker)
