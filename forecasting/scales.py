"""The scales on which a series is modelled: as it is, and one that evens out its variance.

ladder.py fits every rule on each of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecasting.recursion import Bounds, Floats

LOG_FLOOR = 0.001
"""Smallest value, as a share of the largest, for which logarithms are still tame."""


@dataclass(frozen=True)
class Scale:
    """A monotone map of values to the scale of a model, and back."""

    to: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]

    def bounds(self, y: Floats) -> Bounds:
        """Return how far a path may leave the values seen: one range further at either end.

        A series that was never negative stays so.
        """
        z = self.to(y)
        lowest = float(np.min(z) - np.ptp(z))
        if self is not LOG and np.min(y) >= 0:
            lowest = max(lowest, 0.0)
        highest = np.atleast_1d(np.max(y) + np.ptp(y))
        return lowest, float(self.to(highest)[0])


RAW = Scale(lambda y: y, lambda z: z)
LOG = Scale(np.log, np.exp)
ROOT = Scale(np.sqrt, lambda z: np.maximum(z, 0.0) ** 2)


def scales_for(y: Floats) -> tuple[Scale, ...]:
    """Return the scales that fit these values: logarithm if well above zero, root if never below.

    Source: Box and Cox (1964), An Analysis of Transformations: powers 1, 1/2 and 0 of their family.
    """
    lowest, highest = float(np.min(y)), float(np.max(y))
    if lowest < 0 or highest == 0:
        return (RAW,)
    return (RAW, LOG) if lowest > LOG_FLOOR * highest else (RAW, ROOT)
