"""Turn a model's own past errors into how far the truth may lie from its next forecast.

series.py calls it. It knows no model, only errors by origin and lead time.

Sources: Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World: with m past
errors the rank of the next one is uniform among m + 1; Lei et al. (2018), Distribution-Free
Predictive Inference for Regression, 5.2: errors are compared after division by their local size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.recursion import Floats

SHRINKAGE = 10
"""Errors of average size that each hour's own errors are mixed with."""
FEW = 8
"""Errors under which a lead time borrows those of a shorter one."""
MANY = 168
"""Errors from which a bias counts as lasting: before, simpler rules than today's made them."""


@dataclass(frozen=True)
class Calibration:
    """Past errors by lead time in units of their usual size at that hour of the season.

    Shape: errors (m, hours) with NaN where the truth is unknown, sizes (period,).
    """

    errors: Floats
    sizes: Floats
    scale: float

    def offsets(self, levels: Floats, origin: int) -> Floats:
        """Return how far each quantile lies from the forecast made at `origin`.

        Shape: levels (k,) in (0, 1); returns (hours, k), 0 at level 0.5.
        """
        hours = self.errors.shape[1]
        rows = np.array([self._offsets_at(lead, levels) for lead in range(hours)])
        sizes: Floats = self.sizes[(origin + np.arange(hours)) % len(self.sizes)]
        return rows * sizes[:, None]

    def _offsets_at(self, lead: int, levels: Floats) -> Floats:
        source = self._source(lead)
        growth = np.sqrt((lead + 1) / (source + 1))  # as the errors of a random walk grow
        near = self.errors[:, max(0, source - 1) : source + 2]
        count = int(np.isfinite(self.errors[:, source]).sum())
        offsets = _offsets(near[np.isfinite(near)], count, self.scale, levels)
        return offsets * float(growth)

    def _source(self, lead: int) -> int:
        """Return the lead time whose errors stand for this one's: its own where they suffice."""
        counts = np.isfinite(self.errors).sum(axis=0)
        enough = np.flatnonzero(counts >= np.clip(np.max(counts, initial=0), 1, FEW))
        return int(np.max(enough[enough <= lead], initial=0))


def calibrate(errors: Floats, origins: NDArray[np.intp], period: int, scale: float) -> Calibration:
    """Learn from past errors; `scale` is the size to fear where they are too few to tell.

    Shape: errors (m, hours), origins (m,), each the time of its row's first forecast.
    """
    phases = (origins[:, None] + np.arange(errors.shape[1])) % period
    sizes = _sizes(errors, phases, period)
    return Calibration(errors / sizes[phases], sizes, scale)


def _sizes(errors: Floats, phases: NDArray[np.intp], period: int) -> Floats:
    known = np.isfinite(errors)
    size = np.abs(errors[known])
    average = float(size.mean()) if size.size else 0.0
    if average == 0.0:
        return np.ones(period)
    count = np.bincount(phases[known], minlength=period)
    total = np.bincount(phases[known], size, period)
    sizes: Floats = (total / average + SHRINKAGE) / (count + SHRINKAGE)
    return sizes


def _offsets(errors: Floats, count: int, scale: float, levels: Floats) -> Floats:
    """Return the quantiles' offsets as far as `count` errors can tell, beyond that a heavy tail.

    A miss rarer than once in count + 1 was never seen: there the tail falls as slowly as a
    Cauchy law's, from the largest error seen or the scale to fear.
    """
    side = np.sign(levels - 0.5)
    rarity = 2 * np.minimum(levels, 1 - levels) * (count + 1)
    if not count:
        tail: Floats = side * scale / rarity
        return tail
    beyond = side * max(float(np.max(np.abs(errors))), scale) / rarity
    return np.where(rarity < 1, beyond, _seen(errors, levels, skewed=rarity >= 2))


def _seen(errors: Floats, levels: Floats, *, skewed: NDArray[np.bool_]) -> Floats:
    """Return the offsets by absolute errors, half-way to those by signed ones where `skewed`.

    The signed ones show a skew, the absolute ones waver less; the "weibull" rank of a level is
    the conformal one, level * (n + 1).
    """
    shift = _shift(errors)
    errors = errors - shift
    side = np.sign(levels - 0.5)
    even = np.quantile(np.abs(errors), np.abs(2 * levels - 1), method="weibull")
    signed = side * np.quantile(errors, levels, method="weibull")
    mixed = np.maximum(even + signed, 0.0) / 2
    return shift + side * np.where(skewed, mixed, even)


def _shift(errors: Floats) -> float:
    """Return 0, unless the errors lay to one side three times in four: then what ends that."""
    if len(errors) < MANY:
        return 0.0
    low, high = np.quantile(errors, (0.25, 0.75))
    return float(np.clip(0.0, low, high))
