"""A generated density that does not move: any distribution in the place of p_g."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution, LocationScale
from gandyn.generators.generated import Generated

__all__ = ["Fixed"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class Fixed(Generated):
    """One lane with a given distribution, without parameters."""

    lanes = 1

    def __init__(self, distribution: Distribution) -> None:
        self.distribution = distribution
        self.edges = [distribution.edges]
        self.folds = [np.empty((0, 2))]
        self.atoms = [distribution.atoms]
        self.breaks = [distribution.breaks]
        if isinstance(distribution, LocationScale):
            self.standard = (
                distribution.family,
                distribution,
                np.array([distribution.loc]),
                np.array([distribution.scale]),
            )

    def logpdf(self, x: Array, lane: Index) -> Array:
        return self.distribution.logpdf(x)

    def score(self, x: Array, lane: Index) -> Array:
        return self.distribution.score(x)

    def cdf(self, x: Array, lane: Index) -> Array:
        return self.distribution.cdf(x)

    def sf(self, x: Array, lane: Index) -> Array:
        return self.distribution.sf(x)

    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        return quantile(self.distribution, lower, upper)

    def sensitivity(self, x: Array, lane: Index) -> Array:
        return np.empty((0, *x.shape))

    def jumps(self, lane: int) -> tuple[Array, Array]:
        return self.distribution.breaks, np.empty((len(self.distribution.breaks), 0))


def quantile(distribution: Distribution, lower: Array, upper: Array) -> Array:
    """The point that splits the mass into `lower` and `upper`, from whichever is smaller."""
    out = np.empty(np.shape(lower))
    left = lower <= upper
    out[left] = distribution.ppf(lower[left])
    out[~left] = distribution.isf(upper[~left])
    return out
