"""How unknown hours are filled."""

import numpy as np

from forecasting.gaps import filled

NAN = np.nan


def test_the_same_hour_of_other_days_fills() -> None:
    """With two values a day, the first of day two comes from the firsts of days one and three."""
    y = np.array([1.0, 10.0, NAN, 10.0, 3.0, NAN])

    assert [1.0, 10.0, 2.0, 10.0, 3.0, 10.0] == filled(y, 2).tolist()


def test_neighbours_fill_an_hour_never_seen() -> None:
    """An hour unknown on every day lies between its neighbours."""
    assert [1.0, 2.0, 3.0, 1.0, 2.0, 3.0] == filled(np.array([1, NAN, 3, 1, NAN, 3]), 3).tolist()


def test_the_argument_is_left_alone() -> None:
    """Filling returns a new series."""
    y = np.array([1.0, NAN])

    assert filled(y, 1).tolist() == [1.0, 1.0]
    assert np.isnan(y[1])
