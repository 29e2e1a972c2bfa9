"""Mix two opinions on how long something takes, quantile by quantile.

habit.py and rule.py bring the second opinion, the first is the simulation's. Two opinions err less
than one; mixing quantiles rather than chances keeps a forecast as narrow as its sources.

Source: Vincent (1912), averaging quantiles; Bates and Granger (1969), The Combination of Forecasts.
"""

import numpy as np

from forecasting.recursion import Floats

MINUTE = 60.0
"""Seconds that nobody minds: the scale is one of proportions above, of differences below."""


def levels_of(paths: int) -> Floats:
    """Return the levels at which so many paths stand once they are sorted."""
    return (np.arange(paths) + 0.5) / paths


def weighted_quantiles(values: Floats, weights: Floats, levels: Floats) -> Floats:
    """Return quantiles of each column. Shape: values (n, k), weights (n,); returns (levels, k)."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    share = weights[order] / weights.sum()
    middle = np.cumsum(share, axis=0) - share / 2
    columns = zip(middle.T, ordered.T, strict=True)
    return np.column_stack([np.interp(levels, at, column) for at, column in columns])


def mixed(first: Floats, second: Floats, share: Floats | float) -> Floats:
    """Mix seconds on the scale of logarithms; `share` is what the second opinion counts for."""
    logs = (1 - share) * np.log(first + MINUTE) + share * np.log(second + MINUTE)
    seconds: Floats = np.maximum(np.exp(logs) - MINUTE, 0.0)
    return seconds
