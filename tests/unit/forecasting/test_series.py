"""What forecast_series answers for series whose future is known, and for odd ones."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from forecasting import forecast_series

LEVELS = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
MEDIAN = 3
TIMES = np.arange(28 * 24)
DAY = np.sin(2 * np.pi * TIMES / 24)
WEEK = np.sin(2 * np.pi * TIMES / 168)


def forecast(y: ArrayLike, hours: int = 48, period: int = 24) -> np.ndarray:
    return forecast_series(y, hours, LEVELS, period)


def noise(n: int = len(TIMES), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize("value", [0.0, 7.0, -3.5, 1e300, 5e-324])
def test_a_long_constant_stays(value: float) -> None:
    """Weeks of one value leave no doubt about the next."""
    quantiles = forecast(np.full(28 * 24, value))

    assert np.full((48, len(LEVELS)), value) == pytest.approx(quantiles, rel=1e-9, abs=0)


def test_a_line_goes_on() -> None:
    """A straight line is continued exactly."""
    truth = np.arange(48) + TIMES[-1] + 1 - 300.0

    assert truth == pytest.approx(forecast(TIMES - 300.0)[:, MEDIAN])


def test_a_line_from_zero_is_covered() -> None:
    """Where square roots are modelled too, the line stays within the 95 % interval."""
    quantiles = forecast(TIMES)
    truth = np.arange(48) + TIMES[-1] + 1.0

    assert ((quantiles[:, 0] <= truth) & (truth <= quantiles[:, -1])).mean() > 0.9


@pytest.mark.parametrize(
    "season",
    [DAY, 10 + DAY, DAY + 0.5 * WEEK, 10 + DAY * WEEK],
    ids=["day", "above", "sum", "product"],
)
def test_a_pure_season_is_repeated(season: np.ndarray) -> None:
    """A season without noise comes again, with next to no width."""
    quantiles = forecast(season)

    assert season[: 7 * 24][:48] == pytest.approx(quantiles[:, MEDIAN], abs=0.02)
    assert np.ptp(quantiles, axis=1).max() < 0.1


def test_a_noisy_season_is_found() -> None:
    """The point forecast follows the season, and the interval is about as wide as the noise."""
    quantiles = forecast(50 + 10 * DAY + noise())

    assert np.abs(quantiles[:, MEDIAN] - (50 + 10 * DAY[:48])).mean() < 0.5
    assert 2.5 < (quantiles[:, -2] - quantiles[:, 1]).mean() < 3.5


def test_gaps_do_not_stop_it() -> None:
    """A lost tenth of the hours, a lost day and an unknown end cost little."""
    y = 50 + 10 * DAY + noise()
    y[np.random.default_rng(1).random(len(y)) < 0.1] = np.nan
    y[300:324] = np.nan
    y[-5:] = np.nan
    quantiles = forecast(y)

    assert np.abs(quantiles[:, MEDIAN] - (50 + 10 * DAY[:48])).mean() < 0.75


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_history_is_plainly_wide(n: int) -> None:
    """Where nothing was seen, the 95 % interval is at least six times the known size."""
    quantiles = forecast(np.full(n, 5.0))

    assert quantiles[:, MEDIAN] == pytest.approx(5.0 if n else 0.0)
    assert (quantiles[:, -1] - quantiles[:, MEDIAN]).min() >= (30.0 if n else 20.0) * 0.99


def test_more_history_narrows() -> None:
    """The mean width falls from a few hours known to days to weeks."""
    y = 50 + 10 * DAY + noise()
    widths = [np.ptp(forecast(y[-n:], 24), axis=1).mean() for n in (6, 3 * 24, 28 * 24)]

    assert sorted(widths, reverse=True) == widths


def test_unknown_only_equals_nothing() -> None:
    """Hours without a value say no more than no hours."""
    assert forecast([]).tolist() == forecast([np.nan] * 100).tolist()


def test_rare_spikes_stay_rare() -> None:
    """A series that rests at one value is forecast to rest, with the spike only at the top."""
    y = np.ones(28 * 24)
    y[::97] = 1e6
    quantiles = forecast(y)

    assert (quantiles[:, 1:-2] == 1).all()
    assert quantiles.max() == 1e6


def test_a_daily_spike_is_foreseen() -> None:
    """A spike at the same hour every day is no surprise at that hour."""
    y = np.zeros(28 * 24)
    y[2::24] = 40
    expected = np.zeros(48)
    expected[2::24] = 40

    assert forecast(y)[:, MEDIAN].tolist() == expected.tolist()


def test_a_step_is_followed() -> None:
    """After half a week at a new constant level, that level is the forecast."""
    y = np.where(TIMES < 24 * 24, 5.0, 9.0)

    assert forecast(y, 6)[:, MEDIAN] == pytest.approx(9.0, abs=0.5)


ODD: dict[str, Callable[[int], np.ndarray]] = {
    "zeros": np.zeros,
    "integers": lambda n: np.arange(n) % 3,
    "line": lambda n: np.arange(n) * 2.0,
    "growth": lambda n: np.exp(np.arange(n) / 10),
    "huge": lambda n: 1.7e308 * (1 + noise(n)).clip(-1, 1),
    "walk": lambda n: np.cumsum(noise(n)),
    "half known": lambda n: np.where(noise(n) > 0, noise(n, 1), np.nan),
    "late signs": lambda n: np.where(np.arange(n) < n - 2, 5.0, -5.0) + 0.1 * noise(n),
    "heavy tail": lambda n: np.exp(3 * noise(n)),
    "last alone": lambda n: np.where(np.arange(n) < n - 1, np.nan, 4.0),
}


@pytest.mark.parametrize("n", [1, 2, 5, 23, 25, 47, 60, 170, 233, 350])
@pytest.mark.parametrize("name", ODD)
def test_odd_series_give_finite_ordered_quantiles(name: str, n: int) -> None:
    """Whatever the series, quantiles are finite, ordered and keep the sign of what was seen."""
    y = ODD[name](n)
    quantiles = forecast(y, 30)

    assert quantiles.shape == (30, len(LEVELS))
    assert np.isfinite(quantiles).all()
    assert (quantiles[:, 1:] >= quantiles[:, :-1]).all()
    assert quantiles.min() >= 0 or np.nanmin(y) < 0


@pytest.mark.parametrize("period", [1, 2, 7, 24, 96])
def test_any_period_works(period: int) -> None:
    """The number of values a day may be anything from one."""
    season = 10 + np.sin(2 * np.pi * np.arange(30 * period) / period) + 0.1 * noise(30 * period)

    assert np.isfinite(forecast(season, 2 * period, period)).all()


def test_levels_may_come_in_any_order() -> None:
    """Each column belongs to its own level."""
    y = 50 + 10 * DAY + noise()
    backwards = forecast_series(y, 12, LEVELS[::-1])

    assert backwards[:, ::-1].tolist() == forecast(y, 12).tolist()


def test_units_do_not_matter() -> None:
    """A series in other units is forecast the same, in those units."""
    y = 50 + 10 * DAY + noise()

    assert forecast(1024.0 * y) == pytest.approx(1024.0 * forecast(y), rel=1e-9)


def test_only_the_last_weeks_are_read() -> None:
    """What lies more than twelve weeks back changes nothing."""
    recent = 50 + noise(84 * 24)
    older = np.concatenate([np.full(500, 1e9), recent])

    assert forecast(older).tolist() == forecast(recent).tolist()


@pytest.mark.parametrize(
    ("y", "hours", "levels", "period", "says"),
    [
        ([[1.0, 2.0]], 24, [0.5], 24, "one dimension"),
        (3.0, 24, [0.5], 24, "one dimension"),
        ([1.0, np.inf], 24, [0.5], 24, "finite"),
        ([1.0], 0, [0.5], 24, "at least 1"),
        ([1.0], 24, [0.5], 0, "at least 1"),
        ([1.0], 24, [], 24, "at least one number"),
        ([1.0], 24, [[0.5]], 24, "at least one number"),
        ([1.0], 24, [0.0], 24, "between 0 and 1"),
        ([1.0], 24, [1.0], 24, "between 0 and 1"),
        ([1.0], 24, [np.nan], 24, "between 0 and 1"),
    ],
)
def test_wrong_arguments_are_named(
    y: ArrayLike, hours: int, levels: list[float], period: int, says: str
) -> None:
    """An argument of a wrong shape or range raises an error that says which."""
    with pytest.raises(ValueError, match=says):
        forecast_series(y, hours, levels, period)


def test_intervals_cover_what_they_claim() -> None:
    """On simulated days with memory, 80 and 95 % intervals hold about so many truths."""
    held = {0.8: 0.0, 0.95: 0.0}
    runs = 20
    for seed in range(runs):
        shocks, y = noise(21 * 24 + 24, seed), np.zeros(21 * 24 + 24)
        for t in range(1, len(y)):
            y[t] = 0.7 * y[t - 1] + shocks[t]
        y += 20 + 5 * DAY[: len(y)]
        q, truth = forecast(y[:-24], 24), y[-24:]
        held[0.8] += ((q[:, 1] <= truth) & (truth <= q[:, -2])).mean() / runs
        held[0.95] += ((q[:, 0] <= truth) & (truth <= q[:, -1])).mean() / runs

    assert 0.75 <= held[0.8] <= 0.87
    assert 0.92 <= held[0.95] <= 0.99


def test_a_day_and_a_half_show_the_day() -> None:
    """After 36 hours the season is already more than half found."""
    truth = (50 + 10 * DAY)[36:60]
    miss = np.abs(forecast((50 + 10 * DAY)[:36], 24)[:, MEDIAN] - truth).mean()

    assert miss < 0.5 * np.abs(truth - 50).mean()
