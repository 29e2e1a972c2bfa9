"""Keeps the processes that a worker's jobs need: there before any thread is, and gone last."""

from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from queueapp.runner import Runner
from queueapp.runner.keeper import Keepers


class RunnerMiddleware(Middleware):
    """Starts the zygote at the worker's boot and ends it at its end."""

    def __init__(self, runner: Runner, keepers: Keepers) -> None:
        self._runner = runner
        self._keepers = keepers

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Start the zygote."""
        self._runner.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """End the zygote with whatever still runs in it, and let go of what is kept."""
        self._runner.close()
        self._keepers.close()
