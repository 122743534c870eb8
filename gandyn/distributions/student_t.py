"""Student's t distribution."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gamma, stdtr, stdtrit

from gandyn.distributions.base import log_or_minus_inf
from gandyn.distributions.location_scale import SymmetricLocationScale
from gandyn.system.checks import FloatArray, as_float, positive

_LARGEST = np.finfo(float).max
_FAR = 1e10


@dataclass(frozen=True)
class StudentT(SymmetricLocationScale):
    """T(df, loc, scale): density proportional to (1 + z²/df)^(-(df+1)/2) at x = loc + scale z.

    Parameters
    ----------
    df : float
        Degrees of freedom, above 0: 1 is the Cauchy density, large values are near normal.
    loc : float
        Centre, in units of x.
    scale : float
        Scale (not standard deviation), above 0.

    Raises
    ------
    InputError
        Where a parameter is not finite, or df or scale is not positive.

    Examples
    --------
    >>> cauchy = gandyn.StudentT(1.0)
    >>> cauchy.cdf(1.0).round(12), cauchy.mean
    (np.float64(0.75), nan)
    """

    notation: ClassVar[str] = "T"

    df: float
    loc: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "df", positive("df", self.df))
        super().__post_init__()

    @property
    def standard_tail(self) -> tuple[float, float, float]:  # type: ignore[override]
        """A power of |z|."""
        return 0.0, 0.0, self.df + 1.0

    @property
    def family(self) -> Hashable:
        """The type and df."""
        return (StudentT, self.df)

    @property
    def mean(self) -> float:  # type: ignore[override]
        """loc, or nan where df is 1 or less: the integral does not exist."""
        return self.loc if self.df > 1 else math.nan

    @property
    def std(self) -> float:  # type: ignore[override]
        """Infinite where df is between 1 and 2, nan where it is 1 or less."""
        if self.df > 2:
            return self.scale * math.sqrt(self.df / (self.df - 2))
        return math.inf if self.df > 1 else math.nan

    @cached_property
    def _log_constant(self) -> float:
        """log Γ((df+1)/2) - log Γ(df/2) - log(df π)/2."""
        half = self.df / 2
        if half < 40:
            ratio = math.log(gamma(half + 0.5) / gamma(half))
        else:
            # Stirling's series of the difference; the next term is below 1e-16
            inverse = 1 / half
            square = inverse * inverse
            series = -1 / 8 + square * (1 / 192 - square * (1 / 640 - square * 17 / 14336))
            ratio = 0.5 * math.log(half) + inverse * series
        return ratio - 0.5 * math.log(self.df * math.pi)

    @cached_property
    def _log_power(self) -> float:
        """log c of the far tail's mass c |z|^-df."""
        return self._log_constant + 0.5 * (self.df - 1) * math.log(self.df)

    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        if np.all(np.abs(z) < 1e100):
            log_term = np.log1p(z * z / self.df)
        else:
            t = np.abs(z) / math.sqrt(self.df)
            near = np.minimum(t, 1e100)
            log_term = np.log1p(near * near) + 2 * np.log(np.maximum(t / 1e100, 1.0))
        return self._log_constant - 0.5 * (self.df + 1) * log_term

    def standard_score(self, z: FloatArray) -> FloatArray:
        if np.all(np.abs(z) < 1e100):
            return -((self.df + 1) / (self.df + z * z)) * z
        z = np.clip(z, -_LARGEST, _LARGEST)
        radius = np.hypot(math.sqrt(self.df), z)
        return -(self.df + 1) * (z / radius) / radius

    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        root = math.sqrt(self.df)
        z = np.clip(z, -_LARGEST, _LARGEST)
        radius = np.hypot(root, z)
        return (self.df + 1) * ((z - root) / radius) * ((z + root) / radius) / radius / radius

    def standard_cdf(self, z: FloatArray) -> FloatArray:
        if self.df == 1:
            return np.arctan2(1.0, -z) / math.pi
        tail = z < -_FAR * math.sqrt(self.df)
        if not np.any(tail):
            return stdtr(self.df, z)
        # 1 + z²/df overflows out there, and the tail is a power, f(z) |z| / df
        with np.errstate(under="ignore"):
            power = (math.exp(self._log_power / self.df) / np.where(tail, -z, np.inf)) ** self.df
        return np.where(tail, power, stdtr(self.df, np.where(tail, -1.0, z)))[()]

    def standard_ppf(self, q: FloatArray) -> FloatArray:
        valid = np.where((q >= 0) & (q <= 1), q, np.nan)
        small = np.minimum(valid, 1 - valid)
        log_small = log_or_minus_inf(small)
        # the same power law, solved for |z|; it starts where _FAR lies
        log_far = math.log(_FAR) + 0.5 * math.log(self.df)
        tail = log_small < self._log_power - self.df * log_far
        with np.errstate(over="ignore", divide="ignore"):
            far = math.exp(self._log_power / self.df) * np.where(tail, small, 1.0) ** (-1 / self.df)
        if self.df == 1:
            near = 1.0 / np.tan(math.pi * np.where(tail, 0.25, small))
        else:
            near = -stdtrit(self.df, np.where(tail, 0.25, small))
        distance = np.where(tail, far, near)
        return np.where(valid == 0.5, 0.0, np.where(valid < 0.5, -distance, distance))[()]

    def log_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """log f(z + d) - log f(z) by one log1p of ((z+d)² - z²) over the smaller df + z²."""
        z, d = as_float(z), as_float(d)
        root = math.sqrt(self.df)
        radius = np.hypot(root, np.minimum(np.abs(z), np.abs(z + d)))
        step, gap = d / radius, (2 * z + d) / radius
        with np.errstate(over="ignore"):
            size = np.log1p(np.abs(step * gap))
        if np.any(np.isinf(size)):
            large = np.isinf(size)
            safe_step, safe_gap = np.where(large, step, 1.0), np.where(large, gap, 1.0)
            size = np.where(large, np.log(np.abs(safe_step)) + np.log(np.abs(safe_gap)), size)
        return -0.5 * (self.df + 1) * np.sign(step) * np.sign(gap) * size

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """s(z+d) - s(z) = -(df+1) d (df - z (z+d)) / ((df + z²)(df + (z+d)²))."""
        z, d = as_float(z), as_float(d)
        root = math.sqrt(self.df)
        before, after = np.hypot(root, z), np.hypot(root, z + d)
        middle = (root / before) * (root / after) - (z / before) * ((z + d) / after)
        return -(self.df + 1) * (d / before) * middle / after
