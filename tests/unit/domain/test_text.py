"""The text formats: the documented examples, and what must hold for every number."""

import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.domain import text

MINUTE = 60_000
DURATIONS = st.floats(0, 1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (8.5 * MINUTE, "8.5 minutes"),
        (23 * MINUTE, "23 minutes"),
        (MINUTE, "1 minute"),
        (0.25 * MINUTE, "0.25 minutes"),
        (0, "0 minutes"),
        (0.996 * MINUTE, "1 minute"),
        (0.5 * MINUTE, "0.5 minutes"),
        (0.001 * MINUTE, "0 minutes"),
        (1.04 * MINUTE, "1 minute"),
        (1.05 * MINUTE, "1.1 minutes"),
        (16.25 * MINUTE, "16.3 minutes"),
        (2310 * 1000, "38.5 minutes"),
        (600 * MINUTE, "600 minutes"),
    ],
)
def test_minutes_are_never_hours_or_seconds(ms: float, shown: str) -> None:
    """A measured duration is in minutes, half up to one decimal, two below one."""
    assert text.minutes(ms) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (46.9 * MINUTE, "47 minutes"),
        (46.5 * MINUTE, "47 minutes"),
        (23.1 * MINUTE, "23 minutes"),
        (1.4 * MINUTE, "1 minute"),
        (0, "0 minutes"),
    ],
)
def test_estimates_are_whole_minutes(ms: float, shown: str) -> None:
    """An estimate is rounded half up to whole minutes."""
    assert text.whole_minutes(ms) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (512_000, "8 minutes 32 seconds"),
        (32_999, "32 seconds"),
        (3_605_000, "1 hour 0 minutes 5 seconds"),
        (0, "0 seconds"),
        (1_000, "1 second"),
        (61_000, "1 minute 1 second"),
        (90_061_000, "25 hours 1 minute 1 second"),
        (-5, "0 seconds"),
    ],
)
def test_elapsed_keeps_inner_zeros_only(ms: float, shown: str) -> None:
    """Leading zero units are dropped, inner ones kept, seconds always shown."""
    assert text.elapsed(ms) == shown


def test_a_range_is_two_different_whole_numbers() -> None:
    """A range goes from a lower to a higher number of minutes."""
    assert text.minute_range(12, 15) == "12-15 minutes"
    assert text.minute_range(0, 120) == "0-120 minutes"


@pytest.mark.parametrize(("low", "high"), [(5, 5), (6, 5), (-1, 5)])
def test_an_empty_range_is_refused(low: int, high: int) -> None:
    """A range that is empty or negative is a programming error."""
    with pytest.raises(ValueError, match="no range"):
        text.minute_range(low, high)


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(15 * MINUTE, "15 minutes"), (-6 * MINUTE, "-6 minutes"), (0, "0 minutes")],
)
def test_saved_time_may_be_negative(ms: float, shown: str) -> None:
    """A move to a later start saves a negative time; nothing is never minus nothing."""
    assert text.saved(ms) == shown
    assert text.saved(-1) == "0 minutes"


@pytest.mark.parametrize(
    ("n_bytes", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (890 * 1024, "890 KB"),
        (round(45.7 * 2**20), "45.7 MB"),
        (500 * 2**20, "500 MB"),
        (round(2.1 * 2**30), "2.1 GB"),
        (64 * 2**30, "64 GB"),
        (2**20 - 1, "1 MB"),
        (2**40 - 1, "1 TB"),
        (5000 * 2**40, "5000 TB"),
    ],
)
def test_sizes_step_by_1024(n_bytes: int, shown: str) -> None:
    """A size takes the unit in which it stays below 1024 after rounding."""
    assert text.size(n_bytes) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(45, "45%"), (44.5, "45%"), (0, "0%"), (101, "100%"), (-3, "0%")]
)
def test_percentages_stay_within_bounds(value: float, shown: str) -> None:
    """A share is a whole number from 0 to 100."""
    assert text.percent(value) == shown


@pytest.mark.parametrize(
    ("per_second", "shown"),
    [
        (1250.4, "1250 records/second"),
        (9.96, "10 records/second"),
        (9.94, "9.9 records/second"),
        (0, "0 records/second"),
        (3.0, "3 records/second"),
    ],
)
def test_slow_rates_have_a_decimal(per_second: float, shown: str) -> None:
    """A rate below ten is given to one decimal."""
    assert text.rate(per_second) == shown


def test_windows_hours_delays_and_cuts_read_as_documented() -> None:
    """The remaining formats are fixed texts around their numbers."""
    start = 1_705_755_600_000

    shown = text.window(start, start + 7_200_000)

    assert shown == "2024-01-20T13:00:00Z - 2024-01-20T15:00:00Z"
    assert text.hours(9) == "09:00-10:00"
    assert text.hours(23) == "23:00-00:00"
    assert text.delay(15) == "15 minute delay"
    assert text.reduction(25.2) == "25% reduction in wait times"


def test_empty_windows_and_impossible_hours_are_refused() -> None:
    """A window has a length and a day has 24 hours."""
    with pytest.raises(ValueError, match="before it ends"):
        text.window(5, 5)
    with pytest.raises(ValueError, match="no hour"):
        text.hours(24)


@given(DURATIONS)
def test_minutes_are_close_and_well_formed(ms: float) -> None:
    """What is shown differs from what was measured by at most half of its last digit."""
    shown = text.minutes(ms)

    match = re.fullmatch(r"(\d+(?:\.\d{1,2})?) (minutes?)", shown)
    assert match is not None
    assert (match[2] == "minute") == (match[1] == "1")
    assert not match[1].endswith(".0")
    real = ms / MINUTE
    assert math.isclose(float(match[1]), real, abs_tol=0.0051 if real < 1 else 0.051)


@given(st.integers(0, 2**60))
def test_sizes_are_close_and_below_1024(n_bytes: int) -> None:
    """The number is below 1024 (but for the largest unit) and within half a tenth."""
    number, unit = text.size(n_bytes).split(" ")
    factor = 1024 ** ["B", "KB", "MB", "GB", "TB"].index(unit)

    assert unit == "TB" or float(number) < 1024
    assert abs(float(number) * factor - n_bytes) <= 0.0501 * factor


@given(st.integers(0, 10**10))
def test_elapsed_adds_up(ms: int) -> None:
    """The units of an elapsed time add up to its whole seconds."""
    seconds = {"hour": 3600, "minute": 60, "second": 1}
    parts = re.findall(r"(\d+) (hour|minute|second)", text.elapsed(ms))

    assert sum(int(number) * seconds[unit] for number, unit in parts) == ms // 1000


@given(st.datetimes(timezones=st.just(UTC)))
def test_timestamps_floor_to_the_second(moment: datetime) -> None:
    """A moment is shown in UTC without its fraction."""
    ms = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    assert text.timestamp(ms) == moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def test_seconds_are_told_to_the_millisecond() -> None:
    """A mean of whole milliseconds has no digits that mean nothing."""
    assert (0.262, 0.0, None) == (text.seconds(262.3), text.seconds(0), text.seconds(None))


@pytest.mark.parametrize("value", [0.0, -0.0, -0.04])
def test_nothing_is_not_negative(value: float) -> None:
    """A change by nothing reads 0.0, not -0.0."""
    assert "0.0" == str(float(text.tenth(value)))
