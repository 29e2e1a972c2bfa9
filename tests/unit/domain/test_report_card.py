"""Numbers of comparisons tell what the comparisons themselves would."""

import random
from collections import Counter
from statistics import median

import pytest

from queueapp.domain.report_card import (
    CELLS,
    FEWEST,
    Compared,
    Mark,
    Scored,
    Tally,
    code_of,
    error_of,
    lead_of,
    marks,
    step_of,
)

HOUR = 3_600_000


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


def compared(found: list[Scored]) -> Compared:
    """Columns, as the store answers them."""
    return Compared(
        [code_of(one) for one in found],
        [one.at_ms for one in found],
        [one.error for one in found],
    )


def test_marks_are_those_of_each_comparison() -> None:
    """Shares and medians since each time, of each thing and lead, as counted one by one."""
    dice = random.Random(3)
    found = [
        Scored(
            what := dice.choice(("size", "wait", "duration", "start")),
            n,
            int(dice.choice((1, 5, 24) if what in ("size", "wait") else (0.1, 0.5, 5)) * HOUR),
            dice.random() < 0.7,
            None if n % 50 == 0 else dice.expovariate(1.0),
        )
        for n in range(2_000)
    ]
    begins = [1_500, 400]

    for begin, told in zip(begins, marks(compared(found), begins), strict=True):
        for what, lead in [*CELLS, *((what, None) for what in told)]:
            those = [
                one
                for one in found[begin:]
                if one.what == what and (lead is None or lead_of(one) == lead)
            ]
            errors = [one.error for one in those if one.error is not None]
            held = sum(one.held for one in those) / len(those)
            mark = told[what][0] if lead is None else told[what][1][lead]

            assert Mark(len(those), held, median(errors)) == mark


def test_a_few_samples_tell_nothing() -> None:
    """Five are needed."""
    one = Scored("size", 0, HOUR, held=True, error=2.0)

    few, enough = (marks(compared([one] * n), [0])[0] for n in (4, 5))

    assert Mark(4, None, None) == few["size"][0]
    assert Mark(5, 1.0, 2.0) == enough["size"][0]
    assert Mark(0, None, None) == enough["start"][0]
