"""What past ranks make of the levels that are read."""

import numpy as np
import pytest

from forecasting.queueing.trust import LevelMap, Ranks, cautious, learn_levels

LEVELS = np.array([0.1, 0.5, 0.9])
NOVICE = cautious()


def learnt(low: float, high: float) -> LevelMap:
    """Return what a long past teaches in which truths stood evenly between two ranks."""
    return learn_levels(Ranks(np.linspace(low, high, 4000), np.full(4000, 1.0)), NOVICE)


def test_truths_that_stood_apart_widen() -> None:
    """Where truths stood in the outer thirds, 80 % is read further out than it was."""
    outer = np.concatenate([np.linspace(0, 0.3, 2000), np.linspace(0.7, 1, 2000)])
    low, _, high = learn_levels(Ranks(outer, np.ones(4000)), NOVICE)(LEVELS)

    assert low < 0.1
    assert high > 0.9


def test_truths_to_one_side_move_the_middle() -> None:
    """Where all truths stood in the lower half, the middle is read there."""
    assert learnt(0.0, 0.5)(LEVELS)[1] == pytest.approx(0.25, abs=0.01)


def test_about_the_middle_only_the_distance_is_learnt() -> None:
    """The same past leaves the middle where it is, and reads less far out on either side."""
    low, middle, high = learnt(0.25, 0.5).about_the_middle()(LEVELS)

    assert middle == pytest.approx(0.5)
    assert 0.1 < low < 0.5 < high < 0.9
