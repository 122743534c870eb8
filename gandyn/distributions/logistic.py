"""The logistic distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from gandyn.distributions.location_scale import SymmetricLocationScale, magnitude_drop
from gandyn.system.checks import FloatArray, as_float


@dataclass(frozen=True)
class Logistic(SymmetricLocationScale):
    """Logistic(loc, scale): density 1 / (4 scale cosh²(z/2)) at x = loc + scale z.

    Parameters
    ----------
    loc : float
        Centre, in units of x.
    scale : float
        Its cdf is the logistic function of z; above 0.

    Raises
    ------
    InputError
        Where a parameter is not finite, or scale is not positive.

    Examples
    --------
    >>> p = gandyn.Logistic(0.0, 1.0)
    >>> p.cdf(0.0), round(p.std, 6)
    (np.float64(0.5), 1.813799)
    """

    notation: ClassVar[str] = "Logistic"

    loc: float = 0.0
    scale: float = 1.0

    standard_tail = (0.0, 1.0, 0.0)

    @property
    def std(self) -> float:  # type: ignore[override]
        return math.pi / math.sqrt(3) * self.scale

    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        size = np.abs(z)
        return -size - 2 * np.log1p(np.exp(-size))

    def standard_score(self, z: FloatArray) -> FloatArray:
        return -np.tanh(0.5 * z)

    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        small = np.exp(-np.abs(z))
        return -2 * small / (1 + small) ** 2

    def standard_cdf(self, z: FloatArray) -> FloatArray:
        return expit(z)

    def standard_ppf(self, q: FloatArray) -> FloatArray:
        return logit(q)

    def log_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """log f(z + d) - log f(z).

        Near the centre cosh((z + d)/2) / cosh(z/2) - 1 as a product; elsewhere |z| - |z + d|
        plus the difference of the two log1p terms, itself one log1p. Neither cancels.
        """
        z, d = as_float(z), as_float(d)
        before, after = np.abs(z), np.abs(z + d)
        drop = magnitude_drop(z, d)
        nearer = expit(-np.minimum(before, after))
        far = drop + np.sign(drop) * 2 * np.log1p(np.expm1(-np.abs(drop)) * nearer)
        central = np.maximum(before, after) < 2
        zc, dc = np.where(central, z, 0.0), np.where(central, d, 0.0)
        ratio = 2 * np.sinh(dc / 4) * np.sinh((2 * zc + dc) / 4) / np.cosh(zc / 2)
        return np.where(central, -2 * np.log1p(ratio), far)[()]

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """s(z + d) - s(z) = -sinh(d/2) / (cosh(z/2) cosh((z + d)/2)), by bounded exponentials."""
        z, d = as_float(z), as_float(d)
        before, after = np.abs(z), np.abs(z + d)
        same_side = (z >= 0) == (z + d >= 0)
        decay = np.exp(-np.where(same_side, np.minimum(before, after), 0.0))
        damping = (1 + np.exp(-before)) * (1 + np.exp(-after))
        return 2 * np.sign(d) * np.expm1(-np.abs(d)) * decay / damping
