"""Forecast a plain hourly series, such as CPU or memory use, as calibrated quantiles.

Actors call it through the package. It simulates no queue: a series is all it knows.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from forecasting.backtest import past_forecasts
from forecasting.conformal import calibrate
from forecasting.gaps import filled
from forecasting.ladder import fit_panel
from forecasting.recursion import Floats
from forecasting.resting import rests, same_hour_quantiles
from forecasting.scales import RAW, ROOT, Scale, scales_for
from forecasting.vote import outcomes, voted

HISTORY_DAYS = 84
"""Days of history read: older ones cost time and describe another time."""


def forecast_series(
    y: ArrayLike, hours: int, levels: Sequence[float] | Floats, period: int = 24
) -> Floats:
    """Forecast the next `hours` values of a series as quantiles at `levels`.

    The point forecast (level 0.5) combines several autoregressions; the other levels add the
    quantiles of their joint errors, made by forecasting the series' own past. A shorter
    history gets simpler rules and wider intervals; an unknown one gets a width of one unit and
    more. A series that was never negative is not forecast to be.
    Shape: y (n,) oldest first, NaN where unknown, n = 0 allowed; levels (k,) each in (0, 1);
    returns (hours, k), finite and monotone in level.
    Units: those of y; `period` is the number of values a day.
    Raises: ValueError for arguments of another shape or range.
    """
    wanted = _checked_levels(levels)
    if hours < 1 or period < 1:
        raise ValueError(f"hours and period must be at least 1, not {hours} and {period}")
    observed = _checked_series(y)[-HISTORY_DAYS * period :]
    unit = float(np.nanmax(np.abs(observed), initial=0.0)) or 1.0
    with np.errstate(over="ignore"):
        quantiles = unit * _quantiles(_trimmed(observed / unit), hours, wanted, period)
    return np.clip(quantiles, -np.finfo(float).max, np.finfo(float).max)


def _checked_series(y: ArrayLike) -> Floats:
    values = np.asarray(y, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"y must have one dimension, not {values.ndim}")
    if np.isinf(values).any():
        raise ValueError("y must be finite, or NaN where unknown")
    return values


def _checked_levels(levels: Sequence[float] | Floats) -> Floats:
    wanted = np.asarray(levels, dtype=np.float64)
    if wanted.ndim != 1 or not wanted.size:
        raise ValueError("levels must be a list of at least one number")
    if not ((wanted > 0) & (wanted < 1)).all():
        raise ValueError("levels must lie between 0 and 1, both excluded")
    return wanted


def _trimmed(observed: Floats) -> Floats:
    """Drop what precedes the first known value; of nothing at all, keep one zero."""
    known = np.flatnonzero(np.isfinite(observed))
    return observed[known[0] :] if known.size else np.zeros(1)


def _quantiles(observed: Floats, hours: int, levels: Floats, period: int) -> Floats:
    y = filled(observed, period)
    if rests(y, period):
        quantiles = same_hour_quantiles(y, hours, levels, period)
    else:
        quantiles = _calibrated(y, observed, hours, levels, period)
    return _ordered(quantiles if np.min(y) < 0 else np.maximum(quantiles, 0.0), levels)


def _calibrated(y: Floats, observed: Floats, hours: int, levels: Floats, period: int) -> Floats:
    """Forecast by the panel, with offsets learnt from its errors where the truth was observed."""
    origins, forecasts, record = past_forecasts(y, observed, period, hours)
    panel = fit_panel(y, period, scales_for(y))
    rolled = panel.roll(y, np.array([len(y)]), hours)
    centre = voted(rolled, record.weights(panel.signature, observed))[0]
    scale = _error_scale(y, period)
    errors = scale.to(outcomes(observed, origins, hours)) - scale.to(forecasts)
    fear = float(np.abs(y).mean()) or 1.0
    offsets = calibrate(errors, origins, period, fear).offsets(levels, len(y))
    return scale.back(scale.to(centre)[:, None] + offsets)


def _error_scale(y: Floats, period: int) -> Scale:
    """Return the scale of the errors: square roots, where there are enough to spread out."""
    return ROOT if np.min(y) >= 0 and len(y) >= 2 * period else RAW


def _ordered(quantiles: Floats, levels: Floats) -> Floats:
    """Sort the quantiles of each hour in the order of their levels.

    Source: Chernozhukov, Fernández-Val and Galichon (2010), Quantile and Probability Curves
    Without Crossing: sorting never worsens them.
    """
    result = np.empty_like(quantiles)
    result[:, np.argsort(levels, kind="stable")] = np.sort(quantiles, axis=1)
    return result
