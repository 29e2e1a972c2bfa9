"""The fleet's idle slots, summed over time since a fixed moment, read at any moment.

The store marks the sum at the start of hours in which something happened; between two marks it
grew evenly. Pure; the store's history makes one from what it read.
"""

from bisect import bisect_left
from collections.abc import Iterable


class IdleSum:
    """Idle slots times ms, at any moment between what was marked."""

    def __init__(self, points: Iterable[tuple[int, float]]) -> None:
        """Take the known points: (ms since the epoch, sum)."""
        self._points = sorted(points)
        self._times = [at for at, _ in self._points]

    def __call__(self, at_ms: int) -> float:
        """Return the sum at a moment."""
        if not self._points:
            return 0.0
        after = bisect_left(self._times, at_ms)
        if after == len(self._points):
            return self._points[-1][1]
        if after == 0 or self._times[after] == at_ms:
            return self._points[after][1]
        (early, low), (late, high) = self._points[after - 1], self._points[after]
        return low + (high - low) * (at_ms - early) / (late - early)
