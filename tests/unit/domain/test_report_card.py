"""Numbers of comparisons tell what the comparisons themselves would."""

import random
from collections import Counter
from statistics import median

import pytest

from queueapp.domain.report_card import FEWEST, Mark, Tally, error_of, step_of


def tally(errors: list[float], held: int = 0) -> Tally:
    """Count errors as the store does."""
    return Tally(len(errors), held, Counter(step_of(error) for error in errors))


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e8])
def test_the_median_is_right_within_half_a_step(scale: float) -> None:
    """For jobs as for milliseconds, few or many."""
    dice = random.Random(5)
    for size in (5, 11, 301):
        errors = [dice.expovariate(1 / scale) for _ in range(size)]

        assert pytest.approx(median(errors), rel=0.05) == tally(errors).mark.median_error


def test_no_error_at_all_is_none() -> None:
    """Next to nothing counts as nothing."""
    assert [0, 0, 0.0] == [step_of(0.0), step_of(0.009), error_of(0)]
    assert 0.0 == tally([0.0] * 5).mark.median_error


def test_too_few_are_not_told() -> None:
    """As in the report card itself."""
    assert Mark(FEWEST - 1, None, None) == tally([1.0] * (FEWEST - 1), held=1).mark
    assert 0.4 == tally([1.0] * FEWEST, held=2).mark.coverage
