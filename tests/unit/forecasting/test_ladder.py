"""Which rules a history of some length gets."""

import numpy as np
import pytest

from forecasting.ladder import fit_panel
from forecasting.scales import LOG, RAW, ROOT, scales_for


@pytest.mark.parametrize(
    ("n", "reaches"),
    [
        (1, [1, 1]),
        (23, [1, 1]),
        (24, [1, 1, 24]),
        (47, [1, 1, 24]),
        (48, [25, 1, 24]),
        (335, [25, 1, 24]),
        (336, [170, 170, 25]),
        (2000, [170, 170, 25]),
    ],
)
def test_longer_histories_bear_longer_memories(n: int, reaches: list[int]) -> None:
    """Rules look back hours, then a day, then a week, as the history allows."""
    y = np.random.default_rng(0).normal(size=n)
    panel = fit_panel(y, 24, [RAW])

    assert reaches == [each.rule.reach for each in panel.members]


def test_panels_of_the_same_rules_share_a_signature() -> None:
    """A week more changes no rule; falling below two weeks does."""
    y = np.random.default_rng(0).normal(size=600)
    longer, long, short = (fit_panel(y[:n], 24, [RAW]).signature for n in (600, 400, 300))

    assert longer == long
    assert long != short


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([5.0, 7.0], (RAW, LOG)),
        ([0.0, 7.0], (RAW, ROOT)),
        ([1.0, 1e6], (RAW, ROOT)),
        ([-1.0, 7.0], (RAW,)),
        ([0.0, 0.0], (RAW,)),
    ],
)
def test_scales_suit_the_values(y: list[float], expected: tuple) -> None:
    """Logarithms need values well above zero, roots none below."""
    assert expected == scales_for(np.array(y))


@pytest.mark.parametrize("scale", [RAW, LOG, ROOT])
def test_scales_go_there_and_back(scale: object) -> None:
    """Each scale's way back undoes its way there."""
    y = np.array([0.5, 1.0, 9.0])

    assert y.tolist() == pytest.approx(scale.back(scale.to(y)))


def test_a_series_never_negative_stays_so() -> None:
    """The lowest path of a series that fell to zero ends at zero."""
    assert RAW.bounds(np.array([5.0, 0.0])) == (0.0, 10.0)
    assert RAW.bounds(np.array([5.0, -1.0])) == (-7.0, 11.0)
