"""A linear rule that continues a series step by step, from one origin or from many at once.

Autoregressions, profiles and the naive rules are all of this form, so one loop serves them all.
It fits nothing: models.py and ladder.py make the rules.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Recursion:
    """The rule z[t] = intercepts[t mod season] + sum of weights[i] * z[t - lags[i]]."""

    lags: NDArray[np.intp]
    weights: Floats
    intercepts: Floats

    @property
    def reach(self) -> int:
        """How many past values the rule looks back."""
        return int(np.max(self.lags))

    def roll(self, z: Floats, origins: NDArray[np.intp], hours: int, bounds: Bounds) -> Floats:
        """Continue `z` from each origin, which knows z[:origin], within the bounds.

        Shape: z (n,), origins (m,) each >= reach; returns (m, hours).
        """
        reach = self.reach
        known = z[origins[:, None] + np.arange(-reach, 0)]
        window = np.hstack([known, np.empty((len(origins), hours))])
        for step in range(hours):
            intercept = self.intercepts[(origins + step) % len(self.intercepts)]
            value = intercept + window[:, reach + step - self.lags] @ self.weights
            window[:, reach + step] = np.clip(value, *bounds)
        return window[:, reach:]


def repeat(lag: int) -> Recursion:
    """Return the naive rule: the value `lag` steps ago comes again."""
    return Recursion(np.array([lag]), np.ones(1), np.zeros(1))


def around(profile: Floats, deviation: Recursion) -> Recursion:
    """Return the rule of a profile plus deviations that follow a rule of their own.

    With z = profile + d, putting the deviations' rule in terms of z leaves a rule whose
    intercepts carry the profile. Needs `deviation` without seasonal intercepts.
    Shape: profile (season,), entry i for the times t = i mod season.
    """
    times = np.arange(len(profile))
    carried = profile[(times[:, None] - deviation.lags) % len(profile)] @ deviation.weights
    return Recursion(deviation.lags, deviation.weights, deviation.intercepts + profile - carried)
