"""When a series counts as resting, and what is expected of it."""

import numpy as np
import pytest

from forecasting.resting import rests, same_hour_quantiles

HOURS = np.arange(10 * 24)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.zeros(240), True),
        (np.where(HOURS % 24 == 2, 9.0, 0.0), True),
        (np.where(HOURS < 160, 5.0, 9.0), False),
        (HOURS.astype(float), False),
        (np.zeros(100), False),
    ],
    ids=["constant", "nightly job", "new level", "never still", "too short"],
)
def test_rest_is_mostly_and_never_long_left(y: np.ndarray, expected: bool) -> None:
    """Most values are one value, and no absence from it exceeds a day."""
    assert expected == rests(y, 24)


def test_the_same_hour_is_read() -> None:
    """Two values a day, the second varying: only its quantiles spread."""
    y = np.array([0, 1, 0, 2, 0, 3], dtype=float)

    assert [[0, 0], [2, 3], [0, 0]] == same_hour_quantiles(y, 3, np.array([0.5, 0.75]), 2).tolist()
