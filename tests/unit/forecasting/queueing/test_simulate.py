"""Serving many paths at once is serving each of them by the book."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.queueing.simulate import Lanes, serve

times = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=25
)


def lanes(paths: list[list[tuple[int, int, int]]]) -> Lanes:
    """Return the jobs (lane, ready, run) of each path in the order of service."""
    rows = [(p, *job) for p, jobs in enumerate(paths) for job in sorted(jobs)]
    path, lane, ready, run = np.array(rows).T
    return Lanes(path, lane, ready.astype(float), run.astype(float))


def by_the_book(jobs: list[tuple[int, int, int]], workers: int) -> list[float]:
    """Serve one path event by event."""
    free, coming = [0.0] * workers, sorted(range(len(jobs)), key=lambda i: jobs[i])
    starts = [0.0] * len(jobs)
    while coming:
        soonest = heapq.heappop(free)
        ready = [i for i in coming if jobs[i][1] <= soonest]
        best = ready[0] if ready else min(coming, key=lambda i: (jobs[i][1], jobs[i][0]))
        coming.remove(best)
        starts[best] = max(soonest, float(jobs[best][1]))
        heapq.heappush(free, starts[best] + jobs[best][2])
    return [starts[i] for i in sorted(range(len(jobs)), key=lambda i: jobs[i])]


@settings(max_examples=60, deadline=None)
@given(st.lists(times, min_size=1, max_size=4), st.integers(1, 4))
def test_each_path_is_served_by_the_book(
    paths: list[list[tuple[int, int, int]]], workers: int
) -> None:
    """Starts equal those of an event by event simulation, whatever the other paths hold."""
    starts = serve(lanes(paths), np.zeros((len(paths), workers)), 4)
    expected = [start for jobs in paths for start in by_the_book(jobs, workers)]

    assert expected == starts.tolist()


@settings(max_examples=60, deadline=None)
@given(times, st.integers(1, 4))
def test_jobs_are_conserved(jobs: list[tuple[int, int, int]], workers: int) -> None:
    """Each job starts once, not before it is ready, and never more run than there are workers."""
    table = lanes([jobs])
    starts = serve(table, np.zeros((1, workers)), 4)
    ends = starts + table.run

    assert (starts >= table.ready).all()
    assert all(((starts <= at) & (at < ends)).sum() <= workers for at in starts)


@settings(max_examples=60, deadline=None)
@given(times, st.integers(1, 4))
def test_another_worker_delays_nobody_of_one_lane(
    jobs: list[tuple[int, int, int]], workers: int
) -> None:
    """First come, first served: with one worker more no job starts later."""
    table = lanes([[(0, ready, run) for _, ready, run in jobs]])
    few, many = (serve(table, np.zeros((1, n)), 1) for n in (workers, workers + 1))

    assert (many <= few).all()


def test_nobody_is_free() -> None:
    """Without workers, or with workers that never come free, nothing starts."""
    table = lanes([[(0, 0, 1), (1, 0, 1)]])

    assert np.isinf(serve(table, np.zeros((1, 0)), 4)).all()
    assert np.isinf(serve(table, np.full((1, 2), np.inf), 4)).all()


def test_busy_workers_come_first() -> None:
    """A job waits for the worker that is free soonest."""
    starts = serve(lanes([[(0, 0, 10), (0, 0, 10)]]), np.array([[7.0, 3.0]]), 4)

    assert [3.0, 7.0] == starts.tolist()


def test_no_jobs() -> None:
    """Paths without jobs are done at once."""
    nobody = np.empty(0, dtype=np.intp)
    nothing = Lanes(nobody, nobody, np.empty(0), np.empty(0))

    assert 0 == len(serve(nothing, np.zeros((3, 2)), 4))


@pytest.mark.parametrize("workers", [1, 3])
def test_many_paths_share_no_worker(workers: int) -> None:
    """A hundred equal paths end equal."""
    jobs = [(2, 0, 5), (0, 1, 5), (1, 1, 5), (0, 9, 5)]
    starts = serve(lanes([jobs] * 100), np.zeros((100, workers)), 4).reshape(100, -1)

    assert (starts == starts[0]).all()
