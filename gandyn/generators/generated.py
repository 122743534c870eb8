"""What any game needs to know of the densities that a generator pushes forward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution

__all__ = ["Generated", "Map"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class Map(Protocol):
    """What the density that a generator pushes forward is made from."""

    latent: Distribution

    def __call__(self, z: Array, theta: Array) -> Array: ...

    def sensitivity(self, z: Array, theta: Array) -> Array: ...

    def pieces(self, theta: Array) -> Sequence[float]: ...

    def slope(self, z: Array, theta: Array) -> Array: ...

    def curvature(self, z: Array, theta: Array) -> Array: ...

    def pushforward(self, theta: Array) -> Any: ...


class Generated(ABC):
    """The generated densities of a stack of states (lanes), evaluated at nodes on the line.

    Every method takes ``x`` of shape (P, n) and ``lane`` of shape (P,): row i of `x` belongs to
    state ``lane[i]``.

    Attributes
    ----------
    lanes : int
        Number of states.
    edges : list of ndarray
        For each lane, the panel edges fitted to its density.
    folds : list of ndarray
        For each lane, the points with an inverse-square-root singularity of the density, as rows
        (x, side): side -1 where the singular panel lies right of x, +1 where it lies left.
    atoms : sequence of ndarray
        For each lane, the atoms of its distribution as rows (x, mass); densities are those of the
        rest. Empty where no lane has any.
    breaks : sequence of ndarray
        For each lane, the points where its density or score jumps, and the quantile function bends
        with them; empty where the edges do for them all.
    standard : tuple (family, member, loc, scale) or None
        Where every density is the standard density of one location-scale family, scaled and
        shifted: the family, a member of it, and each lane's location and (positive) scale.
    """

    lanes: int
    edges: list[Array]
    folds: list[Array]
    atoms: Sequence[Array] = ()
    breaks: Sequence[Array] = ()
    standard: tuple[Hashable, Distribution, Array, Array] | None = None

    @abstractmethod
    def logpdf(self, x: Array, lane: Index) -> Array:
        """Log of the generated density."""

    @abstractmethod
    def score(self, x: Array, lane: Index) -> Array:
        """Its derivative."""

    @abstractmethod
    def cdf(self, x: Array, lane: Index) -> Array:
        """Mass left of x."""

    @abstractmethod
    def sf(self, x: Array, lane: Index) -> Array:
        """Mass right of x."""

    @abstractmethod
    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        """The point with mass `lower` on its left and `upper` on its right (lower + upper = 1)."""

    @abstractmethod
    def sensitivity(self, x: Array, lane: Index) -> Array:
        """E[∂G/∂θ | G = x], shape (d, P, n): how x moves with the parameters."""

    def flux(self, x: Array, lane: Index) -> tuple[Array, Array] | None:
        """d/dx(p_g E[∂G/∂θ | G = x])/p_g, and the size of its terms; None where it is not known.

        Minus this times p_g is ∂p_g/∂θ at fixed x. Shapes (d, P, n).
        """
        return None

    @abstractmethod
    def jumps(self, lane: int) -> tuple[Array, Array]:
        """Images of the latent's breaks in one lane, shape (m,), and ∂G/∂θ there, (m, d)."""
