"""Forecast plain numbers: arrays in, quantiles out.

Actors call it on workers; it knows no queue store, no web and no clock.
"""

from forecasting.queueing.fit import fit
from forecasting.series import forecast_series

__all__ = ["fit", "forecast_series"]
