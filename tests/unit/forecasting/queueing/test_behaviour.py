"""Whatever the history, the model answers: finite, not negative, in order, wide where it must."""

import numpy as np
import pytest

from forecasting import fit
from forecasting.queueing.model import QueueModel
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, jobs, served, steady

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
NOBODY = jobs()


def checked(
    table: dict[str, np.ndarray], *, since: float, workers: int = 2, **more: float
) -> QueueModel:
    """Fit, ask everything that can be asked, and check what holds of every answer."""
    model = fit(table, now=NOW, workers=workers, since=since, **more)
    for quantiles in model.forecast(24, LEVELS).values():
        assert (24, 5) == quantiles.shape
        assert np.isfinite(quantiles).all()
        assert (quantiles >= 0).all()
        assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (
        model.forecast(24, LEVELS)["busy_workers"] <= max(workers, len(table["user"])) + 1e-6
    ).all()
    waiting = np.flatnonzero(np.isnan(table["started"]) & np.isnan(table["finished"]))
    answers = [model.start_delay(int(row)) for row in waiting[:5]]
    for answer in [*answers, model.duration(user=1, kind=1, priority=2)]:
        assert np.isfinite(answer).all()
        assert 0 <= answer[0] <= answer[1] <= answer[2]
    return model


def test_no_jobs_ever() -> None:
    """Nothing known at all: the queue may stay empty or may not, and a run may take hours."""
    model = checked(NOBODY, since=NOW)
    low, _, high = model.duration(user=1, kind=1, priority=2)

    assert 20 * low < high
    assert model.forecast(24, LEVELS)["busy_workers"][-1, -1] > 0.5


def test_a_month_without_jobs() -> None:
    """A month of silence forecasts silence."""
    model = checked(NOBODY, since=NOW - 28 * DAY)

    assert model.forecast(24, LEVELS)["queue_size"].max() == 0


def test_one_job() -> None:
    """One waiting job and an idle worker: it starts at once."""
    model = checked(jobs((NOW - 1, np.nan, np.nan, 2, 1, 1)), since=NOW - 60)

    assert model.start_delay(0)[0] < 1


def test_all_identical() -> None:
    """Jobs of exactly a minute are forecast to take a minute."""
    submitted = NOW - np.arange(2000) * 600.0
    model = checked(served(submitted, np.full(2000, 60.0), 1), since=NOW - 14 * DAY)

    assert model.duration(user=0, kind=0, priority=2) == pytest.approx((60, 60, 60), rel=0.05)


def test_a_day_of_silence() -> None:
    """After a silent day the forecast is quieter than usual, and not sure of it."""
    table = steady(14, 6, 1200, 2)
    silent = {name: column[table["submitted"] < NOW - DAY] for name, column in table.items()}
    usual = checked(table, since=NOW - 14 * DAY).forecast(24, LEVELS)["busy_workers"]
    quiet = checked(silent, since=NOW - 14 * DAY).forecast(24, LEVELS)["busy_workers"]

    assert quiet[:, 2].mean() < usual[:, 2].mean()
    assert quiet[:, 4].mean() > 0.5


def test_a_burst_of_ten_thousand() -> None:
    """Ten thousand jobs in a minute: hours of work for ten workers, in order."""
    calm = steady(7, 30, 60, 10)
    n = 10_000
    burst = {
        "submitted": NOW - 60 * np.random.default_rng(0).random(n),
        **{name: np.full(n, np.nan) for name in ("started", "finished")},
        **{name: np.zeros(n) for name in ("user", "kind")},
        "priority": np.full(n, 2),
    }
    table = {name: np.concatenate([calm[name], burst[name]]) for name in calm}
    model = checked(table, since=NOW - 7 * DAY, workers=10)
    sizes = model.forecast(24, LEVELS)["queue_size"]
    last = int(np.argmax(table["submitted"]))

    assert sizes[0, 2] > 8000
    assert sizes[-1, 2] < 1000
    assert model.start_delay(last)[1] == pytest.approx(n * 60 / 10, rel=0.5)


def test_clocks_that_jump() -> None:
    """Submitted tomorrow, started before submission, ended before the start: all are borne."""
    table = jobs(
        (NOW + DAY, np.nan, np.nan, 2, 1, 1),
        (NOW - HOUR, NOW - 2 * HOUR, NOW - HOUR, 2, 1, 1),
        (NOW - HOUR, NOW - 60, NOW - 120, 9, 1, 1),
        (NOW - HOUR, NOW + HOUR, NOW + DAY, -1, 1, 1),
        (np.nan, NOW - 60, np.inf, np.nan, np.nan, 1),
    )
    checked(table, since=NOW + HOUR)
    checked(table, since=-np.inf)
    checked(table, since=np.nan)


def test_a_kind_first_seen_a_minute_ago() -> None:
    """A new kind of a known user is as uncertain as that user's jobs, and no more certain."""
    table = steady(14, 6, 1200, 2)
    model = checked(table, since=NOW - 14 * DAY)
    known = model.duration(user=1, kind=0, priority=2)
    new = model.duration(user=1, kind=77, priority=2)
    stranger = model.duration(user=99, kind=77, priority=3)

    assert new[2] / new[0] >= 0.8 * known[2] / known[0]
    assert stranger[2] / stranger[0] >= 0.8 * known[2] / known[0]


def test_only_failed_runs() -> None:
    """Jobs that all failed at once still tell how long their like keeps a worker."""
    submitted = NOW - np.arange(500) * 1800.0
    model = checked(served(submitted, np.full(500, 0.0), 1), since=NOW - 10 * DAY)

    assert model.duration(user=0, kind=0, priority=2)[1] <= 2


def test_paused_for_a_week() -> None:
    """Nothing starts before the pause ends."""
    table = steady(7, 6, 600, 2)
    table["started"][-3:] = table["finished"][-3:] = np.nan
    model = checked(table, since=NOW - 7 * DAY, paused_until=NOW + 7 * DAY)
    sizes = model.forecast(24, LEVELS)["queue_size"]

    assert model.start_delay(len(table["user"]) - 1)[0] >= 7 * DAY
    assert (np.diff(sizes[:, 2]) >= 0).all()
    assert sizes[-1, 2] > 50


def test_no_workers() -> None:
    """Without workers nobody starts, and the queue only grows."""
    table = steady(7, 6, 600, 2)
    table["started"][-3:] = table["finished"][-3:] = np.nan
    model = checked(table, since=NOW - 7 * DAY, workers=0)

    assert model.start_delay(len(table["user"]) - 1)[0] >= DAY
    assert (np.diff(model.forecast(24, LEVELS)["queue_size"][:, 2]) >= 0).all()


def test_a_day_ahead_of_one_hour_known() -> None:
    """One hour of history is wider than two weeks of the same traffic."""
    table = steady(14, 6, 1200, 3)
    hour = {name: column[table["submitted"] > NOW - HOUR] for name, column in table.items()}
    little = checked(hour, since=NOW - HOUR, workers=3).forecast(24, LEVELS)["busy_workers"]
    much = checked(table, since=NOW - 14 * DAY, workers=3).forecast(24, LEVELS)["busy_workers"]
    widths = [(each[:, 3] - each[:, 1]).mean() for each in (little, much)]

    assert widths[0] > widths[1]


@pytest.mark.parametrize("days", [0.0, 0.04, 0.5, 1.0, 1.5, 3.0, 8.0, 16.0])
def test_any_length_of_history(days: float) -> None:
    """Every rung of the ladder answers."""
    checked(steady(max(days, 0.01), 6, 900, 2), since=NOW - days * DAY)
