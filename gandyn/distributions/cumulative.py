"""The integral of a positive function from either side, by panels that are halved as needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, as_float

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_MAX_PANELS = 20_000
_BLOCK = 4096
_RTOL = 8e-14


class Cumulative:
    """∫ function to the left and to the right of any point, each summed from its small end.

    Panels between the edges (ascending) are halved until all are accurate: until the 24-point
    Gauss-Legendre value of one and the sum of its halves' differ by less than 8e-14 times the
    smaller of the integrals up to its far end and from its near end. An `InputError` where that
    needs more than 20000 panels.
    """

    def __init__(self, function: Callable[[FloatArray], FloatArray], edges: FloatArray) -> None:
        values = _integrals(function, edges[:-1], edges[1:])
        accurate = np.zeros(values.size, dtype=bool)
        while not accurate.all():
            split = np.flatnonzero(~accurate)
            low, high = edges[split], edges[split + 1]
            middle = low + (high - low) / 2
            left, right = _integrals(function, low, middle), _integrals(function, middle, high)
            below = np.cumsum(values)[split]
            above = np.cumsum(values[::-1])[::-1][split]
            fine = np.abs(left + right - values[split]) <= _RTOL * np.minimum(below, above) + 1e-300
            fine |= (middle <= low) | (middle >= high)
            values = np.insert(values, split + 1, right)
            values[split + np.arange(split.size)] = left
            accurate[split] = fine
            accurate = np.insert(accurate, split + 1, fine)
            edges = np.insert(edges, split + 1, middle)
            if values.size > _MAX_PANELS:
                raise InputError(
                    "logpdf: cannot be integrated accurately with these landmarks and breaks; "
                    "name every narrow feature, jump and kink"
                )
        self._function = function
        self.edges = edges
        self.below = np.concatenate([[0.0], np.cumsum(values)])
        self.above = np.concatenate([np.cumsum(values[::-1])[::-1], [0.0]])
        self.total = float(self.below[-1])

    def share(self, x: ArrayLike, below: bool) -> FloatArray:
        """The part of the whole integral that lies below each x, or above it."""
        flat = np.ravel(as_float(x))
        out = np.empty(flat.size)
        for i in range(0, flat.size, _BLOCK):
            part = np.clip(flat[i : i + _BLOCK], self.edges[0], self.edges[-1])
            panel = np.clip(np.searchsorted(self.edges, part) - 1, 0, self.edges.size - 2)
            start = panel if below else panel + 1
            near = np.abs(_integrals(self._function, self.edges[start], part))
            out[i : i + _BLOCK] = (self.below if below else self.above)[start] + near
        return np.minimum(out / self.total, 1.0).reshape(np.shape(x))[()]


def _integrals(
    function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> FloatArray:
    half = (high - low) / 2
    x = (low + half)[:, None] + half[:, None] * _NODES
    return half * (function(x.ravel()).reshape(x.shape) @ _WEIGHTS)
