"""The store's time in a process whose own clock may be wrong.

All times of jobs and workers are the store's; what compares them with now must have its now too,
or a machine an hour off would take every worker for dead. Engines have one.
"""

import time
from collections.abc import Callable
from threading import Lock

from queueapp.domain.errors import Unavailable
from queueapp.store.connect import Client, store_errors

ASK_EVERY_S = 30.0
ASK_AGAIN_S = 2.0


def in_ms(told: tuple[int, int]) -> int:
    """Return what the server answers to TIME in milliseconds."""
    seconds, micros = told
    return seconds * 1000 + micros // 1000


def server_ms(client: Client) -> int:
    """Ask the server for its time. Raises: Unavailable."""
    with store_errors():
        return in_ms(client.time())


class StoreClock:
    """Asks the store for its time now and then, and goes on by the machine's pace between."""

    def __init__(
        self,
        client: Client,
        *,
        pace: Callable[[], float] = time.monotonic,
        own: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._pace = pace
        self._own = own
        self._ahead_s: float | None = None  # of the pace
        self._due_s = float("-inf")
        self._lock = Lock()

    def __call__(self) -> float:
        """Return the store's time in seconds; the machine's own while it was never reached."""
        if self._pace() >= self._due_s and self._lock.acquire(blocking=self._ahead_s is None):
            try:
                self._ask()
            finally:
                self._lock.release()
        return self._own() if self._ahead_s is None else self._pace() + self._ahead_s

    def _ask(self) -> None:
        asked_s = self._pace()
        try:
            with store_errors():
                seconds, micros = self._client.time()
        except Unavailable:
            self._due_s = self._pace() + ASK_AGAIN_S
            return
        told_s = self._pace()
        self._ahead_s = seconds + micros / 1e6 - (asked_s + told_s) / 2
        self._due_s = told_s + ASK_EVERY_S
