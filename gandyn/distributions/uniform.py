"""The uniform distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.location_scale import SymmetricLocationScale
from gandyn.distributions.tails import BOUNDED
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, as_float, finite


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
