"""How good quantile forecasts were: loss, error and how often intervals held."""

from dataclasses import dataclass, field

import numpy as np

from bench.forecast.history import Floats

LEVELS = np.round(np.arange(0.05, 0.96, 0.05), 2)
MIDDLE = 9
LEADS = {"1-4 h": slice(0, 4), "5-12 h": slice(4, 12), "13-24 h": slice(12, 24), "all": slice(24)}


@dataclass
class Scores:
    """The forecasts of one method for one thing, origin by origin.

    Shape: each forecast (24, levels), each truth (24,) with NaN where there is none.
    """

    forecasts: dict[int, Floats] = field(default_factory=dict)
    truths: dict[int, Floats] = field(default_factory=dict)

    def add(self, origin: int, forecast: Floats, truth: Floats) -> None:
        """Remember a forecast and what came."""
        self.forecasts[origin] = np.sort(forecast, axis=1)
        self.truths[origin] = truth

    def loss(self, lead: str, origins: list[int]) -> float:
        """Return the mean pinball loss over all levels, an approximation of the CRPS."""
        forecast, truth = self._flat(lead, origins)
        error = truth[:, None] - forecast
        return float(2 * np.maximum(LEVELS * error, (LEVELS - 1) * error).mean())

    def mae(self, lead: str, origins: list[int]) -> float:
        """Return the mean absolute error of the median."""
        forecast, truth = self._flat(lead, origins)
        return float(np.abs(truth - forecast[:, MIDDLE]).mean())

    def held(self, share: float, lead: str, origins: list[int]) -> float:
        """Return how often the central interval of this share held the truth.

        By randomised ranks: an interval that begins at 0 holds a 0 only as often as it should.
        """
        forecast, truth = self._flat(lead, origins)
        below = (forecast < truth[:, None] - 1e-9).sum(axis=1)
        upto = (forecast <= truth[:, None] + 1e-9).sum(axis=1)
        low, high = np.append(0.0, LEVELS)[below], np.append(LEVELS, 1.0)[upto]
        rank = low + np.random.default_rng(0).random(len(truth)) * (high - low)
        tail = (1 - share) / 2
        return float(((rank > tail) & (rank < 1 - tail)).mean())

    def _flat(self, lead: str, origins: list[int]) -> tuple[Floats, Floats]:
        span = LEADS[lead]
        forecast = np.vstack([self.forecasts[origin][span] for origin in origins])
        truth = np.concatenate([self.truths[origin][span] for origin in origins])
        known = np.isfinite(truth)
        return forecast[known], truth[known]
