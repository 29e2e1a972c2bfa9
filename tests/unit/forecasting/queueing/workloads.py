"""Small workloads for the tests: columns of jobs, and a queue that served them."""

import heapq
from typing import Any

import numpy as np

NOW = 1_700_000_000.0
HOUR = 3600.0
DAY = 24 * HOUR
COLUMNS = ("submitted", "started", "finished", "priority", "user", "kind")


def jobs(*rows: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Return columns of rows (submitted, started, finished, priority, user, kind)."""
    table = np.array(rows, dtype=float).reshape(-1, len(COLUMNS))
    return dict(zip(COLUMNS, table.T, strict=True))


def served(
    submitted: np.ndarray, run: np.ndarray, workers: int, **columns: Any
) -> dict[str, np.ndarray]:
    """Serve jobs first come, first served, and tell what is known of them at NOW."""
    free = [-np.inf] * workers
    started = np.empty(len(submitted))
    for i in np.argsort(submitted, kind="stable"):
        started[i] = max(submitted[i], heapq.heappop(free))
        heapq.heappush(free, started[i] + run[i])
    finished = started + run
    known = submitted <= NOW
    n = int(known.sum())
    plain = {name: np.zeros(n) for name in ("user", "kind")} | {"priority": np.full(n, 2)}
    return {
        "submitted": submitted[known],
        "started": np.where(started <= NOW, started, np.nan)[known],
        "finished": np.where(finished <= NOW, finished, np.nan)[known],
        **plain,
        **{name: np.asarray(column)[known] for name, column in columns.items()},
    }


def steady(days: float, per_hour: float, run: float, workers: int, seed: int = 0) -> dict[str, Any]:
    """Return jobs that came at a steady rate for so many days, of about one length."""
    rng = np.random.default_rng(seed)
    n = int(days * 24 * per_hour)
    submitted = np.sort(NOW - days * DAY * rng.random(n))
    return served(
        submitted, run * rng.lognormal(-0.125, 0.5, n), workers, user=rng.integers(0, 5, n)
    )
