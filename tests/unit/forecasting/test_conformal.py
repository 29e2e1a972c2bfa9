"""How past errors become offsets."""

import numpy as np
import pytest

from forecasting.conformal import Calibration, calibrate

LEVELS = np.array([0.05, 0.5, 0.95])


def offsets(errors: np.ndarray, levels: np.ndarray = LEVELS, scale: float = 1.0) -> np.ndarray:
    origins = np.arange(len(errors))
    return calibrate(errors, origins, 1, scale).offsets(levels, len(errors))


def test_even_errors_give_their_conformal_ranks() -> None:
    """Of 199 evenly spread errors the 90 % interval is the middle 180 of 200 ranks."""
    errors = np.linspace(-99, 99, 199)[:, None]
    known = calibrate(errors, np.arange(199), 1, 1.0)

    assert known.offsets(LEVELS, 199)[0] == pytest.approx([-90, 0, 90], rel=0.01)


def test_none_known_gives_the_scale_to_fear() -> None:
    """Without an error the tail is the scale over twice the level, and grows with the lead."""
    rows = offsets(np.empty((0, 4)), scale=3.0)

    assert rows[0] == pytest.approx([-30.0, 0.0, 30.0])
    assert rows[3] == pytest.approx([-60.0, 0.0, 60.0])


def test_rarer_than_seen_gets_a_heavy_tail() -> None:
    """One error says nothing of one miss in ten: five times as far as it, or as the scale."""
    calm, wild = (offsets(np.array([[error]]), scale=2.0)[0] for error in (0.0, 4.0))

    assert calm == pytest.approx([-10.0, 0.0, 10.0])
    assert np.ptp(wild) > np.ptp(calm)


def test_a_one_sided_forecast_is_moved() -> None:
    """When the truth always lay two below, so does the median."""
    assert offsets(np.full((200, 1), -2.0))[0].tolist() == pytest.approx([-2.0, -2.0, -2.0])


def test_a_few_one_sided_errors_do_not_move_it() -> None:
    """Fifty errors of two below widen the interval and leave the median."""
    assert offsets(np.full((50, 1), -2.0))[0].tolist() == pytest.approx([-2.0, 0.0, 0.0])


def test_unseen_lead_times_grow_as_a_random_walk() -> None:
    """Lead time four, never scored, is twice as wide as lead time one."""
    errors = np.full((60, 4), np.nan)
    errors[:, 0] = np.random.default_rng(0).normal(size=60)
    errors[:, 0] -= np.median(errors[:, 0])
    rows = offsets(errors)

    assert rows[3] == pytest.approx(2 * rows[0])


def test_noisy_hours_are_wider() -> None:
    """Errors twice as large at odd hours make those hours' intervals about twice as wide."""
    rng = np.random.default_rng(0)
    origins = np.arange(400)
    errors = (rng.normal(size=400) * np.where(origins % 2, 2, 1))[:, None]
    known = calibrate(errors, origins, 2, 1.0)
    widths = [np.ptp(known.offsets(LEVELS, origin)) for origin in (400, 401)]

    assert 1.7 < widths[1] / widths[0] < 2.3


def test_offsets_rise_with_the_level() -> None:
    """For skewed errors too, no quantile crosses another."""
    errors = np.random.default_rng(0).exponential(size=(80, 3)) - 1
    rows = Calibration(errors, np.ones(1), 1.0).offsets(np.linspace(0.001, 0.999, 99), 0)

    assert (np.diff(rows, axis=1) >= 0).all()
