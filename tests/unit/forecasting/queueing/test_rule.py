"""The queue-length rule is a second opinion on starts, for more the less the first one is sure."""

import numpy as np
import pytest

from forecasting import fit
from forecasting.queueing.rule import Rule, expected_starts, share_beside
from forecasting.queueing.workload import workload
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, steady

AT_ONCE = np.zeros(1)
AN_HOUR = np.array([HOUR])
ABOUT_FIVE_HOURS = np.linspace(HOUR, 9 * HOUR, 41)[:, None]


def test_the_rule_draws_starts_towards_it() -> None:
    """A rule that says an hour brings a simulated five hours down, and not all the way."""
    shown = Rule(AN_HOUR, AT_ONCE, 0.3).mixed(ABOUT_FIVE_HOURS)

    assert HOUR < np.median(shown) < 5 * HOUR
    assert (np.diff(shown[:, 0]) >= 0).all()


def test_a_rule_that_counts_for_nothing_changes_nothing() -> None:
    """Without a share the starts are the simulated ones."""
    shown = Rule(AN_HOUR, AT_ONCE, 0.0).mixed(ABOUT_FIVE_HOURS)

    assert shown == pytest.approx(ABOUT_FIVE_HOURS)


def test_what_starts_at_once_does() -> None:
    """Where a worker is free in every path no rule delays the job, nor lets it start early."""
    at_once = Rule(5 * AN_HOUR, AT_ONCE, 0.5).mixed(np.zeros((40, 1)))
    scheduled = Rule(AN_HOUR / 60, AN_HOUR, 0.5).mixed(ABOUT_FIVE_HOURS)

    assert not at_once.any()
    assert scheduled.min() >= HOUR


def test_the_rule_counts_for_more_where_paths_differ() -> None:
    """Paths that agree leave the rule nothing; those of minutes to days give it a third."""
    agreed = np.full((100, 3), HOUR)
    apart = np.geomspace(600.0, 3 * DAY, 100)[:, None]

    assert share_beside(agreed) == 0
    assert share_beside(ABOUT_FIVE_HOURS) < 0.2 < share_beside(apart) < 0.6


def test_nobody_waits() -> None:
    """Without waiting jobs there is nothing to mix."""
    assert share_beside(np.empty((100, 0))) == 0


def test_the_rule_is_jobs_ahead_times_run_over_workers() -> None:
    """The third in line behind two workers waits for one and a half runs."""
    known = workload(steady(7, 6, 600, 2), NOW, NOW - 7 * DAY)

    assert expected_starts(known, 2, np.array([2])) == pytest.approx(1.5 * known.mean_run)


def test_without_runs_there_is_no_rule() -> None:
    """Where no job has ended, starts are the simulated ones."""
    table = {name: column[-3:].copy() for name, column in steady(7, 6, 600, 2).items()}
    table["started"][:] = table["finished"][:] = np.nan
    model = fit(table, now=NOW, workers=1, since=NOW - HOUR)

    assert np.isfinite(model.start_delay(2)).all()
