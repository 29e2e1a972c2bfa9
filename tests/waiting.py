"""How tests wait for what other threads and processes do: they look often, up to a deadline.

And how they say that something is quick, on a machine that may be busy with other things.
"""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_S = 0.02
HOUR_S = 3600
BEFORE_S, AFTER_S = 15, 10  # longer than tests that look at the hour take, or look back

Found = TypeVar("Found")


def eventually(holds: Callable[[], Found | None], within_s: float = 60.0) -> Found:
    """Wait until something holds and return it, or fail."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(POLL_S)
    return found


def wait_for_a_whole_hour(now_s: float) -> None:
    """Let the end of an hour pass, so that what a test counts by hours falls into one."""
    passed_s = now_s % HOUR_S
    if passed_s >= HOUR_S - BEFORE_S:
        time.sleep(HOUR_S - passed_s + AFTER_S)
    elif passed_s < AFTER_S:
        time.sleep(AFTER_S - passed_s)


def quickest_s(act: Callable[[], object], enough_s: float, *, times: int = 5) -> float:
    """Do something until it took no more than ``enough_s``, or so often; return the least time.

    What is slow by itself is slow each time; what a busy machine holds up is not.
    """
    least_s = float("inf")
    for _ in range(times):
        began = time.monotonic()
        act()
        least_s = min(least_s, time.monotonic() - began)
        if least_s <= enough_s:
            break
    return least_s
