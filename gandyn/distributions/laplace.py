"""The Laplace (double exponential) distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.location_scale import SymmetricLocationScale, magnitude_drop
from gandyn.system.checks import FloatArray, as_float


@dataclass(frozen=True)
class Laplace(SymmetricLocationScale):
    """Laplace(loc, scale): density exp(-|z|) / (2 scale) at x = loc + scale z.

    The score jumps at loc, which is a break; there it is taken to be 0.

    Parameters
    ----------
    loc : float
        Centre, in units of x.
    scale : float
        Mean distance from the centre, above 0.

    Raises
    ------
    InputError
        Where a parameter is not finite, or scale is not positive.

    Examples
    --------
    >>> p = gandyn.Laplace(0.0, 2.0)
    >>> p.pdf(0.0), p.breaks
    (np.float64(0.25), array([0.]))
    """

    notation: ClassVar[str] = "Laplace"

    loc: float = 0.0
    scale: float = 1.0

    standard_tail = (0.0, 1.0, 0.0)

    @cached_property
    def breaks(self) -> FloatArray:
        """The kink at loc."""
        return np.array([self.loc])

    @property
    def std(self) -> float:  # type: ignore[override]
        return math.sqrt(2) * self.scale

    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        return -np.abs(z) - math.log(2)

    def standard_score(self, z: FloatArray) -> FloatArray:
        return -np.sign(z)

    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        return np.where(np.isnan(z), z, 0.0)[()]

    def standard_cdf(self, z: FloatArray) -> FloatArray:
        small = 0.5 * np.exp(-np.abs(z))
        return np.where(z < 0, small, 1.0 - small)[()]

    def standard_ppf(self, q: FloatArray) -> FloatArray:
        valid = np.where((q >= 0) & (q <= 1), q, np.nan)
        with np.errstate(divide="ignore"):
            distance = np.log(2 * np.minimum(valid, 1 - valid))
        return np.where(valid <= 0.5, distance, -distance)[()]

    def log_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        return magnitude_drop(as_float(z), as_float(d))

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        z, d = as_float(z), as_float(d)
        return np.sign(z) - np.sign(z + d)
