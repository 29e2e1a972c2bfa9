"""The rules and the series models that a queue forecast must beat.

Three rules bring intervals of their own, from the last 28 days. The others give a point; their
intervals are the errors that they made at earlier origins of the same backtest.
"""

import warnings
from collections.abc import Callable

import numpy as np
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.forecasting.stl import STLForecast
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from bench.forecast.history import Floats

DAY = 24
DAYS_READ = 28
FEWEST_ERRORS = 10
"""Earlier origins that a point model needs before its interval counts."""


def naive(y: Floats, levels: Floats) -> Floats:
    """Return the last value, give or take how much the series changed over as many hours."""
    return np.array([np.quantile(y[-1] + y[h:] - y[:-h], levels) for h in range(1, DAY + 1)])


def seasonal_naive(y: Floats, levels: Floats) -> Floats:
    """Return yesterday's values, give or take how much days differed."""
    errors = y[DAY:] - y[:-DAY]
    return np.array([np.quantile(value + errors, levels) for value in y[-DAY:]])


def same_hour(y: Floats, levels: Floats) -> Floats:
    """Return what that hour of the day saw on the days before."""
    days = y[len(y) % DAY :].reshape(-1, DAY)
    hourly: Floats = np.quantile(days, levels, axis=0).T
    return hourly


RULES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "naive": naive,
    "seasonal naive": seasonal_naive,
    "same hour": same_hour,
}


def ets(y: Floats) -> Floats:
    """Return exponential smoothing with a damped trend and a day's season."""
    model = ExponentialSmoothing(
        y, trend="add", damped_trend=True, seasonal="add", seasonal_periods=DAY
    )
    return np.asarray(model.fit().forecast(DAY))


def theta(y: Floats) -> Floats:
    """Return the Theta method after taking out a day's season."""
    model = ThetaModel(y, period=DAY, deseasonalize=bool(np.ptp(y)), method="additive")
    return np.asarray(model.fit().forecast(DAY))


def stl_arima(y: Floats) -> Floats:
    """Return a day's season by STL, and an autoregression of the rest."""
    model = STLForecast(y, ARIMA, model_kwargs={"order": (1, 0, 0)}, period=DAY, robust=True)
    return np.asarray(model.fit().forecast(DAY))


MODELS: dict[str, Callable[[Floats], Floats]] = {
    "ETS": ets,
    "Theta": theta,
    "STL-ARIMA": stl_arima,
}


def point(name: str, y: Floats) -> Floats:
    """Return a model's forecast for the next day; where it fails, the last value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            values = np.maximum(MODELS[name](y), 0.0)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            values = np.full(DAY, np.nan)
    return np.where(np.isfinite(values), values, y[-1])


def around(value: Floats, earlier: Floats, truths: Floats, levels: Floats) -> Floats | None:
    """Return a point forecast give or take its earlier errors, on the scale of square roots.

    Shape: value (hours,), earlier, truths (origins, hours); returns (hours, levels).
    """
    if len(earlier) < FEWEST_ERRORS:
        return None
    errors = np.sqrt(truths) - np.sqrt(earlier)
    rows = []
    for hour, root in enumerate(np.sqrt(value)):
        near = errors[:, max(0, hour - 1) : hour + 2]
        near = near[np.isfinite(near)]
        offsets = np.quantile(near, levels) if near.size else np.zeros(len(levels))
        rows.append(np.maximum(root + offsets, 0.0) ** 2)
    return np.array(rows)
