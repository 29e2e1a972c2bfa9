"""Fit statistical models; the only file that imports statsmodels.

ladder.py calls it. It returns plain rules, so nothing else sees a statsmodels object.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from statsmodels.tools.sm_exceptions import SingularMatrixWarning
from statsmodels.tsa.ar_model import AutoReg

from forecasting.recursion import Floats, Recursion


def autoregression(z: Floats, lags: NDArray[np.intp], season: int = 1) -> Recursion:
    """Fit z on its own lags by least squares, with one intercept or one per hour of the season.

    Shape: z (n,), n > max(lags). Collinear lags get the smallest weights that fit.
    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 9.3.
    """
    seasonal = season > 1
    model = AutoReg(z, lags.tolist(), seasonal=seasonal, period=season if seasonal else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularMatrixWarning)  # constant and pure seasons are fine
        fitted = np.asarray(model.fit().params)
    intercepts = np.full(season, fitted[0])
    intercepts[1:] += fitted[1:season]
    return Recursion(lags, fitted[season:], intercepts)
