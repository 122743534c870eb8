"""The normal distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from gandyn.distributions.location_scale import LocationScale
from gandyn.system.checks import FloatArray, as_float, finite, number_text, positive

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Normal(LocationScale):
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
    """

    mean: float = 0.0  # type: ignore[assignment]
    std: float = 1.0  # type: ignore[assignment]

    standard_tail = (0.5, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", finite("mean", self.mean))
        object.__setattr__(self, "std", positive("std", self.std))

    def __str__(self) -> str:
        return f"N({number_text(self.mean)}, {number_text(self.std)})"

    @property
    def loc(self) -> float:  # type: ignore[override]
        """The mean."""
        return self.mean

    @property
    def scale(self) -> float:  # type: ignore[override]
        """The standard deviation."""
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
