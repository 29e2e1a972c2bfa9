"""How tests wait for what other threads and processes do: they look often, up to a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_S = 0.02

Found = TypeVar("Found")


def eventually(holds: Callable[[], Found | None], within_s: float = 60.0) -> Found:
    """Wait until something holds and return it, or fail."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(POLL_S)
    return found
