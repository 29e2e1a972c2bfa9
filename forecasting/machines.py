"""How busy machines will be: a line through past load and busy slots, along the busy slots to come.

published.py calls it. The line is a robust one, and what it missed in the past is its range.

Source: Theil (1950), Sen (1968), the median of the slopes between pairs of points.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from forecasting.recursion import Floats

SPAN = 600.0
"""Seconds whose samples are taken together: a job's start and its load are not one moment."""
FEWEST = 6
MOST = 400
NARROW = 0.05
"""Shares of busy slots that differ by less tell nothing of how load depends on them."""
NEAR = 10.0


def loads(samples: ArrayLike, busy: Floats, *, slots: int, seed: int) -> dict[str, Any]:
    """Return points of CPU and memory for each hour, None where too little was measured.

    Shape: samples (n, 4), rows of epoch seconds, share of slots busy, CPU and memory in percent,
    None or NaN where unknown; busy (paths, hours), slots busy at the time.
    """
    rng = np.random.default_rng(seed)
    rows = np.asarray(samples, np.float64)
    share = np.clip(busy / max(slots, 1), 0.0, 1.0)
    return {
        name: _points(rows, column, share, rng) if len(rows) and slots else None
        for name, column in (("cpu", 2), ("memory", 3))
    }


def _points(
    rows: Floats, column: int, share: Floats, rng: np.random.Generator
) -> list[dict[str, float]] | None:
    known = rows[np.isfinite(rows[:, 1]) & np.isfinite(rows[:, column])]
    if not len(known):
        return None
    x, y = _together(known[:, 0], known[:, 1]), _together(known[:, 0], known[:, column])
    if len(x) < FEWEST:
        return None
    slope = _slope(x, y)
    missed = y - slope * x
    drawn = slope * share + rng.choice(missed, size=share.shape)
    paths = np.clip(drawn, 0.0, 100.0)
    low, middle, high = np.quantile(paths, (0.1, 0.5, 0.9), axis=0)
    near = (np.abs(paths - middle) <= NEAR).mean(axis=0)
    columns = zip(low.tolist(), middle.tolist(), high.tolist(), near.tolist(), strict=True)
    return [
        {"lower": a, "middle": b, "upper": c, "confidence": sure, "carry": 0.0}
        for a, b, c, sure in columns
    ]


def _together(at: Floats, values: Floats) -> Floats:
    """Return the mean of each span of time, the newest ones."""
    _, span = np.unique(at // SPAN, return_inverse=True)
    means: Floats = (np.bincount(span, values) / np.bincount(span))[-MOST:]
    return means


def _slope(x: Floats, y: Floats) -> float:
    dx = x[:, None] - x[None, :]
    apart = dx > NARROW
    if not apart.any():
        return 0.0
    return max(0.0, float(np.median((y[:, None] - y[None, :])[apart] / dx[apart])))
