"""Learnt run times: by user and basis, of completed runs, as many as are worth it."""

from typing import Any

import numpy as np

from actors.forecasts.known import Columns
from actors.forecasts.run_times import FEWEST, MOST, MOST_TYPES, learn_run_times

NOW = 1_700_000_000.0
DAY = 86_400.0
KINDS = ["r/Sleep/Dataset/a", "r/Sleep/Dataset/b", "t/Sleep", "r/Mine/Dataset/a"]
Run = tuple[int, int, float]


def columns(runs: list[Run], kinds: list[str] = KINDS, **changes: Any) -> Columns:
    """Completed runs of (user, kind, seconds), one every ten minutes, the last one now."""
    begun = [NOW - 600.0 * (len(runs) - n) - seconds for n, (_, _, seconds) in enumerate(runs)]
    plain = {
        "submitted": [at - 1 for at in begun],
        "started": begun,
        "finished": [at + run[2] for at, run in zip(begun, runs, strict=True)],
        "priority": [2.0] * len(runs),
        "user": [float(user) for user, _, _ in runs],
        "kind": [float(kind) for _, kind, _ in runs],
        "order": [np.nan] * len(runs),
        "not_before": [np.nan] * len(runs),
    }
    jobs = {name: np.array(column) for name, column in plain.items()}
    users = [f"u{n}" for n in range(max(user for user, _, _ in runs) + 1)]
    done = np.full(len(runs), fill_value=True)
    return Columns(**{"jobs": jobs, "kinds": kinds, "users": users, "done": done} | changes)


def rows(told: Columns) -> dict[str, Any]:
    """What is learnt of them, by name."""
    found = learn_run_times(told, now=NOW, since=NOW - 7 * DAY)
    return found.rows if found else {}


def test_each_user_and_resource_has_its_own() -> None:
    """Whose runs were long is told a long one, and what was seen often is told narrowly."""
    found = rows(columns([(0, 0, 60.0), (1, 0, 3_600.0), (0, 1, 600.0)] * 20))

    assert {"u0/r/Sleep/Dataset/a", "u1/r/Sleep/Dataset/a", "u0/r/Sleep/Dataset/b"} < set(found)
    assert [60_000, 3_600_000, 600_000] == [
        found[name][1]
        for name in ("u0/r/Sleep/Dataset/a", "u1/r/Sleep/Dataset/a", "u0/r/Sleep/Dataset/b")
    ]
    assert all(low <= middle <= high for low, middle, high, _, _ in found.values())
    assert 20 == found["u0/r/Sleep/Dataset/a"][4]


def test_a_users_type_stands_for_resources_that_are_new() -> None:
    """It rests on the user's runs of that type, whatever the resource; five at least."""
    found = rows(columns([(0, 0, 60.0), (0, 1, 90.0)] * 20 + [(0, 3, 5_000.0)] * 4))
    low, middle, high, mean, runs = found["u0/t/Sleep"]

    assert 40 == runs
    assert 55_000 < low <= middle <= high < 100_000
    assert low < mean < high
    assert "u0/t/Mine" not in found
    assert 4 == found["u0/r/Mine/Dataset/a"][4]


def test_means_are_those_of_the_users_own_runs() -> None:
    """Of five or more; ranges borrow from others, sums of means must not."""
    found = rows(columns([(0, 0, 60.0), (1, 0, 3_600.0)] * 20 + [(2, 0, 600.0)] * 4))

    assert [60_000, 3_600_000] == [found[f"u{n}/r/Sleep/Dataset/a"][3] for n in (0, 1)]
    assert 60_000 < found["u2/r/Sleep/Dataset/a"][3] != 600_000


def test_only_completed_runs_count_and_a_few_teach_nothing() -> None:
    """Others do not tell how long the work takes."""
    runs: list[Run] = [(0, 0, 60.0), (0, 0, 1.0)] * FEWEST
    done = [seconds == 60.0 for _, _, seconds in runs]

    assert 60_000 == rows(columns(runs, done=done))["u0/r/Sleep/Dataset/a"][0]
    assert {} == rows(columns(runs, done=[False] * len(runs)))
    assert {} == rows(columns(runs[: FEWEST - 1]))


def test_what_was_run_last_is_kept_and_no_more() -> None:
    """A bounded number of rows, the newest of resources."""
    kinds = [f"r/T{n % 250}/Dataset/{n}" for n in range(2_000)]
    found = rows(columns([(n % 3, n, 60.0) for n in range(2_000)] * 5, kinds))
    resources = [name for name in found if "/r/" in name]

    assert (MOST, MOST_TYPES) == (len(resources), len(found) - len(resources))
    assert "u1/r/T249/Dataset/1999" in found
    assert "u0/r/T0/Dataset/0" not in found


def test_levels_learnt_before_are_read_again() -> None:
    """The same levels give the same figures without comparing anew."""
    told = columns([(n % 2, n % 3, 60.0 + n) for n in range(90)])
    first = learn_run_times(told, now=NOW, since=NOW - 7 * DAY)
    assert first is not None
    again = learn_run_times(told, now=NOW, since=NOW - 7 * DAY, levels=first.levels)

    assert first == again
