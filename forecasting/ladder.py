"""Choose and fit the rules that a history of this length can bear.

series.py fits a Panel at the end of a series and at past points of it, to learn its own errors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.models import autoregression
from forecasting.recursion import Bounds, Floats, Recursion, around, repeat
from forecasting.scales import Scale

DAYS_A_WEEK = 7
ROWS_PER_WEIGHT = 3

Signature = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Member:
    """One rule on one scale, with the bounds that keep its paths from exploding."""

    scale: Scale
    rule: Recursion
    bounds: Bounds

    def roll(self, y: Floats, origins: NDArray[np.intp], hours: int) -> Floats:
        """Forecast `y` from each origin. Shape: (len(origins), hours)."""
        z = self.scale.to(y)
        return self.scale.back(self.rule.roll(z, origins, hours, self.bounds))


@dataclass(frozen=True)
class Panel:
    """Several members that forecast the same series."""

    members: tuple[Member, ...]

    @property
    def signature(self) -> Signature:
        """What tells panels of the same rules, fitted to more or less history, from others."""
        return tuple((each.rule.reach, len(each.rule.intercepts)) for each in self.members)

    def roll(self, y: Floats, origins: NDArray[np.intp], hours: int) -> Floats:
        """Forecast `y` from each origin, by each member.

        Shape: y (n,), origins (m,), none before the end of the history fitted; returns
        (members, m, hours).
        """
        return np.array([each.roll(y, origins, hours) for each in self.members])


def fit_panel(y: Floats, period: int, scales: Sequence[Scale]) -> Panel:
    """Fit every rule that a history of this length can bear, on every scale given.

    Shape: y (n,) without NaN, n at least 1.
    """
    return Panel(
        tuple(
            Member(scale, rule, scale.bounds(y))
            for scale in scales
            for rule in _rules(scale.to(y), period)
        )
    )


def _rules(z: Floats, period: int) -> Iterator[Recursion]:
    week = DAYS_A_WEEK * period
    if _bears(z, _weekly_lags(period), period) and len(z) >= 2 * week:
        yield autoregression(z, _weekly_lags(period))
        yield autoregression(z, _weekly_lags(period), period)
        yield _profiled(z, week, _daily_lags(period))
    elif _bears(z, _daily_lags(period)) and len(z) >= 2 * period:
        yield autoregression(z, _daily_lags(period))
        yield _profiled(z, period, np.array([1]))
        yield repeat(period)
    else:
        yield repeat(1)
        yield Recursion(np.array([1]), np.zeros(1), np.array([z.mean()]))
        if len(z) >= period:
            yield repeat(period)


def _bears(z: Floats, lags: NDArray[np.intp], season: int = 1) -> bool:
    return len(z) - int(np.max(lags)) >= ROWS_PER_WEIGHT * (len(lags) + season)


def _daily_lags(period: int) -> NDArray[np.intp]:
    return _positive([1, 2, 3, period - 1, period, period + 1])


def _weekly_lags(period: int) -> NDArray[np.intp]:
    """Return the lags of a product of an hour's, a day's and a week's memory: its largest terms.

    Source: Box and Jenkins (1970), multiplicative seasonal models.
    """
    week = DAYS_A_WEEK * period
    near = [1, 2, period - 1, period, period + 1, period + 2]
    days = [day * period + step for day in (2, DAYS_A_WEEK - 1) for step in (-1, 0, 1)]
    return _positive([*near, *days, *(week + step for step in (-1, 0, 1, 2))])


def _positive(lags: list[int]) -> NDArray[np.intp]:
    return np.unique([lag for lag in lags if lag > 0])


def _profiled(z: Floats, season: int, lags: NDArray[np.intp]) -> Recursion:
    """Return the mean of each hour of the season, with deviations that fade by their own memory."""
    phase = np.arange(len(z)) % season
    profile = np.bincount(phase, z, season) / np.bincount(phase, minlength=season)
    return around(profile, autoregression(z - profile[phase], lags))
