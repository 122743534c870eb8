"""The linear generator x = a z + b."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions import Distribution, LocationScale
from gandyn.errors import InputError
from gandyn.generators.base import Generator
from gandyn.generators.generated import Generated, quantile
from gandyn.system.checks import Array, Index


class LinearGenerator(Generator):
    """x = a z + b with θ = (a, b).

    Parameters
    ----------
    latent : Distribution
        The distribution of z; N(0, 1) by default.

    Notes
    -----
    A negative `a` means what a z + b says: the latent is reflected. At a = 0 there is no density.

    Examples
    --------
    >>> generator = gandyn.LinearGenerator(gandyn.Uniform(-1, 1))
    >>> p = generator.pushforward([2.0, 1.0])
    >>> p.support, p.pdf(0.0)
    ((-1.0, 3.0), np.float64(0.25))
    """

    dimension = 2
    scale_and_place = (0, 1)
    affine = True

    def __call__(self, z: Array, theta: Array) -> Array:
        return theta[0] * z + theta[1]

    def sensitivity(self, z: Array, theta: Array) -> Array:
        return np.stack([z, np.ones_like(z)])

    def slope(self, z: Array, theta: Array) -> Array:
        return np.full_like(z, theta[0])

    def curvature(self, z: Array, theta: Array) -> Array:
        return np.zeros_like(z)

    def check(self, theta: ArrayLike) -> Array:
        """As `Generator.check`; a = 0 is refused too."""
        array = super().check(theta)
        if not array[..., 0].all():
            raise InputError("theta: got a = 0, must be non-zero (a z + b has no density there)")
        return array

    def generated(self, theta: Array) -> Generated:
        return LinearStack(self.latent, theta)


class LinearStack(Generated):
    """Densities of a z + b for a stack of states, in closed form from the latent's.

    `place` says which of the two parameters is a, and which b.
    """

    def __init__(self, latent: Distribution, theta: Array, place: tuple[int, int] = (0, 1)) -> None:
        self.latent = latent
        self._place = place
        self.a, self.b = theta[:, place].T
        self.lanes = len(theta)
        self.edges = list(np.sort(self.a[:, None] * latent.edges + self.b[:, None], axis=1))
        self.folds = [np.empty((0, 2))] * self.lanes
        if isinstance(latent, LocationScale) and (latent.symmetric or (self.a > 0).all()):
            self.standard = (
                latent.family,
                latent,
                self.a * latent.loc + self.b,
                np.abs(self.a) * latent.scale,
            )

    def _latent(self, x: Array, lane: Index) -> Array:
        return (x - self.b[lane, None]) / self.a[lane, None]

    def logpdf(self, x: Array, lane: Index) -> Array:
        return self.latent.logpdf(self._latent(x, lane)) - np.log(np.abs(self.a))[lane, None]

    def score(self, x: Array, lane: Index) -> Array:
        return self.latent.score(self._latent(x, lane)) / self.a[lane, None]

    def cdf(self, x: Array, lane: Index) -> Array:
        z = self._latent(x, lane)
        return np.where(self.a[lane, None] > 0, self.latent.cdf(z), self.latent.sf(z))

    def sf(self, x: Array, lane: Index) -> Array:
        z = self._latent(x, lane)
        return np.where(self.a[lane, None] > 0, self.latent.sf(z), self.latent.cdf(z))

    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        a = self.a[lane, None]
        below = np.where(a > 0, lower, upper)
        z = quantile(self.latent, below, np.where(a > 0, upper, lower))
        return a * z + self.b[lane, None]

    def sensitivity(self, x: Array, lane: Index) -> Array:
        z = self._latent(x, lane)
        return self._placed(z, np.ones_like(z))

    def _placed(self, of_a: Array, of_b: Array) -> Array:
        return np.stack([(of_a, of_b)[k] for k in self._place])

    def flux(self, x: Array, lane: Index) -> tuple[Array, Array]:
        z = self._latent(x, lane)
        score = self.latent.score(z)
        a = self.a[lane, None]
        flux = self._placed(z * score + 1.0, score) / a
        return flux, self._placed(np.abs(z * score) + 1.0, np.abs(score)) / np.abs(a)

    def jumps(self, lane: int) -> tuple[Array, Array]:
        z = np.asarray(self.latent.breaks, dtype=float)
        return self.a[lane] * z + self.b[lane], self._placed(z, np.ones_like(z)).T
