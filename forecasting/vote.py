"""Let the members of a panel vote, each weighed by how well it forecast this series before.

backtest.py keeps the record of the past; series.py uses it for the forecast that is shown.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecasting.ladder import Signature
from forecasting.recursion import Floats

EXACT = 1e-12
"""Mean error, in units of the largest value, below which a member counts as exact."""


@dataclass
class Record:
    """What the members of earlier panels forecast, kept with each panel's signature."""

    entries: list[tuple[Signature, NDArray[np.intp], Floats]] = field(default_factory=list)

    def add(self, signature: Signature, origins: NDArray[np.intp], rolled: Floats) -> None:
        """Remember forecasts of k members. Shape: origins (m,), rolled (k, m, hours)."""
        self.entries.append((signature, origins, rolled))

    def weights(self, signature: Signature, observed: Floats) -> Floats | None:
        """Return the weights of such a panel's members, None where nothing was learnt of them.

        Shape: observed (n,), what is known by now, NaN where it is not; returns (k,), sum 1.
        Source: Bates and Granger (1969), The Combination of Forecasts: inverse squared errors.
        """
        errors = [
            np.abs(rolled - outcomes(observed, origins, rolled.shape[2])).reshape(len(rolled), -1)
            for kept, origins, rolled in self.entries
            if kept == signature
        ]
        if not errors or not np.isfinite(np.hstack(errors)).any():
            return None
        power: Floats = (np.nanmean(np.hstack(errors), axis=1) + EXACT) ** -2
        return power / float(power.sum())


def voted(rolled: Floats, weights: Floats | None) -> Floats:
    """Combine the members' forecasts; without weights by their median, which none can spoil.

    Shape: rolled (k, m, hours), weights (k,); returns (m, hours).
    """
    result: Floats = (
        np.median(rolled, axis=0) if weights is None else np.tensordot(weights, rolled, axes=1)
    )
    return result


def outcomes(observed: Floats, origins: NDArray[np.intp], hours: int) -> Floats:
    """Return what came after each origin, NaN where it is not known.

    Shape: observed (n,), origins (m,), none above n; returns (m, hours).
    """
    padded = np.concatenate([observed, np.full(hours, np.nan)])
    ahead: Floats = padded[origins[:, None] + np.arange(hours)]
    return ahead
