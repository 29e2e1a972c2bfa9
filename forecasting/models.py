"""Fit statistical models; the only file that imports statsmodels.

ladder.py and queueing/profile.py call it. They get plain numbers and
rules, so nothing else sees a statsmodels object. It is imported when
something is fitted: that takes a second, which a refresh does not need.
"""

import warnings

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from forecasting.recursion import Floats, Recursion


def autoregression(z: Floats, lags: NDArray[np.intp], season: int = 1) -> Recursion:
    """Fit z on its own lags by least squares, with one intercept or one per hour of the season.

    Shape: z (n,), n > max(lags). Collinear lags get the smallest weights that fit.
    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 9.3.
    """
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning
    from statsmodels.tsa.ar_model import AutoReg

    seasonal = season > 1
    model = AutoReg(z, lags.tolist(), seasonal=seasonal, period=season if seasonal else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularMatrixWarning)  # constant and pure seasons are fine
        fitted = np.asarray(model.fit().params)
    intercepts = np.full(season, fitted[0])
    intercepts[1:] += fitted[1:season]
    return Recursion(lags, fitted[season:], intercepts)


def count_regression(design: Floats, counts: Floats, weights: Floats) -> Floats | None:
    """Fit the logarithm of a rate to counts by Poisson regression; None where it fails.

    Shape: design (n, k), its first column ones; counts, weights (n,); returns (k,).
    Source: McCullagh and Nelder (1989), Generalized Linear Models, chapter 6.
    """
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    model = GLM(counts, design, family=Poisson(), freq_weights=weights)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fitted = np.asarray(model.fit(maxiter=25).params)
        except (ArithmeticError, ValueError, LinAlgError, Warning):
            return None
    return fitted if np.isfinite(fitted).all() else None
