"""How rules continue a series, one origin or many."""

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg

from forecasting.models import autoregression
from forecasting.recursion import Recursion, around, repeat

FREE = (-np.inf, np.inf)


def test_it_applies_its_own_forecasts() -> None:
    """From 8 a rule of halving and adding one gives 5, 3.5, 2.75."""
    rule = Recursion(np.array([1]), np.array([0.5]), np.array([1.0]))

    assert [[5.0, 3.5, 2.75]] == rule.roll(np.array([8.0]), np.array([1]), 3, FREE).tolist()


def test_every_origin_knows_only_its_past() -> None:
    """The naive rule repeats the last value before each origin."""
    z = np.array([1.0, 2.0, 3.0])

    assert [[1.0, 1.0], [2.0, 2.0]] == repeat(1).roll(z, np.array([1, 2]), 2, FREE).tolist()


def test_paths_stay_within_bounds() -> None:
    """A rule that doubles is stopped at the ceiling."""
    rule = Recursion(np.array([1]), np.array([2.0]), np.array([0.0]))

    assert [[2.0, 3.0, 3.0]] == rule.roll(np.array([1.0]), np.array([1]), 3, (0, 3)).tolist()


def test_deviations_fade_around_a_profile() -> None:
    """Two above a profile of 10 and 20 becomes one above, then a half above."""
    halving = Recursion(np.array([1]), np.array([0.5]), np.array([0.0]))
    rule = around(np.array([10.0, 20.0]), halving)

    assert [[21.0, 10.5]] == rule.roll(np.array([12.0]), np.array([1]), 2, FREE).tolist()


@pytest.mark.parametrize("season", [1, 24])
def test_it_continues_as_statsmodels_does(season: int) -> None:
    """The fitted rule gives the same forecasts as the library's own."""
    z = np.random.default_rng(0).normal(size=200).cumsum()
    lags = np.array([1, 2, 24])
    rolled = autoregression(z, lags, season).roll(z, np.array([200]), 30, FREE)[0]
    model = AutoReg(z, [1, 2, 24], seasonal=season > 1, period=season if season > 1 else None)

    assert model.fit().predict(200, 229) == pytest.approx(rolled)
