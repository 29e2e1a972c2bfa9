"""Measure forecast_series on M4 files against the seasonal naive.

    python bench/forecast_series.py Hourly-train.csv Hourly-test.csv [--period 24] [--every 1]

The files hold one series a row, its id first, below one header line. Printed are the means over
the series of the competition's three measures, how much a 95 % interval held, and the time.
Source: Makridakis, Spiliotis and Assimakopoulos (2020), The M4 Competition, for the measures.
"""

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forecasting import forecast_series

Floats = NDArray[np.float64]
Forecaster = Callable[[Floats, int, int], Floats]
LEVELS = np.array([0.025, 0.5, 0.975])


def main() -> None:
    """Print one line for each forecaster."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--period", type=int, default=24)
    parser.add_argument("--every", type=int, default=1, help="score each n-th series only")
    asked = parser.parse_args()
    trains, tests = _read(asked.train), _read(asked.test)
    names = list(trains)[:: asked.every]
    print(f"{'':16}{'MASE':>8}{'sMAPE':>8}{'MSIS':>8}{'held':>8}{'ms':>8}   n {len(names)}")
    for label, forecaster in (("seasonal naive", _naive), ("forecast_series", _ours)):
        start = time.perf_counter()
        rows = [_measures(trains[n], tests[n], asked.period, forecaster) for n in names]
        milliseconds = 1000 * (time.perf_counter() - start) / len(names)
        figures = [*np.mean(rows, axis=0), milliseconds]
        print(f"{label:16}" + "".join(f"{figure:8.3f}" for figure in figures))


def _read(path: Path) -> dict[str, Floats]:
    with path.open(newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    return {row[0]: np.array([float(x) for x in row[1:] if x not in ("", "NA")]) for row in rows}


def _ours(y: Floats, hours: int, period: int) -> Floats:
    return forecast_series(y, hours, LEVELS, period)


def _naive(y: Floats, hours: int, period: int) -> Floats:
    """The last season again, give or take the quantiles of its own past errors."""
    last = np.resize(y[-period:], hours)
    errors = np.quantile(y[period:] - y[:-period], LEVELS)
    errors[1] = 0.0
    quantiles: Floats = last[:, None] + errors
    return quantiles


def _measures(y: Floats, truth: Floats, period: int, forecaster: Forecaster) -> list[float]:
    """Return MASE, sMAPE in percent, MSIS at 95 % and the share held, of one series."""
    low, point, high = forecaster(y, len(truth), period).T
    scale = np.abs(y[period:] - y[:-period]).mean()
    miss = np.abs(truth - point)
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return [
        float(miss.mean() / scale),
        float(200 * (miss / (np.abs(truth) + np.abs(point))).mean()),
        float((high - low + 2 / 0.05 * outside).mean() / scale),
        float(((low <= truth) & (truth <= high)).mean()),
    ]


if __name__ == "__main__":
    main()
