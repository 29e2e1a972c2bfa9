"""How long jobs run, from what is known of their like."""

import numpy as np
import pytest

from forecasting.queueing.durations import Durations, Groups, learn_durations
from forecasting.queueing.workload import Workload, workload
from tests.unit.forecasting.queueing.workloads import DAY, NOW, served

RNG = np.random.default_rng


def known(run: np.ndarray, user: np.ndarray, kind: np.ndarray) -> Workload:
    """Return jobs with these run times, one every ten minutes up to now."""
    n = len(run)
    submitted = NOW - 600.0 * np.arange(n, 0, -1)
    return workload(served(submitted, run, n, user=user, kind=kind), NOW, NOW - 30 * DAY)


def middle(durations: Durations, user: int, kind: int, elapsed: float = 0.0) -> float:
    """Return the median run time of such a job, which has run so long already."""
    groups = Groups(np.array([user]), np.array([kind]), np.array([2]))
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
    groups = Groups(rng.integers(0, 5, n), rng.integers(0, 5, n), np.full(n, 2))
    low, high = learn_durations(jobs, rng).quantiles(groups, NOW, np.array([0.1, 0.9])).T

    assert ((low <= run[2000:]) & (run[2000:] <= high)).mean() == pytest.approx(0.8, abs=0.07)
