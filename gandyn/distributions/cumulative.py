"""The integral of a positive function from either side, by panels that are halved as needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gandyn.errors import InputError
from gandyn.system.checks import FloatArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_MAX_PANELS = 20_000
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Cumulative:
    """∫ function to the left and to the right of every edge, each summed from its small end."""

    function: Callable[[FloatArray], FloatArray]
    edges: FloatArray
    below: FloatArray
    above: FloatArray

    @property
    def total(self) -> float:
        """The integral over all panels."""
        return float(self.below[-1])

    def left_of(self, x: FloatArray) -> FloatArray:
        """∫ from the first edge to each x (n,)."""
        return self._partial(x, self.below, from_left=True)

    def right_of(self, x: FloatArray) -> FloatArray:
        """∫ from each x (n,) to the last edge."""
        return self._partial(x, self.above, from_left=False)

    def _partial(self, x: FloatArray, whole: FloatArray, from_left: bool) -> FloatArray:
        out = np.empty(x.size)
        for i in range(0, x.size, _BLOCK):
            part = np.clip(x[i : i + _BLOCK], self.edges[0], self.edges[-1])
            panel = np.clip(np.searchsorted(self.edges, part) - 1, 0, self.edges.size - 2)
            start = panel if from_left else panel + 1
            near = np.abs(_integrals(self.function, self.edges[start], part))
            out[i : i + _BLOCK] = whole[start] + near
        return out


def cumulative(
    function: Callable[[FloatArray], FloatArray], edges: FloatArray, rtol: float = 1e-14
) -> Cumulative:
    """Integrate a positive function over all panels, halving those that are not yet accurate.

    A panel is accurate where its 24-point Gauss-Legendre value and the sum of its halves' differ
    by less than `rtol` times the whole integral, or `rtol` times its own value and the smaller
    of the two sides beyond it.

    Raises
    ------
    InputError
        Where `function` needs more than 20000 panels.
    """
    edges = np.asarray(edges, dtype=float)
    values = _integrals(function, edges[:-1], edges[1:])
    accurate = np.zeros(values.size, dtype=bool)
    while not accurate.all():
        split = np.flatnonzero(~accurate)
        low, high = edges[split], edges[split + 1]
        middle = low + (high - low) / 2
        left, right = _integrals(function, low, middle), _integrals(function, middle, high)
        below = np.cumsum(values)[split]
        above = np.cumsum(values[::-1])[::-1][split]
        tolerance = rtol * 8 * np.minimum(below, above) + 1e-300
        fine = np.abs(left + right - values[split]) <= tolerance
        fine |= (middle <= low) | (middle >= high)
        values = np.insert(values, split + 1, right)
        moved = split + np.arange(split.size)
        values[moved] = left
        accurate[split] = fine
        accurate = np.insert(accurate, split + 1, fine)
        edges = np.insert(edges, split + 1, middle)
        if values.size > _MAX_PANELS:
            raise InputError(
                "logpdf: cannot be integrated accurately with these landmarks and breaks; "
                "name every narrow feature, jump and kink"
            )
    below = np.concatenate([[0.0], np.cumsum(values)])
    above = np.concatenate([np.cumsum(values[::-1])[::-1], [0.0]])
    return Cumulative(function, edges, below, above)


def _integrals(
    function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> FloatArray:
    half = (high - low) / 2
    x = (low + half)[:, None] + half[:, None] * _NODES
    return half * (function(x.ravel()).reshape(x.shape) @ _WEIGHTS)
