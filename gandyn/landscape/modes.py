"""How the generated mass lies over the modes of the data, in numbers and in a person's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.generators import Generated
from gandyn.generators.generated import Fixed
from gandyn.system.checks import Array
from gandyn.system.results import Alike
from gandyn.system.text import show

_DIP = 0.95
"""A minimum that is not below this share of the lower of its two maxima divides nothing."""
_LEAST_MASS = 1e-3
_CORE = 0.05
"""Mass of a mode that is left out at each of its ends: its outskirts."""
_SHARE = 0.25
"""A mode is covered from this share of the mass on that the data put there."""


@dataclass(frozen=True, eq=False)
class Coverage(Alike):
    """Which modes of the data a generated distribution covers, and how much mass lies where.

    Attributes
    ----------
    covered : tuple of int
        Modes, numbered from the left from 1, whose core holds a quarter or more of the mass that
        the data have there.
    shares : ndarray, shape (count,)
        Generated mass on each core over the data's there.
    masses : ndarray, shape (count,)
        Generated mass on each core.
    between : float
        Generated mass outside of all the cores.
    between_data : float
        The data's own mass there.
    """

    covered: tuple[int, ...]
    shares: Array
    masses: Array
    between: float
    between_data: float


def coverage(generated: Distribution, data: Distribution) -> Coverage:
    """How a generated distribution covers the modes of the data.

    Parameters
    ----------
    generated : Distribution
        p_g; it may have atoms.
    data : Distribution
        p, whose modes are counted; see `Modes`.

    Returns
    -------
    Coverage

    Raises
    ------
    InputError
        Where one of the two is no `Distribution`, or the data have atoms.

    Examples
    --------
    >>> data = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
    >>> found = gandyn.coverage(gandyn.Normal(3, 1), data)
    >>> found.covered
    (2,)
    """
    for name, given in (("generated", generated), ("data", data)):
        if not isinstance(given, Distribution):
            raise InputError(f"{name}: got {show(given)}, must be a Distribution")
    if len(data.atoms):
        raise InputError(f"data: got {show(data)}, which has atoms, must have a density")
    modes, mass = Modes(data), Fixed(generated)
    masses, shares = modes.on_cores(mass), modes.shares(mass)
    return Coverage(
        covered=tuple(int(k) + 1 for k in np.flatnonzero(shares >= _SHARE)),
        shares=shares,
        masses=masses,
        between=max(0.0, 1.0 - float(masses.sum())),
        between_data=2.0 * _CORE,
    )


class Modes:
    """The `count` modes of a density, numbered from left to right.

    `masses` (count,) are the data's between the minima on both sides of each mode, and `cores`
    (count, 2) the ends of the middle 90 % of it.
    """

    def __init__(self, data: Distribution) -> None:
        x = sight(data)
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
        high = low + (1.0 - 2.0 * _CORE) * self.masses
        self.cores = np.asarray(data.ppf(np.stack([low, high], axis=1)))

    def on_cores(self, generated: Generated) -> Array:
        """Generated mass on each core, shape (count,)."""
        ends, lane = self.cores.reshape(1, -1), np.zeros(1, np.intp)
        # The difference of the two tails that are the smaller: each mass keeps its digits.
        below, above = (of(ends, lane).reshape(-1, 2) for of in (generated.cdf, generated.sf))
        upper = below[:, 0] > 0.5
        return np.where(upper, above[:, 0] - above[:, 1], below[:, 1] - below[:, 0])

    def shares(self, generated: Generated) -> Array:
        """Generated mass on each core over the data's there, shape (count,)."""
        return self.on_cores(generated) / ((1.0 - 2.0 * _CORE) * self.masses)

    def name(self, generated: Generated) -> str:
        """The name of one generated density, of one state."""
        shares = self.shares(generated)
        covered = np.flatnonzero(shares >= _SHARE)
        if not covered.size or float(shares @ self.masses) < _SHARE / 2.0:
            half = np.full((1, 1), 0.5)
            middle = generated.quantile(half, half, np.zeros(1, np.intp))[0, 0]
            left = int(np.searchsorted(self.cores.mean(axis=1), middle))
            if left in (0, self.count):
                return f"{'right' if left else 'left'} of all modes"
            return f"between modes {left} and {left + 1}"
        if self.count == 1:
            return "fits the only mode"
        if covered.size == self.count:
            return "averages all modes"
        if covered.size == 1:
            return f"collapsed onto mode {covered[0] + 1} of {self.count}"
        if covered[-1] - covered[0] == covered.size - 1:
            return f"covers modes {covered[0] + 1}–{covered[-1] + 1}"
        return "covers modes " + ", ".join(str(k + 1) for k in covered)


def sight(data: Any) -> Array:
    """Points close enough to see every mode that the landmarks name."""
    centres, widths = np.asarray(data.landmarks, dtype=float).T
    low, high = np.asarray(data.ppf(np.array([1e-4, 1.0 - 1e-4]))).tolist()
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
