"""The linear generator x = a z + b."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.sizes import SMALLEST
from gandyn.errors import InputError
from gandyn.generators.base import Generator
from gandyn.system.checks import Array


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
        size = np.abs(array[..., 0])
        if not (size >= SMALLEST).all():
            if not size.all():
                allowed = "non-zero (a z + b has no density there)"
                raise InputError(f"theta: got a = 0, must be {allowed}")
            raise InputError(f"theta: got |a| = {size.min():g}, must be {SMALLEST:g} or more")
        return array
