"""What a generator is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions import Distribution, Normal
from gandyn.distributions.sizes import MOST
from gandyn.errors import InputError, printable
from gandyn.generators.generated import Generated, LinearStack, Stack
from gandyn.generators.pushforward import Pushforward
from gandyn.system.checks import Array
from gandyn.system.differences import central, derivative
from gandyn.system.text import show


class Generator(ABC):
    """A map x = G(z; θ) of a latent variable z ~ q onto the line.

    A subclass gives the map, its sensitivity to the parameters, and the latent intervals on which
    it is monotone; the density it generates follows.

    Parameters
    ----------
    latent : Distribution
        The distribution of z; N(0, 1) by default.

    Attributes
    ----------
    dimension : int
        Number of parameters d: the length of θ's last axis.
    scale_and_place : (int, int) or None
        Which of the parameters are a scale, a, and a place, b, as the landscape takes them: what
        is generated widens in proportion to a > 0 and moves along with b. Where a < 0 is allowed,
        the latent is reflected there. None where there are no two such parameters.
    affine : bool
        Whether there is nothing else: G = a z + b. Games of smooth densities are then fast.
    smooth : bool
        Whether G has no kinks in z; where it is monotone, games of smooth densities are then fast.
    entire : bool
        Whether that is plain from its formula, as of a polynomial: it is not looked at for breaks.

    Notes
    -----
    A step of the dynamics does not change `orientation(theta)`: a generator that degenerates
    on a surface among its parameters (a = 0) tells its sides apart by it.
    """

    def __init__(self, latent: Distribution | None = None) -> None:
        self.latent: Distribution = Normal(0.0, 1.0) if latent is None else latent

    def __repr__(self) -> str:
        return f"{type(self).__name__}({printable(str(self.latent)):.60})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.latent))

    dimension: int
    scale_and_place: tuple[int, int] | None = None
    affine: bool = False
    smooth: bool = True
    entire: bool = False

    @property
    def place(self) -> int | None:
        """Which parameter is added to x, so that all that is generated moves along, if one is."""
        return None if self.scale_and_place is None else self.scale_and_place[1]

    def shifted(self, theta: Array, by: float) -> Array:
        """The states whose G is higher by a constant, of a generator that has a `place`."""
        return theta + by * (np.arange(self.dimension) == self.place)

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
        """∂G/∂z; twelfth-order differences of G unless a subclass knows better.

        They are right to some 1e-13 of G's size over a latent unit, where G is smooth: within the
        latent's support, and beyond where it is finite there. One with kinks must give its own.
        """
        return self._derivative(lambda u: self(u, theta), z)

    def curvature(self, z: Array, theta: Array) -> Array:
        """∂²G/∂z²; differences unless a subclass knows better: of its `slope`, or of G."""
        if type(self).slope is Generator.slope:
            return self._derivative(lambda u: self(u, theta), z, order=2)
        return self._derivative(lambda u: self.slope(u, theta), z)

    def _derivative(self, function: Callable[[Array], Array], z: Array, order: int = 1) -> Array:
        # Wide steps of a high order: about a point where G' is 0, densities see its rounding.
        out = central(function, z, 0.05, accuracy=12, order=order)
        at = self.latent
        ended = (z >= at.support[0]) & (z <= at.support[1]) & np.isfinite(z)
        ends = np.array([end for end in at.support if np.isfinite(end)])
        if len(ends) and np.isfinite(function(ends)).all():
            ended &= ~np.isfinite(out)  # elsewhere it is singular there, and steps must be small
        elif not len(ends):
            ended &= False
        if ended.any():
            out[ended] = derivative(
                function, z[ended], at.landmarks, np.empty(0), at.support, order=order
            )
        return out

    def orientation(self, theta: Array) -> Array:
        """What no step may change, of shape ``theta.shape[:-1]``: the sign of a in a z + b."""
        if not self.affine or self.scale_and_place is None:
            return np.zeros(theta.shape[:-1])
        return np.sign(theta[..., self.scale_and_place[0]])

    def check(self, theta: ArrayLike) -> Array:
        """θ as an array of floats of shape (..., d).

        Raises
        ------
        InputError
            Where θ has another length or is not finite.
        """
        try:
            array = np.asarray(theta, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"theta: got {show(theta)}, must be numbers") from None
        if array.ndim == 0 or array.shape[-1] != self.dimension:
            raise InputError(
                f"theta: got an array of shape {array.shape}, "
                f"the last axis must hold {self.dimension} parameters"
            )
        if not (np.abs(array) <= MOST).all():
            bad = array[~(np.abs(array) <= MOST)]
            allowed = f"from {-MOST:g} to {MOST:g}" if np.isfinite(bad).all() else "finite"
            raise InputError(
                f"theta: got {', '.join(map(str, bad[:3].tolist()))}, must be {allowed}"
            )
        return array

    def generated(self, theta: Array) -> Generated:
        """The densities that a stack of parameters of shape (L, d) generates."""
        if self.affine and self.scale_and_place is not None:
            return LinearStack(self.latent, theta, self.scale_and_place)
        return Stack(self, theta)

    def pushforward(self, theta: ArrayLike) -> Distribution:
        """The generated distribution p_g at one θ.

        Raises
        ------
        InputError
            Where θ is not one valid set of parameters.
        """
        return Pushforward(self, self._one(theta))

    def along(self, z: Array, theta: Array, jet: Array | None) -> tuple[Array, Array, Array, Array]:
        """G, its slope, curvature and sensitivity at the latents of a stack of states (L, d).

        At z of shape (n,), those of all states, or (L, n), a row for each: three arrays (L, n) and
        one of shape (d, L, n), or (d, 1, n) where it is the same in every state. `jet` is what
        `sensitivity_jet` gives there.
        """
        if jet is not None and z.ndim == 1:
            return *(theta @ jet), jet[0][:, None]
        if jet is not None:
            return *np.einsum("lk,jkln->jln", theta, jet), jet[0]
        jets = np.empty((3 + self.dimension, len(theta), z.shape[-1]))
        for k, row in enumerate(theta):
            at = z if z.ndim == 1 else z[k]
            jets[0, k], jets[1, k] = self(at, row), self.slope(at, row)
            jets[2, k], jets[3:, k] = self.curvature(at, row), self.sensitivity(at, row)
        return jets[0], jets[1], jets[2], jets[3:]

    def sensitivity_jet(self, z: Array) -> Array | None:
        """∂G/∂θ, ∂²G/∂z∂θ and ∂³G/∂z²∂θ, (3, d, *z.shape), if G is linear in θ; else None."""
        if not self.smooth or not self._linear():
            return None
        units = np.eye(self.dimension)
        slopes = [self.slope(z, unit) for unit in units]
        bends = [self.curvature(z, unit) for unit in units]
        return np.stack([self.sensitivity(z, units[0]), slopes, bends])

    def _linear(self) -> bool:
        """Whether G = Σ θ_k ∂G/∂θ_k at two states that have nothing in common."""
        z = self.latent.landmarks[:1, 0] + self.latent.landmarks[:1, 1] * np.array(
            [-1.3, -0.4, 0.1, 0.7]
        )
        there: Array = np.ones(self.dimension)
        here: Array = there + 0.7 ** np.arange(self.dimension)
        basis = self.sensitivity(z, here)
        if not np.array_equal(basis, self.sensitivity(z, there)):
            return False
        return bool(np.allclose(self(z, here), here @ basis, rtol=1e-12, atol=1e-12))

    def _one(self, theta: ArrayLike) -> Array:
        """θ as one state."""
        array = self.check(theta)
        if array.ndim != 1:
            raise InputError(f"theta: got shape {array.shape}, pushforward takes one state")
        return array
