"""A stored series is brought up to the present; without one, guesses are wide and say so."""

import time

import pytest

from queueapp.domain.predictions import (
    Doubt,
    Known,
    Point,
    Series,
    guessed_size,
    guessed_wait,
    next_hours,
)
from queueapp.domain.report_card import Scored, Shown, lead_of, scored

HOUR = 3_600_000
T0 = 1_700_000_000_000 // HOUR * HOUR


def series(began: float = 10.0) -> Series:
    """A queue of ten that stays ten; of a job more half is left after each hour."""
    point = {"lower": 5.0, "middle": 10.0, "upper": 20.0, "confidence": 0.6}
    return Series(T0, began, [{**point, "carry": 0.5 ** (hour + 1)} for hour in range(24)])


def at(hour: int, *, now_ms: int, waiting: float, began: float = 10.0) -> tuple[float, ...]:
    """The range of an hour when so many wait now."""
    known = series(began)
    point = known.at(T0 + hour * HOUR, now_ms=now_ms, more=waiting - known.expected(now_ms))
    return point.lower, point.middle, point.upper


def test_hours_are_whole_and_after_now() -> None:
    """The first is the next one, also where an hour has just begun."""
    assert [T0 + HOUR, T0 + 2 * HOUR] == next_hours(T0, 2)
    assert [T0 + HOUR] == next_hours(T0 + HOUR - 1, 1)


def test_as_expected_nothing_moves() -> None:
    """With as many waiting as forecast the forecast stands."""
    assert (5.0, 10.0, 20.0) == at(3, now_ms=T0 + HOUR // 2, waiting=10)


def test_more_jobs_are_felt_as_long_as_they_would_be() -> None:
    """Eight more add four to the queue in an hour, two to that in two hours."""
    assert 14.0 == at(1, now_ms=T0, waiting=18)[1]
    assert 12.0 == at(2, now_ms=T0, waiting=18)[1]
    assert 14.0 == at(6, now_ms=T0 + 5 * HOUR, waiting=18)[1]


def test_nothing_falls_below_zero() -> None:
    """An empty queue where a hundred were expected lowers the range as far as nothing."""
    assert (0.0, 0.0, 0.0) == at(1, now_ms=T0, waiting=0, began=100.0)


def test_what_is_expected_lies_on_a_line_between_the_points() -> None:
    """From the queue at the making to the first point, and it ends with the last one."""
    assert 55.0 == series(100.0).expected(T0 + HOUR // 2)
    assert 10.0 == series(100.0).expected(T0 + 99 * HOUR)


def test_past_the_last_point_the_same_hour_stands_in() -> None:
    """As wide and as doubtful as both."""
    known = series()
    narrow = {**known.points[0], "lower": 9.0, "upper": 11.0, "confidence": 0.9}
    found = Series(T0, 10.0, [narrow, *known.points[1:]]).at(T0 + 25 * HOUR, now_ms=T0 + HOUR)

    assert (5.0, 20.0, 0.6) == (found.lower, found.upper, found.confidence)


def test_reading_takes_no_time() -> None:
    """Well under a millisecond for a day of points."""
    known = series()
    began = time.process_time()
    for _ in range(100):
        more = 1_000_000 - known.expected(T0 + 1800)
        [known.at(hour, now_ms=T0 + 1800, more=more) for hour in next_hours(T0, 24)]

    assert (time.process_time() - began) / 100 == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("drain", [None, 0.0, 1.0, 3 * HOUR, 1e12])
@pytest.mark.parametrize("size", [0.0, 1.0, 1e6])
@pytest.mark.parametrize("hours", [0.0, 0.5, 3.0, 24.0])
def test_guesses_are_ranges_whatever_is_known(
    drain: float | None, size: float, hours: float
) -> None:
    """In order, not negative, and with as little confidence as little is known."""
    known = Known(size, drain, hours, usual_size=size / 2, peak=size, usual_wait_ms=1e5)
    for guess in (guessed_size, guessed_wait):
        for hour in next_hours(T0 + 1, 24):
            point = guess(known, hour, T0 + 1)
            assert 0 <= point.lower <= point.middle <= point.upper
            assert 0 < point.confidence <= (0.5 if hours >= 1 else 0.3)
            assert point.confidence <= 0.3 or hour - T0 <= hours * HOUR + 1


def test_a_guess_drains_towards_the_usual() -> None:
    """Half of the queue is left after half of its time, none of it afterwards."""
    known = Known(10.0, 2.0 * HOUR, 24.0, usual_size=4.0)

    assert 7.0 == guessed_size(known, T0 + HOUR, T0).middle
    assert 4.0 == guessed_size(known, T0 + 3 * HOUR, T0).middle


def test_little_history_is_doubted() -> None:
    """What changes may change by half or twice as much; past what is known nothing is sure."""
    narrow = Point(T0 + HOUR, 900.0, 900.0, 901.0, 0.5)
    near = Doubt(T0, 1.5, 5.0).doubted(narrow, 1_000.0)
    still = Doubt(T0, 0.5, 5.0).doubted(Point(T0 + HOUR, 0.0, 0.0, 0.0, 0.5), 0.0)

    assert (800.0, 900.0, 950.0, 0.5) == (near.lower, near.middle, near.upper, near.confidence)
    assert (0.0, 0.0, 5.0, 0.3) == (still.lower, still.middle, still.upper, still.confidence)


def test_a_prediction_is_compared_with_what_came() -> None:
    """Its range held or not, its value was so far off, and it looked so far ahead."""
    shown = Shown("wait", T0, T0 + 6 * HOUR, T0 + 5 * HOUR, 1.0, 3.0, 4.0)
    found = scored(shown, 4.5, T0 + 6 * HOUR)

    assert Scored("wait", T0 + 6 * HOUR, 5 * HOUR, False, 1.5, close=True) == found
    assert [True, True, False] == [
        scored(Shown("size", T0, T0, T0, 0.0, 20.0, 99.0), truth, T0).close
        for truth in (15.0, 25.0, 25.5)
    ]
    assert scored(Shown("start", T0, T0, T0, 0.0, 1.0, 1.0), 1.0, T0).close is None
    assert "5-12 hours" == lead_of(found)
    assert "over an hour" == lead_of(Scored("start", 0, 2 * HOUR, True, None))
