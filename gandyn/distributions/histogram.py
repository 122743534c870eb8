"""A density that is the same everywhere within each of some bins."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.distributions.base import Keyed
from gandyn.system.checks import FloatArray, as_float


class Histogram(Keyed):
    """Bins between ascending `bounds`, of a mass each; `from_scipy` makes one of a `rv_histogram`.

    A point between two bins belongs to the one above it. Bins without mass are gaps.
    """

    ends = ()

    def __init__(self, bounds: FloatArray, masses: FloatArray) -> None:
        held = np.flatnonzero(masses > 0.0)
        first, last = held[0], held[-1] + 1
        self.bounds, masses = bounds[first : last + 1], masses[first:last]
        self.masses = masses / masses.sum()
        self.support = float(self.bounds[0]), float(self.bounds[-1])
        with np.errstate(divide="ignore"):
            self._log_heights = np.log(self.masses) - np.log(np.diff(self.bounds))
        self._below = np.append(0.0, np.cumsum(self.masses))
        self._above = np.append(np.cumsum(self.masses[::-1])[::-1], 0.0)

    def _key(self) -> Hashable:
        return self.bounds.tobytes(), self.masses.tobytes()

    def __repr__(self) -> str:
        return f"from_scipy(rv_histogram(<{len(self.masses)} bins>))"

    def shifted(self, by: float) -> Histogram:
        return Histogram(self.bounds + by, self.masses)

    @cached_property
    def landmarks(self) -> FloatArray:
        """The middles of the bins that have mass, and half their lengths."""
        half = 0.5 * np.diff(self.bounds)
        return np.column_stack([self.bounds[:-1] + half, half])[self.masses > 0.0]

    @cached_property
    def breaks(self) -> FloatArray:
        """Where the height changes."""
        inner = np.flatnonzero(np.diff(self.masses / np.diff(self.bounds))) + 1
        return self.bounds[np.concatenate([[0], inner, [-1]])]

    @cached_property
    def reach(self) -> tuple[float, float]:
        return self.support

    def _bin(self, x: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The bin of each point, the nearest for those outside, and whether it is in none."""
        last = len(self.masses) - 1
        return (
            np.clip(np.searchsorted(self.bounds, x, side="right") - 1, 0, last),
            (x < self.bounds[0]) | (x > self.bounds[-1]),
        )

    def logpdf(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        which, outside = self._bin(x)
        height = np.where(outside, -np.inf, self._log_heights[which])
        return np.where(np.isnan(x), x, height)[()]

    def score(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        return np.where(np.isnan(x), x, 0.0)[()]

    def score_slope(self, x: ArrayLike) -> FloatArray:
        return self.score(x)

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self._share(as_float(x), self._below[:-1], self._below[1:])

    def sf(self, x: ArrayLike) -> FloatArray:
        return self._share(as_float(x), self._above[:-1], self._above[1:])

    def _share(self, x: FloatArray, at_left: FloatArray, at_right: FloatArray) -> FloatArray:
        """A function that is a line over each bin, from its smaller end."""
        which, _ = self._bin(x)
        low, high = self.bounds[which], self.bounds[which + 1]
        part = np.clip((x - low) / (high - low), 0.0, 1.0)
        rest = np.clip((high - x) / (high - low), 0.0, 1.0)
        left, right, mass = at_left[which], at_right[which], self.masses[which]
        share = np.where(left <= right, left + part * mass, right + rest * mass)
        return np.minimum(share, 1.0)[()]

    def _solved(self, q: FloatArray, lower: bool) -> FloatArray:
        if lower:
            which = np.clip(np.searchsorted(self._below, q) - 1, 0, len(self.masses) - 1)
            return self.bounds[which] + (q - self._below[which]) / self._slope(which)
        which = np.clip(np.searchsorted(-self._above, -q) - 1, 0, len(self.masses) - 1)
        return self.bounds[which + 1] - (q - self._above[which + 1]) / self._slope(which)

    def _slope(self, which: NDArray[np.intp]) -> FloatArray:
        return self.masses[which] / (self.bounds[which + 1] - self.bounds[which])
