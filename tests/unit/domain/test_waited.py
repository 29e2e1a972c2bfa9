"""What a job waited for adds up to the time that it was queued."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from queueapp.domain.job import Attempt, Job
from queueapp.domain.states import Status
from queueapp.domain.waited import waited, with_pauses
from tests.factories import spec

QUEUED = Job(spec(), Status.QUEUED, created_ms=0, updated_ms=0, eligible_ms=1_000)


def test_a_ready_job_waits_for_what_was_seen_of_its_shape() -> None:
    """Before the first look counts what was seen then, after the last one what was seen last."""
    timeline = [(2_000, "QueuePaused"), (5_000, "Position")]

    assert {"QueuePaused": 4_000, "Position": 2_000} == waited(QUEUED, timeline, 7_000)
    assert {"Position": 6_000} == waited(QUEUED, [], 7_000)
    assert {"NoWorkers": 6_000} == waited(QUEUED, [(0, "NoWorkers")], 7_000)


def test_holds_and_former_attempts_count() -> None:
    """A retried job waited before each attempt, and for its delay."""
    first = Attempt(1, "w", "n", started_ms=3_000, ended_ms=4_000, eligible_ms=1_000)
    job = replace(
        QUEUED,
        attempts=(first,),
        hold="RetryBackoff",
        held_since_ms=4_000,
        waited_ms={"Scheduled": 500},
    )

    assert {"Scheduled": 500, "RetryBackoff": 2_000, "Position": 2_000} == waited(job, [], 6_000)


def test_a_job_that_ended_waits_no_longer() -> None:
    """Neither one that ran nor one that was cancelled in the queue."""
    ran = Attempt(1, "w", "n", started_ms=3_000, ended_ms=4_000, eligible_ms=1_000)
    done = replace(
        QUEUED, status=Status.COMPLETED, attempts=(ran,), started_ms=3_000, ended_ms=4_000
    )
    cancelled = replace(QUEUED, status=Status.CANCELLED, ended_ms=2_500)
    running = replace(QUEUED, status=Status.RUNNING, started_ms=1_750)

    assert {"Position": 2_000} == waited(done, [], 99_000)
    assert {"Position": 1_500} == waited(cancelled, [], 99_000)
    assert {"Position": 750} == waited(running, [], 99_000)


def test_pauses_are_known_by_their_own_moments() -> None:
    """They go before what was seen; what looks called a pause is none where no note tells it."""
    seen = [(2_000, "NoWorkers"), (5_000, "QueuePaused"), (9_000, "Position")]
    scope = [(3_000, "QueuePaused"), (4_000, "")]
    kind = [(3_500, "TypePaused"), (6_000, "")]

    assert [
        *[(0, "NoWorkers"), (2_000, "NoWorkers"), (3_000, "QueuePaused"), (3_500, "QueuePaused")],
        *[(4_000, "TypePaused"), (5_000, "TypePaused"), (6_000, "Position"), (9_000, "Position")],
    ] == with_pauses(seen, scope, kind)
    assert seen == with_pauses(seen, [], [])


def test_before_an_end_without_its_beginning_looks_are_believed() -> None:
    """It was paused before pauses were noted."""
    found = with_pauses([(2_000, "QueuePaused")], [(4_000, "")], [])

    assert [(0, "QueuePaused"), (2_000, "QueuePaused"), (4_000, "Position")] == found


TIMELINES = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(("", "Position", "QueuePaused"))),
    max_size=20,
    unique_by=lambda one: one[0],
)


@given(TIMELINES, st.integers(1_000, 20_000))
def test_every_second_has_a_reason(timeline: list[tuple[int, str]], now: int) -> None:
    """Whatever was seen, the parts add up to the whole."""
    found = waited(QUEUED, sorted(timeline), now)

    assert now - 1_000 == sum(found.values())
    assert "" not in found


@given(TIMELINES, TIMELINES, TIMELINES, st.integers(1_000, 20_000))
def test_every_second_has_a_reason_beside_pauses(
    seen: list[tuple[int, str]],
    scope: list[tuple[int, str]],
    kind: list[tuple[int, str]],
    now: int,
) -> None:
    """Whatever was seen and noted."""
    found = waited(QUEUED, with_pauses(sorted(seen), sorted(scope), sorted(kind)), now)

    assert now - 1_000 == sum(found.values())
    assert "" not in found
