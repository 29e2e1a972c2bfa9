"""Forecast a series from its own past, as it would have been forecast then.

series.py calls it; conformal.py turns the errors into intervals. Nothing later than a panel's
fit reaches that panel or its weights, and nothing later than an origin its forecast; only the
scales are chosen for the whole series, since a logarithm must not meet a zero.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecasting.ladder import fit_panel
from forecasting.recursion import Floats
from forecasting.scales import scales_for
from forecasting.vote import Record, voted

REFITS = 4
"""Fits a backtest pays for; two gave 3 % wider and less reliable intervals on M4-hourly."""


def past_forecasts(
    y: Floats, observed: Floats, period: int, hours: int
) -> tuple[NDArray[np.intp], Floats, Record]:
    """Forecast from every hour of the newer half, by panels refitted as the half goes by.

    Shape: y (n,), observed (n,) the same with NaN where y is filled; returns origins (m,), each
    knowing y[:origin], forecasts (m, hours), and the record of the panels' members.
    """
    record = Record()
    scales = scales_for(y)
    origins, forecasts = [np.empty(0, np.intp)], [np.empty((0, hours))]
    for span in _spans(len(y)):
        panel = fit_panel(y[: span[0]], period, scales)
        rolled = panel.roll(y, span, hours)
        weights = record.weights(panel.signature, observed[: span[0]])
        record.add(panel.signature, span, rolled)
        origins.append(span)
        forecasts.append(voted(rolled, weights))
    return np.concatenate(origins), np.vstack(forecasts), record


def _spans(n: int) -> list[NDArray[np.intp]]:
    cuts = np.unique(np.linspace(max(1, n // 2), n, REFITS + 1).astype(np.intp))
    return [np.arange(begin, end) for begin, end in pairwise(cuts)]
