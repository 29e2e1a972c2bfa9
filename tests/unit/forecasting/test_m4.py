"""Against the seasonal naive on some public hourly series."""

import csv
from pathlib import Path

import numpy as np

from forecasting import forecast_series
from tests.shared_data import shared

SERIES = 12


def read(path: Path) -> list[np.ndarray]:
    with path.open() as lines:
        rows = list(csv.reader(lines))[1:]
    return [np.array([float(value) for value in row[1:] if value]) for row in rows]


def test_it_beats_the_seasonal_naive() -> None:
    """On a sample of M4-hourly the scaled error is at most four fifths of the anchor's."""
    trains, tests = read(shared("m4/Hourly-train.csv")), read(shared("m4/Hourly-test.csv"))
    ours, naive, held = [], [], []
    for y, truth in list(zip(trains, tests, strict=True))[:: len(trains) // SERIES][:SERIES]:
        scale = np.abs(y[24:] - y[:-24]).mean()
        low, point, high = forecast_series(y, 48, [0.025, 0.5, 0.975]).T
        ours.append(np.abs(truth - point).mean() / scale)
        naive.append(np.abs(truth - np.tile(y[-24:], 2)).mean() / scale)
        held.append(((low <= truth) & (truth <= high)).mean())

    assert np.mean(ours) <= 0.8 * np.mean(naive)
    assert 0.85 <= np.mean(held) <= 1.0
