"""What waits are usual is a second opinion, and changes with the workers."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting import fit
from forecasting.queueing.habit import Habit, habitual, learn_habit
from forecasting.queueing.happened import happened, sizes_known
from forecasting.queueing.opinions import weighted_quantiles
from forecasting.queueing.outcomes import evened
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
    assert habit.waits[-1, -1] == pytest.approx(HOUR)


def test_what_followed_queues_as_long_counts_for_more() -> None:
    """Every other day a hundred jobs come at noon and wait, on the others one that does not."""
    rows = []
    for ago in range(1, 22):
        noon = NOW - ago * DAY
        for n in range(100 if ago % 2 else 1):
            began = noon - 60.0 + (6 * HOUR if n else 0.0)
            rows.append((noon - 60.0, began, began + 60.0, 2, 1, 1))
        after = noon + 2.5 * HOUR
        wait = 4 * HOUR if ago % 2 else 0.0
        rows.append((after, after + wait, after + wait + 60.0, 2, 1, 1))
    short = learn_habit(workload(jobs(*rows), NOW, NOW - 21 * DAY))
    many = [(NOW - 60.0, np.nan, np.nan, 2, 1, 1)] * 99
    long = learn_habit(workload(jobs(*rows, *many), NOW, NOW - 21 * DAY))

    assert short is not None
    assert long is not None
    assert short.waits[:, 2].mean() < 2 * HOUR < long.waits[:, 2].mean()


def test_jobs_that_waited_are_counted_at_each_hour() -> None:
    """One came two and a half hours ago and began an hour later, one came just now."""
    table = jobs(
        (NOW - 2.5 * HOUR, NOW - 1.5 * HOUR, NOW - HOUR, 2, 1, 1),
        (NOW - 60.0, np.nan, np.nan, 2, 1, 1),
    )

    assert [0, 1, 0, 1] == sizes_known(workload(table, NOW, NOW - DAY), 3).tolist()


def test_what_counts_for_more_stands_for_more() -> None:
    """Three times the weight is as three of the same."""
    values = np.array([[1.0, 5.0], [2.0, 4.0], [9.0, 0.0]])
    found = weighted_quantiles(values, np.array([1.0, 3.0, 1.0]), np.array([0.5]))

    assert [[2.0, 4.0]] == found.tolist()


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


def test_an_hours_waits_are_like_its_neighbours() -> None:
    """Each quantile is a mean of five hours: what jumps by chance is evened, what lasts stays."""
    waits = np.array([[100.0] * 8, [0.0] * 4 + [1000.0] + [0.0] * 3])
    flat, rising = evened(np.full((3, 8), 7.0)), evened(np.arange(24.0)[None])

    assert [0, 0, 20, 20, 20, 20, 20, 0] == evened(waits)[0].tolist()
    assert flat.tolist() == np.full((3, 8), 7.0).tolist()
    assert rising[0, 2:-2] == pytest.approx(np.arange(2.0, 22.0))
