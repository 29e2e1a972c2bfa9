"""How long jobs run, from what is known of their like."""

import numpy as np
import pytest

from forecasting.queueing.durations import Durations, Groups, learn_durations
from forecasting.queueing.workload import Workload, workload
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, served

RNG = np.random.default_rng


def known(run: np.ndarray, user: np.ndarray, kind: np.ndarray) -> Workload:
    """Return jobs with these run times, one every ten minutes up to now."""
    n = len(run)
    submitted = NOW - 600.0 * np.arange(n, 0, -1)
    return workload(served(submitted, run, n, user=user, kind=kind), NOW, NOW - 30 * DAY)


def middle(durations: Durations, user: int, kind: int, elapsed: float = 0.0) -> float:
    """Return the median run time of such a job, which has run so long already."""
    groups = Groups.alone(np.array([user]), np.array([kind]), np.array([2]))
    table = durations.table(groups, np.array([NOW]), np.array([elapsed]))
    return float(durations.drawn(table, np.zeros(1, np.intp), np.full((1, 1), 0.5))[0, 0])


def test_like_jobs_count_most() -> None:
    """A user's jobs of one kind take a minute and of another an hour: each is told apart."""
    kind = np.arange(200) % 2
    durations = learn_durations(
        known(np.where(kind == 0, 60.0, 3600.0), np.ones(200), kind), RNG(0)
    )

    assert middle(durations, 1, 0) == pytest.approx(60, rel=0.1)
    assert middle(durations, 1, 1) == pytest.approx(3600, rel=0.1)


def test_a_stranger_gets_what_is_usual() -> None:
    """Nothing known of user and kind: the run times of all jobs stand in."""
    durations = learn_durations(known(np.full(200, 300.0), np.ones(200), np.ones(200)), RNG(0))

    assert middle(durations, 8, 9) == pytest.approx(300, rel=0.2)


def test_a_kind_that_changes_is_followed() -> None:
    """After ten runs at a new length the old one is forgotten."""
    run = np.concatenate([np.full(100, 60.0), np.full(10, 600.0)])
    durations = learn_durations(known(run, np.ones(110), np.ones(110)), RNG(0))

    assert middle(durations, 1, 1) == pytest.approx(600, rel=0.2)


def test_what_has_run_is_known() -> None:
    """A job that ran for longer than all before it is expected to run on."""
    durations = learn_durations(known(np.full(200, 60.0), np.ones(200), np.ones(200)), RNG(0))

    assert middle(durations, 1, 1, elapsed=600.0) > 600


@pytest.mark.parametrize("spread", [0.3, 1.5])
def test_intervals_hold_what_they_claim(spread: float) -> None:
    """80 % intervals of random run times hold 80 % of the next ones."""
    rng = RNG(1)
    run = np.exp(rng.normal(5, spread, 3000))
    jobs = known(run[:2000], rng.integers(0, 5, 2000), rng.integers(0, 5, 2000))
    n = 1000
    groups = Groups.alone(rng.integers(0, 5, n), rng.integers(0, 5, n), np.full(n, 2))
    low, high = learn_durations(jobs, rng).quantiles(groups, NOW, np.array([0.1, 0.9])).T

    assert ((low <= run[2000:]) & (run[2000:] <= high)).mean() == pytest.approx(0.8, abs=0.07)


def test_what_comes_in_bulk_is_told_apart() -> None:
    """A user's lone jobs ran for an hour, those that came by the dozen for a minute."""
    alone = NOW - 40 * DAY + 6 * HOUR * np.arange(100)
    dozen = alone[::4, None] + 3 * HOUR + 10.0 * np.arange(12)
    submitted = np.concatenate([alone, dozen.ravel()])
    run = np.concatenate([np.full(100, 3600.0), np.full(300, 60.0)])
    table = served(submitted, run, 400, user=np.ones(400), kind=np.ones(400))
    durations = learn_durations(workload(table, NOW, NOW - 40 * DAY), RNG(0))

    same = np.array([1, 1])
    groups = Groups(same, same, same + 1, np.array([0, 3]))
    middles = np.median(durations.table(groups, np.full(2, NOW), np.zeros(2)), axis=1)

    assert np.exp(middles) == pytest.approx([3600.0, 60.0], rel=0.1)


def test_a_bulk_is_counted_as_far_as_it_is_known() -> None:
    """Of a dozen jobs five had come: four or more, as one sees it then; and the lone job is one."""
    submitted = np.append(NOW - DAY, NOW - HOUR + 60.0 * np.arange(12))
    jobs = workload(served(submitted, np.full(13, 60.0), 13), NOW, NOW - 2 * DAY)

    assert [0] + [3] * 12 == jobs.bulk.tolist()
    assert [0] + [2] * 5 == jobs.as_known(NOW - HOUR + 250.0).bulk.tolist()
