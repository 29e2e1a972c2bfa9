"""What comes is drawn from what came: as many, at the same hours, in bursts where it came so."""

import numpy as np
import pytest

from forecasting.queueing.arrivals import learn_arrivals
from forecasting.queueing.draws import Draws
from forecasting.queueing.profile import learn_profile
from forecasting.queueing.sessions import find_sessions
from forecasting.queueing.workload import Workload, workload
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, served

PATHS = 400


def known(submitted: np.ndarray, since: float, user: np.ndarray | None = None) -> Workload:
    """Return short jobs that came at these times."""
    users = np.arange(len(submitted)) if user is None else user
    table = served(np.sort(submitted), np.full(len(submitted), 5.0), 50, user=users)
    return workload(table, NOW, since)


def drawn(jobs: Workload, crowd: float = 0.0) -> Draws:
    """Draw what may come after now, where the waiting jobs take so many days."""
    return learn_arrivals(jobs).draw(NOW, 1.0, PATHS, np.random.default_rng(0), crowd)


def by_day(days: float) -> np.ndarray:
    """Return six arrivals in each hour from eight to eight o'clock UTC, none at night."""
    hours = np.arange(int(days * 24))
    begin = NOW // HOUR * HOUR - hours * HOUR
    day = begin[(begin // HOUR % 24 >= 8) & (begin // HOUR % 24 < 20)]
    return (day[:, None] + np.arange(6) * 600.0 + 60.0).ravel()


def test_as_many_come_as_came() -> None:
    """Seventy-two came every day, so about as many are drawn for the next."""
    draws = drawn(known(by_day(21), NOW - 21 * DAY))
    a_day = (draws.at <= DAY).sum() / PATHS

    assert a_day == pytest.approx(72, rel=0.15)


@pytest.mark.parametrize("days", [3, 21])
def test_nights_stay_quiet(days: int) -> None:
    """Few of the drawn jobs come at night, also when only three days are known."""
    draws = drawn(known(by_day(days), NOW - days * DAY))
    clock = (NOW + draws.at) // HOUR % 24

    assert ((clock < 7) | (clock >= 21)).mean() < 0.12


def test_bursts_stay_bursts() -> None:
    """Where thirty jobs came at a time, thirty are drawn at a time."""
    begin = NOW - DAY * np.arange(1, 28) + 3 * HOUR
    times = (begin[:, None] + np.arange(30)).ravel()
    draws = drawn(known(times, NOW - 28 * DAY, user=np.repeat(np.arange(27), 30)))
    first = draws.at <= DAY
    counts = np.bincount(draws.path[first], minlength=PATHS)

    assert (counts % 30 == 0).mean() > 0.9


def test_a_session_under_way_goes_on() -> None:
    """A user who always submits twenty jobs, and has submitted ten, is expected to submit ten."""
    past = (NOW - DAY * np.arange(2, 16) + 12 * HOUR)[:, None] + 60.0 * np.arange(20)
    now = NOW - 60.0 * np.arange(10)
    times = np.concatenate([past.ravel(), now])
    draws = drawn(known(times, NOW - 16 * DAY, user=np.ones(len(times))))
    soon = np.bincount(draws.path[draws.at <= 11 * 60], minlength=PATHS)[1::2]

    assert np.median(soon) == pytest.approx(10, abs=1)


def test_all_that_is_drawn_lies_ahead() -> None:
    """Nothing comes before now, and nothing after the day after tomorrow."""
    draws = drawn(known(by_day(10), NOW - 10 * DAY))

    assert (draws.at > 0).all()
    assert (draws.at <= 2 * DAY).all()


def test_a_crowded_queue_sees_the_week() -> None:
    """Where the waiting jobs take days, as many come on every day of the week as came."""
    draws = drawn(known(by_day(21), NOW - 21 * DAY), crowd=2.0)
    days = np.bincount((draws.at // DAY).astype(np.intp), minlength=7) / PATHS

    assert days == pytest.approx(np.full(7, 72), rel=0.15)


def test_a_burst_like_none_before() -> None:
    """After eight thousand jobs in a minute, where days were much alike, days come again."""
    past = NOW - 90.0 * np.arange(1, 21 * 960)
    burst = NOW - 60.0 * np.linspace(0.01, 1, 8000)
    draws = drawn(known(np.concatenate([past, burst]), NOW - 14 * DAY))

    assert len(draws.at)


def test_sessions_are_cut_at_pauses() -> None:
    """Three jobs within minutes and one after two hours are two sessions; users are apart."""
    times = np.array([0, 60, 120, 7200, 30]) + NOW - DAY
    jobs = known(times, NOW - DAY, user=np.array([1, 2, 1, 1, 1]))
    sessions = find_sessions(jobs)

    assert [3, 1, 1] == sorted(sessions.size.tolist(), reverse=True)


def test_a_profile_follows_the_day() -> None:
    """Counts of ten by day and none by night give rates near them; a short past only a mean."""
    hours = np.arange(21 * 24) + 0.5
    counts = np.where((hours % 24 > 8) & (hours % 24 < 20), 10.0, 0.0)
    profile = learn_profile(hours, counts)
    noon, midnight = profile.rates(np.array([12.0, 24.0]))

    assert noon == pytest.approx(10, rel=0.3)
    assert midnight < 1.5
    assert learn_profile(hours[:20], counts[:20]).daily == 0
