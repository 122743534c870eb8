"""The integral of a positive function from either side, by panels that are halved as needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.ends import End
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, as_float

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_MAX_PANELS = 20_000
_BLOCK = 4096
_RTOL = 8e-14
_EPS = float(np.finfo(float).eps)

_NEAREST = 2.0**-5
"""Share of an end's width within which its own mass is taken."""


class Cumulative:
    """∫ function to the left and to the right of any point, each summed from its small end.

    Panels between the edges (ascending) are halved until all are accurate: until the 24-point
    Gauss-Legendre value of one and the sum of its halves' differ by less than 8e-14 times the
    smaller of the integrals up to its far end and from its near end, or than what the rounding of x
    changes. An `InputError` where that needs more than 20000 panels. Next to ends, of which the
    function is the density, the mass is theirs.

    Attributes
    ----------
    total : float
        The whole integral.
    noise : float
        What the rounding of x may change of it, relative, where that is seen.
    """

    def __init__(
        self,
        function: Callable[[FloatArray], FloatArray],
        edges: FloatArray,
        ends: Sequence[End] = (),
    ) -> None:
        for end in ends:
            graded = end.width * 2.0 ** np.arange(math.log2(_NEAREST), 0.0)
            edges = edges[(edges == end.place) | (np.abs(edges - end.place) >= graded[0])]
            edges = np.union1d(edges, end.place + end.side * np.append(0.0, graded))
        self._function = function
        self._known = {
            float(min(end.place, end.place + end.side * _NEAREST * end.width)): end for end in ends
        }
        accurate = np.isin(edges[:-1], list(self._known))
        values, lost = np.zeros((2, accurate.size))
        rest = ~accurate
        values[rest], lost[rest] = _integrals(function, edges[:-1][rest], edges[1:][rest])
        for start, end in self._known.items():
            panel = np.searchsorted(edges, start)
            values[panel] = end.mass(edges[panel + 1 : panel + 2] - start).item()
        while not accurate.all():
            split = np.flatnonzero(~accurate)
            low, high = edges[split], edges[split + 1]
            middle = low + (high - low) / 2
            left, lost_left = _integrals(function, low, middle)
            right, lost_right = _integrals(function, middle, high)
            below = np.cumsum(values)[split]
            above = np.cumsum(values[::-1])[::-1][split]
            apart = np.abs(left + right - values[split])
            fine = apart <= _RTOL * np.minimum(below, above) + 1e-300
            fine |= (middle <= low) | (middle >= high) | (apart <= lost_left + lost_right)
            values = np.insert(values, split + 1, right)
            lost = np.insert(lost, split + 1, lost_right)
            values[split + np.arange(split.size)] = left
            lost[split + np.arange(split.size)] = lost_left
            accurate[split] = fine
            accurate = np.insert(accurate, split + 1, fine)
            edges = np.insert(edges, split + 1, middle)
            if values.size > _MAX_PANELS:
                raise InputError(
                    "logpdf: cannot be integrated accurately with these landmarks and breaks; "
                    "name every narrow feature, jump and kink"
                )
        self.edges = edges
        self.below = np.concatenate([[0.0], np.cumsum(values)])
        self.above = np.concatenate([np.cumsum(values[::-1])[::-1], [0.0]])
        self.total = float(self.below[-1])
        noise = float(lost.sum()) / max(self.total, 1e-300)
        self.noise = noise if noise > _RTOL else 0.0

    def share(self, x: ArrayLike, below: bool) -> FloatArray:
        """The part of the whole integral that lies below each x, or above it."""
        flat = np.ravel(as_float(x))
        out = np.empty(flat.size)
        for i in range(0, flat.size, _BLOCK):
            part = np.clip(flat[i : i + _BLOCK], self.edges[0], self.edges[-1])
            panel = np.clip(np.searchsorted(self.edges, part) - 1, 0, self.edges.size - 2)
            start = panel if below else panel + 1
            near, plain = np.empty(part.size), np.ones(part.size, dtype=bool)
            for left, end in self._known.items():
                mine = self.edges[panel] == left
                mass = end.mass(np.abs(part[mine] - end.place))
                at = np.searchsorted(self.edges, left)
                whole = self.below[at + 1] - self.below[at]
                near[mine] = mass if below == (end.side > 0) else np.maximum(whole - mass, 0.0)
                plain &= ~mine
            ends = self.edges[start[plain]], part[plain]
            near[plain] = np.abs(_integrals(self._function, *ends)[0])
            out[i : i + _BLOCK] = (self.below if below else self.above)[start] + near
        return np.minimum(out / self.total, 1.0).reshape(np.shape(x))[()]


def _integrals(
    function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Over panels, and what the rounding of x changes of it: its size times the variation."""
    half = (high - low) / 2
    x = (low + half)[:, None] + half[:, None] * _NODES
    values = function(x.ravel()).reshape(x.shape)
    with np.errstate(invalid="ignore"):
        change = np.abs(np.diff(values, axis=1)).sum(axis=1)
    return half * (values @ _WEIGHTS), _EPS * np.maximum(np.abs(low), np.abs(high)) * change
