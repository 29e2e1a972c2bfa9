"""Turn the levels that forecasts claimed in the past into the levels to read today.

fit.py learns one map per thing forecast, model.py and durations.py read quantiles through it.
A forecast whose truth fell below its 10 % level one time in five is read at a lower level then.

Source: Kuleshov, Fenner and Ermon (2018), Accurate Uncertainties for Deep Learning Using
Calibrated Regression; Vovk et al. (2005) for ranks among m + 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.recursion import Floats

KNOTS = np.arange(1, 40) / 40
CAUTION = 1.1
"""How much further out to read, on the scale of log odds, before anything was learnt."""
NEWCOMER = 2.4
"""The same where the history is too short to tell a day from a night."""
DOUBT = 15.0
"""Past moments that count for as much as the caution one starts with."""


@dataclass(frozen=True)
class LevelMap:
    """Which level to read instead of each of KNOTS. Shape: values (39,), rising."""

    values: Floats

    def __call__(self, levels: Floats) -> Floats:
        """Return the levels to read, as many as were asked for."""
        knots = np.concatenate([[0.0], KNOTS, [1.0]])
        result: Floats = np.interp(levels, knots, np.concatenate([[0.0], self.values, [1.0]]))
        return result

    def further_out(self, factor: float) -> "LevelMap":
        """Return the map that reads so much further from its middle, on the scale of log odds."""
        odds = np.log(self.values / (1 - self.values))
        middle = odds[len(odds) // 2]
        return LevelMap(1 / (1 + np.exp(-(middle + factor * (odds - middle)))))

    def about_the_middle(self) -> "LevelMap":
        """Return the map that reads as far out, and the middle where it is."""
        odds = np.log(self.values / (1 - self.values))
        return LevelMap(1 / (1 + np.exp(odds[len(odds) // 2] - odds)))


def cautious(factor: float = CAUTION) -> LevelMap:
    """Return the map of one who has learnt nothing yet and reads further out."""
    odds = (KNOTS / (1 - KNOTS)) ** factor
    return LevelMap(odds / (1 + odds))


@dataclass(frozen=True)
class Ranks:
    """Where the truth stood among forecasts of the past.

    Shape: values (n,) in (0, 1), weights (n,), which add up to the moments they come from.
    """

    values: Floats
    weights: Floats


def learn_levels(ranks: Ranks, prior: LevelMap, doubt: float = DOUBT) -> LevelMap:
    """Learn from past ranks; `doubt` is the number of moments that `prior` counts for as much as.

    At a level of 10 % today's forecast is read where one truth in ten stood below in the past.
    """
    if not len(ranks.values):
        return prior
    order = np.argsort(ranks.values)
    weights = ranks.weights[order]
    total = np.cumsum(weights)
    seen = np.interp(KNOTS, (total - weights / 2) / total[-1], ranks.values[order])
    share = total[-1] / (total[-1] + doubt)
    return LevelMap(share * seen + (1 - share) * prior.values)


def ranks_among(paths: Floats, truth: Floats, rng: np.random.Generator) -> Floats:
    """Return where each truth stands among its paths, at random among equals.

    Shape: paths (p, n), truth (n,); returns (n,) in (0, 1).
    """
    below = (paths < truth - 1e-9).sum(axis=0)
    equal: NDArray[np.intp] = (np.abs(paths - truth) <= 1e-9).sum(axis=0)
    ranks: Floats = (below + rng.random(len(truth)) * (equal + 1)) / (len(paths) + 1)
    return ranks
