"""What a generator is, and what any game needs to know of the density it pushes forward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.distributions import Distribution, Normal
from gandyn.errors import InputError

__all__ = ["Generated", "Generator"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


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
    standard : tuple (family, member, loc, scale) or None
        Where every density is the standard density of one location-scale family, scaled and
        shifted: the family, a member of it, and each lane's location and (positive) scale.
    """

    lanes: int
    edges: list[Array]
    folds: list[Array]
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


class Generator(ABC):
    """A map x = G(z; θ) of a latent variable z ~ q onto the line.

    A subclass gives the map, its sensitivity to the parameters, and the latent intervals on which
    it is monotone; the density it generates follows.

    Parameters
    ----------
    latent : Distribution
        The distribution of z; N(0, 1) by default.
    """

    def __init__(self, latent: Distribution | None = None) -> None:
        self.latent: Distribution = Normal(0.0, 1.0) if latent is None else latent

    dimension: int
    """Number of parameters d: the length of θ's last axis."""

    @abstractmethod
    def __call__(self, z: Array, theta: Array) -> Array:
        """G(z; θ) for z of any shape and one θ of shape (d,)."""

    @abstractmethod
    def sensitivity(self, z: Array, theta: Array) -> Array:
        """∂G/∂θ of shape (d, *z.shape)."""

    def pieces(self, theta: Array) -> Sequence[float]:
        """Interior latent points, ascending, at which G turns: between them it is monotone.

        None (an empty sequence) for a monotone generator, which is what the base class says.
        """
        return ()

    def slope(self, z: Array, theta: Array) -> Array:
        """∂G/∂z; eighth-order differences of G unless a subclass knows better.

        They are right to some 1e-12 of G's size over a latent unit, where G is smooth. A generator
        with kinks, or with a latent bounded where G ends, must give its own.
        """
        h = 0.02
        return _differences(lambda u: self(u, theta), z, _FIRST, h) / h

    def curvature(self, z: Array, theta: Array) -> Array:
        """∂²G/∂z²; differences of `slope` unless a subclass knows better."""
        h = 0.02
        return _differences(lambda u: self.slope(u, theta), z, _FIRST, h) / h

    def check(self, theta: ArrayLike) -> Array:
        """θ as an array of floats of shape (..., d).

        Raises
        ------
        InputError
            Where θ has another length or is not finite.
        """
        try:
            array = np.asarray(theta, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"theta: got {theta!r}, must be numbers") from None
        if array.ndim == 0 or array.shape[-1] != self.dimension:
            raise InputError(
                f"theta: got an array of shape {array.shape}, "
                f"the last axis must hold {self.dimension} parameters"
            )
        if not np.isfinite(array).all():
            raise InputError(f"theta: got {_short(array)}, must be finite")
        return array

    def generated(self, theta: Array) -> Generated:
        """The densities that a stack of parameters of shape (L, d) generates."""
        from gandyn.generators.pushforward import Stack

        return Stack(self, theta)

    def pushforward(self, theta: ArrayLike) -> Distribution:
        """The generated distribution p_g at one θ.

        Raises
        ------
        InputError
            Where θ is not one valid set of parameters.
        """
        from gandyn.generators.pushforward import Pushforward

        array = self.check(theta)
        if array.ndim != 1:
            raise InputError(f"theta: got shape {array.shape}, pushforward takes one state")
        return Pushforward(self, array)


_FIRST = ((4 / 5, 1), (-1 / 5, 2), (4 / 105, 3), (-1 / 280, 4))


def _differences(f, z: Array, weights, h: float) -> Array:  # type: ignore[no-untyped-def]
    return sum(w * (f(z + k * h) - f(z - k * h)) for w, k in weights)


def _short(array: Array) -> str:
    bad = array[~np.isfinite(array)]
    return ", ".join(f"{v}" for v in bad[:3])
