"""The load of machines along the busy slots to come: a line, a range, or nothing."""

import numpy as np

from forecasting.machines import loads

HOURS = 24


def samples(n: int, *, noise: float = 0.0) -> list[tuple[float, float, float, float]]:
    """Ten-minute samples of machines at 10 % when idle and 90 % when full; memory stays at 50."""
    rng = np.random.default_rng(1)
    return [
        (600.0 * i, (i % 5) / 4, 10 + 80 * (i % 5) / 4 + noise * rng.standard_normal(), 50.0)
        for i in range(n)
    ]


def test_load_follows_the_busy_slots() -> None:
    """Half of the slots busy is half way between idle and full; memory does not move."""
    found = loads(samples(100), np.full((40, HOURS), 4.0), slots=8, seed=0)

    assert HOURS == len(found["cpu"])
    assert 49.9 < found["cpu"][0]["middle"] < 50.1
    assert 1.0 == found["cpu"][0]["confidence"]
    assert 50.0 == found["memory"][5]["middle"]


def test_what_the_line_missed_is_the_range() -> None:
    """Noise of 5 points makes an 80 % range of about 13, within 0 and 100."""
    found = loads(samples(300, noise=5.0), np.full((400, HOURS), 4.0), slots=8, seed=0)
    width = found["cpu"][0]["upper"] - found["cpu"][0]["lower"]

    assert 10 < width < 16
    full = loads(samples(300, noise=5.0), np.full((400, HOURS), 99.0), slots=8, seed=0)
    assert full["cpu"][0]["upper"] <= 100


def test_too_little_measured_tells_nothing() -> None:
    """Without samples, with a few, without slots: null."""
    busy = np.zeros((4, HOURS))

    assert {"cpu": None, "memory": None} == loads([], busy, slots=4, seed=0)
    assert {"cpu": None, "memory": None} == loads(samples(3), busy, slots=4, seed=0)
    assert {"cpu": None, "memory": None} == loads(samples(99), busy, slots=0, seed=0)
    unknown = [(60.0 * n, None, 5.0, 5.0) for n in range(999)]
    assert {"cpu": None, "memory": None} == loads(unknown, busy, slots=4, seed=0)
