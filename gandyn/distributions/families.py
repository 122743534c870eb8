"""Families of location and scale in closed form: normal, uniform, Laplace, logistic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtr, ndtri

from gandyn.distributions.base import BOUNDED
from gandyn.distributions.location_scale import SymmetricLocationScale
from gandyn.errors import InputError
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

    def shifted(self, by: float) -> Normal:
        return Normal(self.mean + by, self.std)

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        return -as_float(d) + 0.0 * as_float(z)


@dataclass(frozen=True)
class Uniform(SymmetricLocationScale):
    """U(low, high): the same density everywhere from low to high, both included.

    The standard density is that of U(-1, 1); `loc` is the middle and `scale` half the length.

    Parameters
    ----------
    low, high : float
        Ends of the support, in units of x, low below high.

    Raises
    ------
    InputError
        Where an end is not finite, or low is not below high.

    Examples
    --------
    >>> p = gandyn.Uniform(-1.0, 3.0)
    >>> p.pdf([0.0, 4.0]), p.support
    (array([0.25, 0.  ]), (-1.0, 3.0))
    """

    notation: ClassVar[str] = "U"

    low: float = -1.0
    high: float = 1.0

    standard_tail = BOUNDED

    def __post_init__(self) -> None:
        low, high = finite("low", self.low), finite("high", self.high)
        if not low < high:
            raise InputError(f"high: got {high}, must be above low, which is {low}")
        if not math.isfinite(high - low):
            raise InputError(f"high: got {high}, high - low must be finite, low is {low}")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @property
    def loc(self) -> float:  # type: ignore[override]
        return self.low / 2 + self.high / 2

    @property
    def scale(self) -> float:  # type: ignore[override]
        return (self.high - self.low) / 2

    @property
    def support(self) -> tuple[float, float]:  # type: ignore[override]
        return self.low, self.high

    @property
    def reach(self) -> tuple[float, float]:  # type: ignore[override]
        return self.low, self.high

    def shifted(self, by: float) -> Uniform:
        return Uniform(self.low + by, self.high + by)

    @cached_property
    def std(self) -> float:
        return self.scale / math.sqrt(3)

    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        return np.where(np.abs(z) <= 1, -math.log(2), np.where(np.isnan(z), z, -np.inf))[()]

    def standard_score(self, z: FloatArray) -> FloatArray:
        return np.where(np.isnan(z), z, 0.0)[()]

    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        return self.standard_score(z)

    def standard_cdf(self, z: FloatArray) -> FloatArray:
        return np.clip(0.5 + 0.5 * z, 0.0, 1.0)

    def standard_ppf(self, q: FloatArray) -> FloatArray:
        return np.where((q >= 0) & (q <= 1), 2 * q - 1, np.nan)[()]

    def log_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """0 within the support, ∓inf from inside out and from outside in, 0 outside of it."""
        z, d = as_float(z), as_float(d)
        before, after = np.abs(z) <= 1, np.abs(z + d) <= 1
        return np.where(before == after, 0.0, np.where(after, np.inf, -np.inf))[()]

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        return 0.0 * (as_float(z) + as_float(d))

    # straight from the ends, so that they are in the support to the last digit

    def logpdf(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        inside = (x >= self.low) & (x <= self.high)
        outside = np.where(np.isnan(x), x, -np.inf)
        return np.where(inside, -math.log(self.high - self.low), outside)[()]

    def cdf(self, x: ArrayLike) -> FloatArray:
        return (np.clip(as_float(x), self.low, self.high) - self.low) / (self.high - self.low)

    def sf(self, x: ArrayLike) -> FloatArray:
        return (self.high - np.clip(as_float(x), self.low, self.high)) / (self.high - self.low)

    def ppf(self, q: ArrayLike) -> FloatArray:
        return self._from_end(self.low, self.high, as_float(q))

    def isf(self, q: ArrayLike) -> FloatArray:
        return self._from_end(self.high, self.low, as_float(q))

    def _from_end(self, start: float, end: float, q: FloatArray) -> FloatArray:
        length = end - start
        x = np.where(q <= 0.5, start + q * length, end - (1.0 - q) * length)
        return np.where((q >= 0) & (q <= 1), x, np.nan)[()]


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
        return _magnitude_drop(as_float(z), as_float(d))

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        z, d = as_float(z), as_float(d)
        return np.sign(z) - np.sign(z + d)


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
        drop = _magnitude_drop(z, d)
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


def _magnitude_drop(z: FloatArray, d: FloatArray) -> FloatArray:
    """|z| - |z + d| without cancellation where z and z + d are both known exactly."""
    same_side = (z >= 0) == (z + d >= 0)
    return np.where(z >= 0, 1.0, -1.0) * np.where(same_side, -d, 2 * z + d)
