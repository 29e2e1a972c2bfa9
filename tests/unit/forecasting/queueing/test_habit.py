"""What waits are usual is a second opinion, and changes with the workers."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting import fit
from forecasting.queueing.habit import Habit, habitual, learn_habit
from forecasting.queueing.happened import happened
from forecasting.queueing.workload import workload
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, jobs, steady

CROWDED = steady(14, 7.6, 900, 2)
LEVELS = np.array([0.1, 0.5, 0.9])


def test_two_opinions_are_mixed() -> None:
    """Where it always was a thousand, a forecast of nothing rises, later hours more."""
    mixed = Habit(np.full((10, 24), 1000.0)).mixed(np.zeros((40, 24)))

    assert (mixed > 0).all()
    assert (mixed < 1000).all()
    assert mixed[20, 0] < mixed[20, -1]


def test_agreement_changes_nothing() -> None:
    """Where both say a hundred, it is a hundred."""
    mixed = Habit(np.full((10, 24), 100.0)).mixed(np.full((40, 24), 100.0))

    assert mixed == pytest.approx(np.full((40, 24), 100.0))


def test_a_short_past_has_no_habit() -> None:
    """Less than a week tells nothing of what is usual; nor do waits under other workers."""
    young = workload(CROWDED, NOW, NOW - 3 * DAY)
    known = workload(CROWDED, NOW, NOW - 14 * DAY)

    assert learn_habit(young) is None
    assert learn_habit(known) is not None
    assert not habitual(known, 0)
    assert not habitual(known, 5)
    assert habitual(known, 2)


def test_a_habit_is_what_was_known() -> None:
    """A job that waits for an hour by now has a wait of an hour so far."""
    table = jobs((NOW - HOUR, np.nan, np.nan, 2, 1, 1))
    habit = learn_habit(workload(table, NOW, NOW - 8 * DAY))

    assert habit is not None
    assert habit.waits[-1, -2:] == pytest.approx([HOUR, HOUR])


def test_more_workers_shorten_what_is_usual() -> None:
    """With other workers the usual waits change by as much as the simulated ones."""
    model = fit(CROWDED, now=NOW, workers=2, since=NOW - 14 * DAY)
    more = model.with_workers(4)

    assert model.usual is not None
    assert more.usual is not None
    assert more.usual.waits.mean() < 0.8 * model.usual.waits.mean()
    assert more.mean_wait() < model.mean_wait()
    assert replace(model, habit=None).forecast(24, LEVELS)["wait_seconds"].shape == (24, 3)


def test_what_happened_is_counted() -> None:
    """Two jobs came two hours ago, one ran for an hour, the other waits still."""
    table = jobs(
        (NOW - 1.5 * HOUR, NOW - 1.5 * HOUR, NOW - 0.5 * HOUR, 2, 1, 1),
        (NOW - 1.5 * HOUR, np.nan, np.nan, 2, 1, 1),
    )
    past = happened(workload(table, NOW, NOW - DAY), 2)

    assert [1.0, 1.0] == past.size[0].tolist()
    assert past.busy[0].tolist() == pytest.approx([0.5, 0.5])
    assert past.wait[0, 0] == pytest.approx(0.75 * HOUR, rel=0.01)
