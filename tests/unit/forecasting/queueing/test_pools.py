"""Which run times were known of a group at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasting.queueing.pools import pool

runs = st.lists(st.tuples(st.integers(-2, 3), st.integers(0, 20)), max_size=30)


@given(runs, st.integers(-3, 4), st.integers(-1, 21), st.integers(1, 5))
def test_the_newest_known_ones(
    rows: list[tuple[int, int]], group: int, time: int, depth: int
) -> None:
    """The values of a group that ended by then, newest first, and no others."""
    groups = np.array([g for g, _ in rows], dtype=np.intp)
    ends = np.array([end for _, end in rows], dtype=float)
    found = pool(groups, ends, np.arange(len(rows), dtype=float))
    values, exist = found.newest(np.array([group]), np.array([float(time)]), depth)
    known = [i for i, (g, end) in enumerate(rows) if g == group and end <= time]
    newest = sorted(known, key=lambda i: (rows[i][1], i), reverse=True)[:depth]

    assert newest == values[exist].astype(int).tolist()
