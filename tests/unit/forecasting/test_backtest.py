"""That forecasts of the past know nothing of what came after."""

import numpy as np

from forecasting.backtest import past_forecasts


def test_the_future_does_not_leak() -> None:
    """Changing the values from an origin on leaves that origin's forecast alone."""
    y = np.random.default_rng(0).normal(size=300)
    changed = np.concatenate([y[:280], y[280:] + 100])
    origins, before, _ = past_forecasts(y, y, 24, 5)
    after = past_forecasts(changed, changed, 24, 5)[1]

    assert before[origins <= 280].tolist() == after[origins <= 280].tolist()
    assert (before[origins > 280] != after[origins > 280]).any()


def test_every_hour_of_the_newer_half_is_an_origin() -> None:
    """A hundred values give fifty origins, none from before the middle."""
    y = np.arange(100.0)
    origins, forecasts, _ = past_forecasts(y, y, 24, 3)

    assert origins.tolist() == list(range(50, 100))
    assert forecasts.shape == (50, 3)


def test_a_single_value_has_no_past() -> None:
    """One value leaves nothing to forecast."""
    assert past_forecasts(np.ones(1), np.ones(1), 24, 3)[1].shape == (0, 3)
