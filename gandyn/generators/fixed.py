"""Generated densities that are distributions, lane by lane, and one that does not move."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution, LocationScale
from gandyn.generators.generated import Generated, Map

__all__ = ["Fixed", "Stack", "quantile"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class _Lanes(Generated):
    """A distribution in each lane, asked one after the other."""

    def __init__(self, members: Sequence[Distribution]) -> None:
        self.members = members
        self.lanes = len(members)
        self.edges = [member.edges for member in members]
        self.atoms = [member.atoms for member in members]
        self.breaks = [member.breaks for member in members]

    def _each(self, method: Callable[..., Array], lane: Index, *arrays: Array) -> Array:
        """Rows of each lane in turn; `method(member, *rows)` may put axes in front."""
        if self.lanes == 1:
            return method(self.members[0], *arrays)
        out: Array | None = None
        for index in np.unique(lane):
            rows = lane == index
            part = method(self.members[index], *(array[rows] for array in arrays))
            if out is None:
                out = np.empty((*part.shape[:-2], *arrays[0].shape))
            out[..., rows, :] = part
        return np.empty(arrays[0].shape) if out is None else out

    def logpdf(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.logpdf(at), lane, x)

    def score(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.score(at), lane, x)

    def cdf(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.cdf(at), lane, x)

    def sf(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.sf(at), lane, x)

    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        return self._each(quantile, lane, lower, upper)


class Stack(_Lanes):
    """The densities of a stack of states of any generator."""

    def __init__(self, generator: Map, theta: Array) -> None:
        super().__init__([generator.pushforward(row) for row in theta])
        self.folds = [member.folds for member in self.members]  # type: ignore[attr-defined]
        self.generator = generator
        self.theta = theta

    def sensitivity(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.sensitivity(at), lane, x)

    def jumps(self, lane: int) -> tuple[Array, Array]:
        z = np.asarray(self.generator.latent.breaks, dtype=float)
        theta = self.theta[lane]
        return self.generator(z, theta), self.generator.sensitivity(z, theta).T


class Fixed(_Lanes):
    """One lane with a given distribution, without parameters."""

    def __init__(self, distribution: Distribution) -> None:
        super().__init__([distribution])
        self.folds = [np.empty((0, 2))]
        if isinstance(distribution, LocationScale):
            self.standard = (
                distribution.family,
                distribution,
                np.array([distribution.loc]),
                np.array([distribution.scale]),
            )

    def sensitivity(self, x: Array, lane: Index) -> Array:
        return np.empty((0, *x.shape))

    def jumps(self, lane: int) -> tuple[Array, Array]:
        breaks = self.members[0].breaks
        return breaks, np.empty((len(breaks), 0))


def quantile(distribution: Distribution, lower: Array, upper: Array) -> Array:
    """The point that splits the mass into `lower` and `upper`, from whichever is smaller."""
    out = np.empty(np.shape(lower))
    left = lower <= upper
    out[left] = distribution.ppf(lower[left])
    out[~left] = distribution.isf(upper[~left])
    return out
