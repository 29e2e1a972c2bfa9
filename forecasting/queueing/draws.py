"""The record of drawn arrivals, and how ranges of rows are laid out flat.

arrivals.py and cold.py make them, paths.py reads them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.queueing.workload import Ints
from forecasting.recursion import Floats


@dataclass(frozen=True)
class Draws:
    """Arrivals of many paths. Shape: (n,) each; `row` a job of the past, `at` seconds ahead."""

    path: Ints
    row: Ints
    at: Floats

    @staticmethod
    def none() -> "Draws":
        """Return that nobody comes."""
        nobody = np.empty(0, dtype=np.intp)
        return Draws(nobody, nobody, np.empty(0))

    def every(self, nth: int) -> "Draws":
        """Return each n-th arrival of every path."""
        if nth == 1:
            return self
        order = np.lexsort((self.at, self.path))[nth // 2 :: nth]
        return Draws(self.path[order], self.row[order], self.at[order])

    def where(self, kept: NDArray[np.bool_]) -> "Draws":
        """Return some of the draws."""
        return Draws(self.path[kept], self.row[kept], self.at[kept])


def joined(parts: list[Draws]) -> Draws:
    """Return all draws as one."""
    if not parts:
        return Draws.none()
    return Draws(
        np.concatenate([part.path for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.at for part in parts]),
    )


def expanded(first: Ints, size: Ints) -> tuple[Ints, Ints]:
    """Return for ranges first .. first + size which range each member is of, and the members."""
    owner = np.repeat(np.arange(len(first)), size)
    begins = np.cumsum(size) - size
    return owner, np.arange(len(owner)) - begins[owner] + first[owner]
