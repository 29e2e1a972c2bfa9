"""Fill the gaps of a series, so that models that need every hour can read it.

series.py calls it; the filled values serve as inputs only and are never scored.
"""

import numpy as np

from forecasting.recursion import Floats


def filled(y: Floats, period: int) -> Floats:
    """Fill unknown values from the same hour of other days, or else from their neighbours.

    Shape: y (n,) with NaN for unknown, at least one known; returns (n,) without NaN.
    """
    result = y.copy()
    for phase in range(min(period, len(y))):
        result[phase::period] = _interpolated(result[phase::period])
    return _interpolated(result)


def _interpolated(values: Floats) -> Floats:
    known = np.isfinite(values)
    if known.all() or not known.any():
        return values
    times = np.arange(len(values))
    return np.interp(times, times[known], values[known])
