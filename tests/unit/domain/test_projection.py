"""A stored forecast is brought up to the present queue."""

import time
from typing import Any

import pytest

from queueapp.domain.projection import projected, readable

T0 = 1_700_000_000.0 // 3600 * 3600


def record(hours: int = 24, waiting: int = 10) -> dict[str, Any]:
    """A queue of ten that stays ten; of a job more half is left after each hour."""
    point = {"lower": 5.0, "middle": 10.0, "upper": 20.0, "confidence": 0.6}
    return {
        "version": 1,
        "made_at": T0,
        "waiting": waiting,
        "hours": [
            {
                "time": T0 + 3600 * (hour + 1),
                "size": {**point, "carry": 0.5 ** (hour + 1)},
                "busy": {**point, "carry": 0.0},
                "wait": {**point, "carry": 60.0},
                "arrivals": 3.0,
            }
            for hour in range(hours)
        ],
    }


def test_as_expected_nothing_moves() -> None:
    """With as many waiting as forecast the forecast stands."""
    hours = projected(record(), T0 + 1800, 10, 4)

    assert [10.0] * 4 == [hour.size.middle for hour in hours]
    assert [T0 + 3600 * n for n in (1, 2, 3, 4)] == [hour.time for hour in hours]


def test_more_jobs_are_carried_on() -> None:
    """Eight more than expected add four to the next hour's queue, two to the one after it."""
    hours = projected(record(), T0 + 1800, 18, 2)

    assert [14.0, 12.0] == [hour.size.middle for hour in hours]
    assert [490.0] * 2 == [hour.wait.middle for hour in hours]
    assert [10.0] * 2 == [hour.busy.middle for hour in hours]


def test_an_old_record_starts_at_the_present_hour() -> None:
    """Five hours later the sixth hour is the first, and today's difference is still young."""
    hours = projected(record(), T0 + 5 * 3600, 18, 3)

    assert T0 + 6 * 3600 == hours[0].time
    assert 14.0 == hours[0].size.middle


def test_nothing_falls_below_zero() -> None:
    """An empty queue where ten were expected lowers the range as far as nothing."""
    hours = projected(record(waiting=100), T0, 0, 1)

    assert (0.0, 0.0, 0.0) == (hours[0].size.lower, hours[0].size.middle, hours[0].size.upper)


def test_the_end_of_a_record_is_the_end() -> None:
    """Beyond what is stored nothing is made up."""
    assert 2 == len(projected(record(), T0 + 22 * 3600, 10, 24))
    assert [] == projected(record(), T0 + 30 * 3600, 10, 24)


def test_other_forms_are_not_read() -> None:
    """A record of another version is for another reader."""
    assert readable(record())
    assert not readable({"version": 2})


def test_reading_takes_no_time() -> None:
    """Well under five milliseconds, whatever the queue's length."""
    kept = record()
    began = time.process_time()
    for _ in range(100):
        projected(kept, T0 + 1800, 1_000_000, 24)

    assert (time.process_time() - began) / 100 == pytest.approx(0, abs=0.005)
