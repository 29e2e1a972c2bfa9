"""Bottlenecks: what counts as one, why it was, and what ended it."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from queueapp.domain.bottlenecks import GAP_MS, Bottleneck, Look, Watch, watched

MINUTE = 60_000
BUSY = Look(
    at_ms=0, size=10, usual_size=4.0, submitted=100, usual_per_hour=60.0, slots=4, running={"A": 4}
)
QUIET = replace(BUSY, size=0)


def live(looks: list[Look]) -> tuple[Watch | None, list[Bottleneck]]:
    """Watch a whole series."""
    watch, found = None, []
    for look in looks:
        watch, ended = watched(watch, look)
        found += [ended] if ended else []
    return watch, found


def minutes(look: Look, first: int, last: int) -> list[Look]:
    """The same look, each minute."""
    return [replace(look, at_ms=at * MINUTE) for at in range(first, last + 1)]


def test_a_long_busy_time_is_told_with_its_cause_and_end() -> None:
    """It is open while it lasts, and over half an hour after nothing held the queue up."""
    watch, found = live([*minutes(BUSY, 0, 20)])
    assert watch is not None
    open_ = watch.found()
    _, ended = live([*minutes(BUSY, 0, 20), *minutes(QUIET, 21, 60)])

    assert [] == found
    assert ("Unresolved", None) == (open_.resolution, open_.end_ms)
    (one,) = ended
    assert (0, 20 * MINUTE, "Backlog drained") == (one.start_ms, one.end_ms, one.resolution)
    assert "All slots busy, 100% of them with A jobs" == one.issue
    assert (10, 6 * 20 * MINUTE / 10) == (one.affected_jobs, one.delay_ms)


def test_short_times_are_not_told_and_gaps_are_bridged() -> None:
    """Under 15 minutes is nothing; two times with less than half an hour between are one."""
    _, short = live([*minutes(BUSY, 0, 10), *minutes(QUIET, 11, 60)])
    _, bridged = live(
        [
            *minutes(BUSY, 0, 10),
            *minutes(QUIET, 11, 30),
            *minutes(BUSY, 31, 36),
            *minutes(QUIET, 37, 70),
        ]
    )

    assert [] == short
    assert [(0, 36 * MINUTE)] == [(one.start_ms, one.end_ms) for one in bridged]


def test_the_cause_is_what_held_longest() -> None:
    """Pause, no workers, a shortage, a limit, other people's work, a burst: each in its words."""
    causes = {
        "The queue was paused": replace(BUSY, paused=True),
        "No worker was live": replace(BUSY, slots=0, running={}),
        "No live node had what jobs needed: 16 GB": replace(BUSY, lacking="16 GB", running={}),
        "As many jobs ran as may run at once": replace(BUSY, limited=True, running={"A": 1}),
        "All slots busy, 75% of them with other work on shared workers": replace(
            BUSY, running={"A": 1, "": 3}
        ),
    }
    for issue, look in causes.items():
        _, (one,) = live([*minutes(look, 0, 20), *minutes(QUIET, 21, 60)])
        assert issue == one.issue
    burst = [replace(look, submitted=300) for look in minutes(BUSY, 1, 20)]
    _, (one,) = live([replace(BUSY, at_ms=0), *burst, *minutes(QUIET, 21, 60)])
    assert "All slots busy after a burst of 210 jobs; 100% of them with A jobs" == one.issue


def test_what_ended_it_is_told() -> None:
    """A resumed queue, a worker that joined, slots that became free."""
    ends = {
        "Queue resumed": (replace(BUSY, paused=True), replace(BUSY, running={"A": 2})),
        "Worker w3 joined": (
            replace(BUSY, joined="w2"),
            replace(BUSY, joined="w3", slots=8),
        ),
        "Slots became free": (BUSY, replace(BUSY, running={"A": 1})),
    }
    for resolution, (before, after) in ends.items():
        _, (one,) = live([*minutes(before, 0, 20), *minutes(after, 21, 60)])
        assert resolution == one.resolution


LOOKS = st.lists(
    st.builds(
        replace,
        st.just(BUSY),
        size=st.integers(0, 30),
        paused=st.booleans(),
        running=st.fixed_dictionaries({"A": st.integers(0, 4)}),
        slots=st.sampled_from((0, 4)),
    ),
    max_size=200,
)


@given(LOOKS, st.integers(5_000, 10 * MINUTE))
def test_whatever_is_seen_what_is_told_makes_sense(looks: list[Look], step: int) -> None:
    """Told times are long enough, in order, half an hour apart, with a cause and a delay."""
    series = [replace(look, at_ms=n * step) for n, look in enumerate(looks)]
    _, found = live(series)

    for one in found:
        assert one.end_ms is not None
        assert one.end_ms - one.start_ms >= 15 * MINUTE
        assert one.delay_ms >= 0
        assert one.issue
        assert one.resolution
    for earlier, later in pairwise(found):
        assert later.start_ms - (earlier.end_ms or 0) > GAP_MS
