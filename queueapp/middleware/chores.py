"""Starts the fleet's chores in this worker; a lease decides which worker does them."""

from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from queueapp.upkeep import Upkeep


class ChoresMiddleware(Middleware):
    """Runs the upkeep thread for as long as the worker lives."""

    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep

    def after_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Begin to compete for the chores."""
        self._upkeep.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Leave the chores to another worker."""
        self._upkeep.stop()
