"""Polynomials as generators, in the basis that is orthonormal under the normal latent."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
from numpy.polynomial import hermite_e
from numpy.typing import ArrayLike

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.generators.base import Generator
from gandyn.system.checks import Array
from gandyn.system.text import show

_NEARLY_REAL = 1e-5
"""Imaginary part below which a computed root may be half of a real double one."""

_FAR = 1e3
"""Latents within which a coefficient must count for G to turn because of it."""


class HermiteGenerator(Generator):
    """x = Σ θ_k He_k(z)/√k! over k = 0 … degree, He_k the probabilists' Hermite polynomials.

    Degree 1 is a z + b with (b, a) = (θ_0, θ_1). Above it steps may change the sign of what they
    will: rising and falling polynomials are joined by others that have a density.

    Parameters
    ----------
    degree : int
        Of the polynomial, 1 or more; θ has one number more.
    latent : Distribution, optional
        The distribution of z; N(0, 1) by default, under which the basis is orthonormal: x has the
        mean θ_0 and the variance θ_1² + … + θ_degree².

    Raises
    ------
    InputError
        Where the degree is not a positive integer.

    Notes
    -----
    Where G turns within the latent's mass its density has an inverse square root, and the pathwise
    force of most f-divergences is infinite: see `gandyn.generators.base.Generator.pieces`.

    Examples
    --------
    >>> import numpy as np
    >>> generator = HermiteGenerator(3)
    >>> generator
    HermiteGenerator(3, latent=N(0, 1))
    >>> generator(np.array([0.0, 1.0]), np.array([0.5, 2.0, 0.0, 0.1]))
    array([0.5       , 2.41835034])
    >>> law = generator.pushforward([0.5, 2.0, 0.0, 0.1])
    >>> round(float(law.mean), 9), round(float(law.std) ** 2, 9)
    (0.5, 4.01)
    """

    entire = True

    def __init__(self, degree: int, latent: Distribution | None = None) -> None:
        super().__init__(latent)
        try:
            self.degree = operator.index(degree)
        except TypeError:
            self.degree = 0
        if self.degree < 1 or isinstance(degree, bool):
            raise InputError(f"degree: got {show(degree)}, must be an integer, 1 or more")
        self.dimension = self.degree + 1
        self.affine = self.degree == 1
        self.scale_and_place = (1, 0) if self.affine else None

    @property
    def _roots(self) -> Array:
        """√k, k = 0 … degree."""
        return np.sqrt(np.arange(self.dimension, dtype=float))

    @property
    def place(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"HermiteGenerator({self.degree}, latent={self.latent})"

    def __call__(self, z: Array, theta: Array) -> Array:
        return np.tensordot(theta, self._basis(z), 1)

    def sensitivity(self, z: Array, theta: Array) -> Array:
        """∂G/∂θ_k = He_k(z)/√k!."""
        return self._basis(z)

    def slope(self, z: Array, theta: Array) -> Array:
        """∂G/∂z, from He_k' = k He_{k−1}."""
        return np.tensordot(self._derived(theta), self._basis(z)[:-1], 1)

    def curvature(self, z: Array, theta: Array) -> Array:
        if self.degree == 1:
            return np.zeros_like(z)
        twice = self._derived(theta)[1:] * self._roots[1:-1]
        return np.tensordot(twice, self._basis(z)[:-2], 1)

    def sensitivity_jet(self, z: Array) -> Array:
        """The basis and its first two derivatives."""
        jet = np.zeros((3, self.dimension, *z.shape))
        jet[0] = self._basis(z)
        roots = self._roots[1:].reshape(-1, *(1 for _ in z.shape))
        for order in (1, 2):
            jet[order, 1:] = roots * jet[order - 1, :-1]
        return jet

    def pieces(self, theta: Array) -> Sequence[float]:
        """Latents, ascending, at which G turns: the roots of G' at which it changes sign."""
        slope = self._derived(theta)
        factor = np.cumprod(np.concatenate([[1.0], self._roots[1:-1]]))
        slope = slope / factor
        share = np.abs(slope) * _FAR ** np.arange(len(slope))
        slope = slope[: 1 + np.flatnonzero(share > 1e-6 * share.max())[-1]]
        if len(slope) < 2:
            return []
        roots = hermite_e.hermeroots(slope)
        near = np.abs(roots.imag) <= _NEARLY_REAL * (1.0 + np.abs(roots))
        z = np.unique(roots[near].real)
        if not len(z):
            return []
        between = np.concatenate([[z[0] - 1.0], 0.5 * (z[1:] + z[:-1]), [z[-1] + 1.0]])
        side = np.sign(self.slope(between, theta))
        return z[side[1:] * side[:-1] < 0].tolist()

    def check(self, theta: ArrayLike) -> Array:
        """As `Generator.check`; what makes a constant is refused too."""
        array = super().check(theta)
        if not array[..., 1:].any(axis=-1).all():
            raise InputError(
                "theta: got 0 in all but the first, must not be constant (it has no density)"
            )
        return array

    def _basis(self, z: Array) -> Array:
        """He_k(z)/√k!, shape (d, *z.shape), by √(k+1) h_{k+1} = z h_k − √k h_{k−1}."""
        out = np.empty((self.dimension, *np.shape(z)))
        out[0], out[1] = 1.0, z
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(1, self.degree):
                out[k + 1] = (z * out[k] - self._roots[k] * out[k - 1]) / np.sqrt(k + 1.0)
        return out

    def _derived(self, theta: Array) -> Array:
        """Coefficients of the derivative in the same basis, from h_k' = √k h_{k−1}."""
        return theta[..., 1:] * self._roots[1:]
