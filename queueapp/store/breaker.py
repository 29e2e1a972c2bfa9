"""Refuses calls at once while the server is silent, so that callers do not pile up behind it.

The connections of a web process have one (``connect``); those of workers wait for as long as it
takes. A server that refuses connections needs none of this: that is told at once anyway.
"""

import time
from collections.abc import Callable
from threading import Lock, Thread, current_thread
from typing import Any

import redis

PAUSE_S = 0.1


class Breaker:
    """Shut from a call that was answered too late until the server answers again.

    A thread of its own asks meanwhile. It waits where everybody else is refused, so that the
    first sign of life opens the way, and no request pays for finding out.
    """

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._asking: Thread | None = None

    def check(self) -> None:
        """Refuse a call while the server is silent. Raises: redis.TimeoutError."""
        if self._asking is not None and self._asking is not current_thread():
            raise redis.TimeoutError("The server does not answer")

    def hear(self, error: redis.RedisError) -> None:
        """Refuse calls from now on, until the server answers, if an error says it was too late."""
        too_late = isinstance(error, redis.TimeoutError)
        if not too_late and not isinstance(error.__context__, BlockingIOError):  # the kernel's way
            return
        with self._lock:
            if self._asking is None:
                self._asking = Thread(target=self._ask_on, name="store-breaker", daemon=True)
                self._asking.start()

    def _ask_on(self) -> None:
        while not self._answers():
            time.sleep(PAUSE_S)
        self._asking = None

    def _answers(self) -> bool:
        try:
            self._ask()
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        except redis.RedisError:
            return True  # whatever it says, it speaks
        return True


def guard(client: Any) -> None:
    """Give the connections that a client will make a breaker."""
    pool = client.connection_pool
    pool.connection_class = _guarded(pool.connection_class, Breaker(client.ping))


def _guarded(kind: Any, breaker: Breaker) -> type[Any]:
    """Return a connection that asks the breaker first and tells it of answers that came too late.

    Every call of whatever layer goes through these three.
    """

    class Guarded(kind):  # type: ignore[misc] # redis-py's classes are taken as they come
        def connect_check_health(self, *args: Any, **options: Any) -> None:
            if self._sock is None:
                breaker.check()
            try:
                super().connect_check_health(*args, **options)
            except redis.RedisError as error:
                breaker.hear(error)
                raise

        def send_packed_command(self, *args: Any, **options: Any) -> None:
            breaker.check()
            try:
                super().send_packed_command(*args, **options)
            except redis.RedisError as error:
                breaker.hear(error)
                raise

        def read_response(self, *args: Any, **options: Any) -> Any:
            try:
                return super().read_response(*args, **options)
            except redis.RedisError as error:
                breaker.hear(error)
                raise

    return Guarded
