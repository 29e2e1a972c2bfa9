"""How the members of a panel are weighed."""

import numpy as np
import pytest

from forecasting.vote import Record, outcomes, voted

SIGNATURE = ((1, 1), (24, 1))
ROLLED = np.array([[[2.0]], [[3.0]]])


def test_half_the_error_gives_four_times_the_weight() -> None:
    """Errors of one and two make weights of four fifths and one fifth."""
    record = Record()
    record.add(SIGNATURE, np.array([1]), ROLLED)
    weights = record.weights(SIGNATURE, np.array([0.0, 1.0]))

    assert weights == pytest.approx([0.8, 0.2])
    assert voted(ROLLED, weights).tolist() == [[pytest.approx(2.2)]]


def test_an_exact_member_decides() -> None:
    """A member that never erred outweighs all others."""
    record = Record()
    record.add(SIGNATURE, np.array([1]), ROLLED)

    assert record.weights(SIGNATURE, np.array([0.0, 3.0])) == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    ("signature", "observed"),
    [(((1, 1),), [0.0, 1.0]), (SIGNATURE, [0.0]), (SIGNATURE, [0.0, np.nan])],
    ids=["other rules", "not come yet", "not known"],
)
def test_nothing_learnt_is_no_weight(signature: tuple, observed: list[float]) -> None:
    """Other rules' errors, and truths that are not known, say nothing."""
    record = Record()
    record.add(SIGNATURE, np.array([1]), ROLLED)

    assert record.weights(signature, np.array(observed)) is None


def test_without_weights_the_median_votes() -> None:
    """One wild member of three changes nothing."""
    assert voted(np.array([[[1.0]], [[2.0]], [[900.0]]]), None).tolist() == [[2.0]]


def test_outcomes_end_with_the_series() -> None:
    """What has not come yet is unknown."""
    ahead = outcomes(np.array([1.0, np.nan, 3.0]), np.array([1, 2]), 2)

    np.testing.assert_equal(ahead, [[np.nan, 3.0], [3.0, np.nan]])
