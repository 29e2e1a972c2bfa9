"""History equals a recount of what happened, whatever happened and when it is read."""

import os

import pytest

from queueapp.domain.rollup import DAY_MS, HOUR_MS, Rollup, total
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, submit
from tests.integration.store.days import DAY, Day, Recount, recount

# The nightly run lives through more days.
SEEDS = int(os.environ.get("QUEUEAPP_MODEL_WALKS", "6"))
HELD = {"Dependency", "Scheduled", "RetryBackoff", "HostBusy"}


def check(hour: Rollup, real: Recount) -> None:
    """Every number of an hour is that of the recount."""
    assert {key: n for key, n in real.counts.items() if n} == {
        key: n for key, n in hour.counts.items() if n
    }
    assert (real.size_ms, real.busy_ms) == (hour.size_ms, hour.busy_ms)
    assert max(0, real.idle_ms) == pytest.approx(hour.idle_ms, abs=1)
    assert max(map(sum, real.sizes)) == hour.peak_size
    assert hour.peak in real.sizes
    assert min(map(sum, real.sizes)) == hour.least
    assert (max(real.waits, default=None), min(real.waits, default=None)) == (
        hour.most_wait_ms,
        hour.least_wait_ms,
    )
    assert {code: ms for code, ms in real.held_ms.items() if ms} == {
        code: ms for code, ms in hour.reasons.items() if code in HELD
    }


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_day_is_recounted_exactly(store: Store, seed: int) -> None:
    """Each hour of a random day has the numbers that its events and jobs give."""
    day = Day(store, seed)
    day.run()
    real = recount(day)
    present = store.history.present(SCOPE, now_ms=day.now)
    hours = store.history.hours(SCOPE, DAY, day.now, present=present)

    assert sorted(real) == [hour.start_ms // HOUR_MS for hour in hours]
    for hour in hours:
        check(hour, real[hour.start_ms // HOUR_MS])
    # A day that was rolled up is the sum of its hours, and stays readable without them.
    assert 1 == store.history.keep_days(SCOPE, keep_ms=10**9, now_ms=day.now)
    assert 0 == store.history.keep_days(SCOPE, keep_ms=10**9, now_ms=day.now)
    (kept,) = store.history.days(SCOPE, DAY, DAY + DAY_MS, present=present)
    assert total(hours[:24]) == kept


def test_an_hour_is_read_the_same_at_any_later_time(store: Store) -> None:
    """What follows does not change an hour that is over, with and without further changes."""
    add_worker(store)
    submit(store, now_ms=DAY + 1_800_000)
    read = [
        store.history.hours(
            SCOPE, DAY, DAY + HOUR_MS, present=store.history.present(SCOPE, now_ms=now)
        )
        for now in (DAY + HOUR_MS, DAY + 50 * HOUR_MS)
    ]
    held = claim(store, now_ms=DAY + 60 * HOUR_MS)
    assert held is not None
    now = store.history.present(SCOPE, now_ms=DAY + 61 * HOUR_MS)
    read.append(store.history.hours(SCOPE, DAY, DAY + HOUR_MS, present=now))
    between = store.history.hours(SCOPE, DAY + HOUR_MS, DAY + 60 * HOUR_MS, present=now)

    assert read[0] == read[1] == read[2]
    assert 1_800_000 == read[0][0].size_ms
    assert {HOUR_MS} == {hour.size_ms for hour in between}
    assert 59 == len(between)


def test_changes_at_the_turn_of_an_hour_belong_to_the_new_one(store: Store) -> None:
    """The last millisecond of an hour is its own, the next one is not."""
    submit(store, now_ms=DAY + HOUR_MS - 1)
    submit(store, now_ms=DAY + HOUR_MS)
    present = store.history.present(SCOPE, now_ms=DAY + HOUR_MS)
    first, second = store.history.hours(SCOPE, DAY, DAY + 2 * HOUR_MS, present=present)

    assert (1, 1, 1) == (first.size_ms, first.total("submitted"), first.peak_size)
    assert (0, 1, 2) == (second.size_ms, second.total("submitted"), second.peak_size)


def test_trends_are_those_of_the_last_day(store: Store) -> None:
    """Run times, throughput and submissions, the busiest hour of today, the mean size."""
    add_worker(store)
    noon = DAY + 12 * HOUR_MS
    for submitted, claimed, lasted in ((0, 10, 1), (5, 95, 3)):
        submit(store, now_ms=noon + submitted * 60_000)
        if claimed == 95:
            submit(store, now_ms=noon + 90 * 60_000)
        held = claim(store, now_ms=noon + claimed * 60_000)
        assert held is not None
        finish(store, held, now_ms=noon + (claimed + lasted) * 60_000)
    now = noon + 100 * 60_000
    trends = store.trends.of(SCOPE, now_ms=now)

    assert 120_000 == trends.average_run_ms
    assert (1, 1, 12) == (
        trends.completed_last_hour,
        trends.submitted_this_hour,
        trends.peak_hour,
    )
    # 10 minutes of 1, 80 of 1, 5 of 2, 5 of 1, from 13:00 the day before until 13:40
    assert 110 / (24 * 60 + 40) == pytest.approx(trends.average_queue_size)


def test_a_scope_without_history_has_nothing(store: Store) -> None:
    """Nothing happened: no mean, no peak, zeros."""
    trends = store.trends.of(SCOPE, now_ms=DAY)

    assert (None, 0, 0, None, 0.0) == (
        trends.average_run_ms,
        trends.completed_last_hour,
        trends.submitted_this_hour,
        trends.peak_hour,
        trends.average_queue_size,
    )
