"""Forecast a series that mostly rests at one value, such as an idle queue or a still worker.

series.py asks whether a series is such. Errors around a point forecast describe it badly: its
next value is the resting one, or something else altogether. What the same hour of other days saw
describes it well.
"""

import numpy as np

from forecasting.recursion import Floats

DAYS_READ = 28
DAYS_NEEDED = 7


def rests(y: Floats, period: int) -> bool:
    """Tell whether one value holds most of the time and is never left for as long as a day."""
    if len(y) < DAYS_NEEDED * period:
        return False
    away = _recent(y, period) != np.median(_recent(y, period))
    if away.mean() >= 0.5:
        return False
    returns = np.flatnonzero(~np.concatenate([[False], away, [False]]))
    return bool(np.max(np.diff(returns)) <= period)


def same_hour_quantiles(y: Floats, hours: int, levels: Floats, period: int) -> Floats:
    """Return the quantiles of each coming hour among the same hours of the last four weeks.

    Shape: y (n,), n at least a day; returns (hours, len(levels)).
    """
    recent = _recent(y, period)
    recent = recent[len(recent) % period :].reshape(-1, period)
    by_hour = np.quantile(recent, levels, axis=0, method="weibull").T
    return by_hour[np.arange(hours) % period]


def _recent(y: Floats, period: int) -> Floats:
    return y[-DAYS_READ * period :]
