"""Draw the jobs that may come when less than a day of the past is known.

arrivals.py turns to it. How many come is then a guess with a wide range: that the workers are
a little over half busy, corrected by the sessions seen, with hours ahead unlike those seen.
"""

import numpy as np

from forecasting.queueing.draws import Draws, expanded
from forecasting.queueing.sessions import Sessions
from forecasting.queueing.workload import Ints
from forecasting.recursion import Floats

HOUR = 3600.0
GUESSED_SESSIONS = 0.7
"""Sessions seen that the guess counts for as much as."""
SWING = 0.8
"""Spread of a quarter of a day's level about that of others, as a logarithm."""
MOST_PER_HOUR = 300.0


def cold_draws(
    sessions: Sessions,
    *,
    known_hours: float,
    seen: int,
    guessed_per_hour: float,
    paths: Ints,
    hours: int,
    rng: np.random.Generator,
) -> Draws:
    """Let the sessions known come again, as often as a wide guess says.

    `seen` of the sessions began within the `known_hours`; the others are only known because
    they still wait or run.
    """
    guess = min(guessed_per_hour, MOST_PER_HOUR)
    rate = rng.gamma(GUESSED_SESSIONS + seen, size=len(paths))
    rate = rate / (GUESSED_SESSIONS / guess + known_hours)
    counts = rng.poisson(np.minimum(rate[:, None] * _swings(len(paths), hours, rng), MOST_PER_HOUR))
    path = np.repeat(np.repeat(np.arange(len(paths)), hours), counts.ravel())
    hour = np.repeat(np.tile(np.arange(hours), len(paths)), counts.ravel())
    begin = (hour + rng.random(len(hour))) * HOUR
    if not len(sessions.first):
        return Draws(paths[path], np.full(len(path), -1), begin)  # jobs of which nothing is known
    session = rng.integers(0, len(sessions.first), size=len(path))
    owner, place = expanded(sessions.first[session], sessions.size[session])
    return Draws(paths[path[owner]], sessions.jobs[place], begin[owner] + sessions.offset[place])


def _swings(paths: int, hours: int, rng: np.random.Generator) -> Floats:
    """Return a level for each hour that changes every six. Shape: (paths, hours)."""
    quarters = np.exp(SWING * rng.standard_normal((paths, hours // 6 + 1)) - SWING**2 / 2)
    return np.repeat(quarters, 6, axis=1)[:, :hours]
