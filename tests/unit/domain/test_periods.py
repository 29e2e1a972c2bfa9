"""Periods and buckets: aligned to UTC, widened to what is kept, never too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.periods import MONDAY_MS, WEEK_MS, Aggregation, Kept, buckets, period
from queueapp.domain.rollup import DAY_MS, HOUR_MS, Rollup

NOW = 20_500 * DAY_MS + 10 * HOUR_MS + 1_234
KEPT = Kept(hours_ms=20_411 * DAY_MS, days_ms=20_101 * DAY_MS)


@given(
    st.sampled_from(Aggregation),
    st.integers(NOW - 500 * DAY_MS, NOW + DAY_MS) | st.none(),
    st.integers(NOW - 500 * DAY_MS, NOW + DAY_MS) | st.none(),
)
def test_whatever_is_asked_the_period_is_whole(
    aggregation: Aggregation, from_ms: int | None, to_ms: int | None
) -> None:
    """It covers what is asked and kept, in whole hours or days, and ends by now."""
    try:
        found = period(from_ms, to_ms, aggregation, kept=KEPT, now_ms=NOW)
    except ValidationFailed:
        return
    unit = HOUR_MS if found.start_ms >= KEPT.hours_ms else DAY_MS

    assert 0 == found.start_ms % unit
    assert found.start_ms < found.end_ms <= NOW
    assert found.end_ms == NOW or 0 == found.end_ms % HOUR_MS
    if from_ms is not None and from_ms >= KEPT.hours_ms:
        assert found.start_ms <= from_ms
    if to_ms is not None and to_ms <= NOW:
        assert found.end_ms >= min(to_ms, NOW)
    earlier = found.before(KEPT)
    if earlier is not None:
        assert earlier.end_ms == found.start_ms
        assert found.length_ms <= earlier.length_ms < found.length_ms + DAY_MS


def test_weeks_begin_on_monday_and_partial_ones_say_so() -> None:
    """Days of two weeks make two buckets; the one that is covered in part is marked."""
    monday = MONDAY_MS + 2_900 * WEEK_MS
    days = [Rollup(monday + n * DAY_MS, monday + (n + 1) * DAY_MS) for n in range(3, 14)]
    first, second = buckets(days, Aggregation.WEEK)

    assert (monday, True) == (first.start_ms, first.partial)
    assert (monday + WEEK_MS, False) == (second.start_ms, second.partial)
    assert 4 * DAY_MS == first.rollup.length_ms


def test_two_thousand_buckets_are_the_most() -> None:
    """One more is refused, in whatever unit."""
    end = KEPT.hours_ms + 90 * DAY_MS
    kept = Kept(0, 0)
    assert period(end - 2_000 * HOUR_MS + 1, end - 1, Aggregation.HOUR, kept=kept, now_ms=end)
    with pytest.raises(ValidationFailed):
        period(end - 2_000 * HOUR_MS - 1, end - 1, Aggregation.HOUR, kept=kept, now_ms=end)
