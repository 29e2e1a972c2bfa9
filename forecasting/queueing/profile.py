"""How many arrivals an hour of the day and of the week brings, learnt from counts.

arrivals.py draws from it. Waves rather than a mean per hour: a few days tell them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.models import count_regression
from forecasting.recursion import Floats

DAY = 24
WEEK = 168
FADING_HOURS = 21 * DAY
"""Half-life of what an hour's count tells."""
MOST_OVER_MEAN = 12.0
"""A wave is not believed beyond this multiple of the mean rate."""


@dataclass(frozen=True)
class Profile:
    """Expected arrivals an hour: a mean, shaped by waves of a day and of a week."""

    mean: float
    daily: int
    weekly: int
    weights: Floats

    def plain(self) -> dict[str, Any]:
        """Return the same as what JSON can hold."""
        return {**vars(self), "weights": self.weights.tolist()}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> "Profile":
        """Return what `plain` made plain."""
        return Profile(**{**plain, "weights": np.array(plain["weights"])})

    def rates(self, hours: Floats) -> Floats:
        """Return the arrivals expected in each hour, given as hours since the epoch."""
        log = _waves(hours, self.daily, self.weekly) @ self.weights
        floor = self.mean / MOST_OVER_MEAN**2
        return np.clip(np.exp(np.minimum(log, 50.0)), floor, self.mean * MOST_OVER_MEAN)


def learn_profile(hours: Floats, counts: Floats) -> Profile:
    """Fit what so many hours can bear: nothing but a mean in the first day.

    Shape: hours (n,) consecutive, since the epoch, counts (n,).
    """
    n = len(hours)
    mean = (float(counts.sum()) + 0.5) / (n + 1.0)
    daily = 0 if n < 1.5 * DAY else 2 if n < WEEK else 4
    weekly = 0 if n < 1.5 * WEEK else 3
    weights = 0.5 ** (np.arange(n)[::-1] / FADING_HOURS)
    fitted = None
    if daily and np.count_nonzero(counts) > 2 * (daily + weekly):
        fitted = count_regression(_waves(hours, daily, weekly), counts, weights)
    if fitted is None:
        return Profile(mean, 0, 0, np.array([np.log(mean)]))
    return Profile(mean, daily, weekly, fitted)


def _waves(hours: Floats, daily: int, weekly: int) -> Floats:
    angle = 2 * np.pi * hours[:, None]
    turns = np.concatenate([np.arange(1, daily + 1) / DAY, np.arange(1, weekly + 1) / WEEK])
    return np.hstack([np.ones((len(hours), 1)), np.cos(angle * turns), np.sin(angle * turns)])
