"""What a person would call a state: how the generated mass lies over the modes of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Modes"]

Array = NDArray[np.float64]

_DIP = 0.95
"""A minimum that is not below this share of the lower of its two maxima divides nothing."""
_LEAST_MASS = 1e-3
_CORE = 0.05
"""Mass of a mode that is left out at each of its ends: its outskirts."""
_SHARE = 0.25
"""A mode is covered from this share of the mass on that the data put there."""


class Modes:
    """The modes of a density, numbered from left to right.

    Parameters
    ----------
    data : Distribution

    Attributes
    ----------
    count : int
    cores : ndarray, shape (count, 2)
        The middle 90 % of the mass between the minima on both sides of each mode.
    masses : ndarray, shape (count,)
        The data's mass between those minima.
    """

    def __init__(self, data: Any) -> None:
        x = _points(data)
        log = np.asarray(data.logpdf(x), dtype=float)
        cuts = x[_dividers(log)]
        below = np.concatenate([[0.0], np.asarray(data.cdf(cuts), dtype=float), [1.0]])
        kept = [0.0]
        for edge in below[1:-1]:
            if edge - kept[-1] >= _LEAST_MASS and 1.0 - edge >= _LEAST_MASS:
                kept.append(float(edge))
        edges = np.array([*kept, 1.0])
        self.masses = np.diff(edges)
        self.count = len(self.masses)
        low = edges[:-1] + _CORE * self.masses
        self.cores = np.stack(
            [data.ppf(low), data.ppf(low + (1.0 - 2.0 * _CORE) * self.masses)], axis=1
        )

    def shares(self, generated: Any) -> Array:
        """Generated mass on each core over the data's there, shape (count,)."""
        lane = np.zeros(1, np.intp)
        mass = np.diff(generated.cdf(self.cores.reshape(1, -1), lane).reshape(-1, 2), axis=1)
        return mass[:, 0] / ((1.0 - 2.0 * _CORE) * self.masses)

    def name(self, generated: Any) -> str:
        """The name of one generated density.

        Parameters
        ----------
        generated : Generated
            Of one state.
        """
        shares = self.shares(generated)
        covered = np.flatnonzero(shares >= _SHARE)
        if not covered.size or float(shares @ self.masses) < _SHARE / 2.0:
            return self._between(generated)
        if self.count == 1:
            return "fits the only mode"
        if covered.size == self.count:
            return "averages all modes"
        if covered.size == 1:
            return f"collapsed onto mode {covered[0] + 1} of {self.count}"
        if covered[-1] - covered[0] == covered.size - 1:
            return f"covers modes {covered[0] + 1}–{covered[-1] + 1}"
        return "covers modes " + ", ".join(str(k + 1) for k in covered)

    def _between(self, generated: Any) -> str:
        half = np.full((1, 1), 0.5)
        middle = float(generated.quantile(half, half, np.zeros(1, np.intp))[0, 0])
        left = int(np.searchsorted(self.cores.mean(axis=1), middle))
        if left == 0:
            return "left of all modes"
        if left == self.count:
            return "right of all modes"
        return f"between modes {left} and {left + 1}"


def _points(data: Any) -> Array:
    """Points close enough to see every mode that the landmarks name."""
    centres, widths = np.asarray(data.landmarks, dtype=float).T
    low, high = float(data.ppf(1e-4)), float(data.isf(1e-4))
    near = centres[:, None] + widths[:, None] * np.linspace(-3.0, 3.0, 25)
    near = near.ravel() if len(centres) <= 200 else centres
    x = np.concatenate([np.linspace(low, high, 2001), near])
    return np.unique(x[(x >= low) & (x <= high)])


def _dividers(log: Array) -> NDArray[np.intp]:
    """Indices of the minima that divide two modes."""
    height = np.maximum(log, -1e300).tolist()
    dip = -float(np.log(_DIP))
    found = []
    top = lowest = 0  # since the last minimum that divides
    for i, value in enumerate(height):
        if value < height[lowest]:
            lowest = i
        elif min(value, height[top]) - height[lowest] > dip:
            found.append(lowest)
            top = lowest = i
        elif value > height[top]:
            top = lowest = i
    return np.array(found, dtype=np.intp)
