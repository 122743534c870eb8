"""The normal distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from gandyn.distributions.location_scale import SymmetricLocationScale
from gandyn.system.checks import FloatArray, as_float, finite, positive

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Normal(SymmetricLocationScale):
    """N(mean, std): density exp(-z²/2) / (√(2π) std) at x = mean + std z.

    Parameters
    ----------
    mean : float
        Centre, in units of x.
    std : float
        Standard deviation (not variance), above 0.

    Raises
    ------
    InputError
        Where a parameter is not finite, or std is not positive.

    Examples
    --------
    >>> p = gandyn.Normal(1.0, 2.0)
    >>> p.cdf([1.0, 3.0]).round(4), p.ppf(0.975).round(4)
    (array([0.5   , 0.8413]), np.float64(4.9199))
    >>> print(p)
    N(1, 2)
    """

    notation: ClassVar[str] = "N"

    mean: float = 0.0  # type: ignore[assignment]
    std: float = 1.0  # type: ignore[assignment]

    standard_tail = (0.5, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", finite("mean", self.mean))
        object.__setattr__(self, "std", positive("std", self.std))

    @property
    def loc(self) -> float:  # type: ignore[override]
        return self.mean

    @property
    def scale(self) -> float:  # type: ignore[override]
        return self.std

    @cached_property
    def normals(self) -> tuple[FloatArray, FloatArray, FloatArray]:  # type: ignore[override]
        """One component of weight 1."""
        return np.array([1.0]), np.array([self.mean]), np.array([self.std])

    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            return -0.5 * z * z - LOG_SQRT_2PI

    def standard_score(self, z: FloatArray) -> FloatArray:
        return -z

    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        return np.full_like(z, -1.0)[()]

    def standard_cdf(self, z: FloatArray) -> FloatArray:
        return ndtr(z)

    def standard_ppf(self, q: FloatArray) -> FloatArray:
        return ndtri(q)

    def log_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        z, d = as_float(z), as_float(d)
        return -d * (z + 0.5 * d)

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        return -as_float(d) + 0.0 * as_float(z)
