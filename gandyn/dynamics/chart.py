"""A force over the plane, interpolated where a big stack of lanes asks for it again and again.

Ten thousand flows of a game with two parameters evaluate one smooth field millions of times. A
chart samples it once: Chebyshev interpolation on the cells of a quadtree (Trefethen,
"Approximation Theory and Approximation Practice", SIAM, 2013, chapters 3 and 8).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

LEAST_LANES = 1000
LEAST_SHARE = 1e-12
POINTS = 14  # along each side of a cell

_FIRST = 5  # cells are halved so many times before they are first charted
_DEPTH = 9
_MOST = 8000  # cells; bounds the memory to 25 MB
_BLOCK = 16  # lanes in a matrix product
# How often a cell of the first size must be asked for; the finer, the likelier it is refused too.
_PRICE = POINTS**2 // 4
_DIRECT, _OPEN = -2, -1
# Points that no symmetry of the nodes favours, for the proof of a chart.
_PROOF = np.array(
    [(-0.93, 0.41), (-0.57, -0.79), (-0.13, 0.07), (0.29, 0.87), (0.61, -0.31), (0.97, -0.95)]
)


def _transforms() -> tuple[Array, Array, Array]:
    """Chebyshev points, and the matrices from values there to coefficients and to slopes."""
    k = np.arange(POINTS)
    x: Array = np.cos(np.pi * k / (POINTS - 1))
    values: Array = np.polynomial.chebyshev.chebvander(x, POINTS - 1).astype(np.float64)
    analysis: Array = np.linalg.inv(values).astype(np.float64)
    slopes = np.polynomial.chebyshev.chebder(np.eye(POINTS), axis=0)
    return x, analysis, values[:, : POINTS - 1] @ slopes @ analysis


class Chart:
    """A force (n, 2) -> (n, 2), by Chebyshev interpolation where it is asked for most.

    The plane around the starts is divided into cells. A cell that was asked for the force about
    as often as its chart would cost is charted, by the force at a grid of Chebyshev points, if the
    last coefficients and the force at further points prove that the chart is accurate; else it
    is split into four. Everywhere else, as at jumps and kinks, the force itself is called.

    `starts` (n, 2) are the states that flow; where there is no force it is nan. `share` is the
    error allowed in a cell, relative to the local size of the force: its value, or its change
    across the cell, whichever is larger, at the node where that is least. `asked` and `charted`
    count the evaluations so far, and those of them that came from charts.
    """

    def __init__(self, force: Callable[[Array], Array], starts: Array, share: float) -> None:
        self._force, self._share = force, share
        self.asked = self.charted = 0
        self._low, self._unit = _box(starts)
        self._x, self._analysis, self._slopes = _transforms()
        nodes = np.stack(np.meshgrid(self._x, self._x, indexing="ij"), axis=-1).reshape(-1, 2)
        self._places = np.concatenate([nodes, _PROOF])
        self._proof = np.stack(
            [np.polynomial.chebyshev.chebvander(part, POINTS - 1) for part in _PROOF.T]
        )
        # Of each cell: centre and half-width in units of the finest cells; chart; times asked.
        self._centre, self._half = np.empty((0, 2)), np.empty(0)
        self._chart, self._count = np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        self._coefficients = np.empty((0, 2 * POINTS, POINTS))
        # The cell over each finest cell; one more row and column for all that is outside.
        side = 2**_DEPTH
        self._cell = np.zeros((side + 1, side + 1), dtype=np.int16)
        width = side // 2**_FIRST
        corners = width * np.stack(np.meshgrid(*2 * [np.arange(2**_FIRST)]), axis=-1)
        self._add(np.array([[0, 0]]), 0)
        self._chart[0] = _DIRECT
        self._add(corners.reshape(-1, 2), width)

    @property
    def cells(self) -> int:
        """How many cells are charted."""
        return len(self._coefficients)

    def __call__(self, theta: Array) -> Array:
        """Force (n, 2) at the states ``theta`` (n, 2)."""
        side = 2**_DEPTH
        place = (theta - self._low) / self._unit
        # A state on an axis may stay there by symmetry, which only the force itself keeps.
        inside = (place >= 0) & (place < side) & (theta != 0)
        index = np.where(inside, place, side).astype(np.intp)
        cell = self._cell[index[:, 0], index[:, 1]]
        counts = np.bincount(cell, minlength=len(self._half))
        order = np.argsort(cell, kind="stable")
        known = self._chart >= 0
        by_chart = np.repeat(known, counts)
        out = np.empty(theta.shape)
        rest = order[~by_chart]
        if rest.size:
            out[rest] = self._force(theta[rest])
        if rest.size < len(theta):
            lanes = order[by_chart]
            out[lanes] = self._interpolate(place[lanes], np.flatnonzero(known), counts[known])
        self.asked += len(theta)
        self.charted += len(theta) - rest.size
        self._count += counts
        price = _PRICE * (2 ** (_DEPTH - _FIRST - 1) / np.maximum(self._half, 0.5)) ** 2
        due = np.flatnonzero((self._chart == _OPEN) & (self._count >= price))
        if due.size:
            self._make(due)
        return out

    def _interpolate(self, place: Array, cells: Rows, counts: Rows) -> Array:
        """Interpolants at ``place``, sorted by cell, of which each has ``counts``."""
        blocks = -(-counts // _BLOCK)
        first = _BLOCK * (np.cumsum(blocks) - blocks) - (np.cumsum(counts) - counts)
        slot = np.arange(len(place)) + np.repeat(first, counts)
        cell = np.repeat(cells, counts)
        total = int(blocks.sum())
        local = np.zeros((2, total * _BLOCK))
        local[:, slot] = ((place - self._centre[cell]) / self._half[cell, None]).T
        terms = np.empty((POINTS, 2, total * _BLOCK))
        terms[0], terms[1] = 1.0, local
        local *= 2.0
        for k in range(2, POINTS):
            np.multiply(local, terms[k - 1], out=terms[k])
            terms[k] -= terms[k - 2]
        u, v = terms.reshape(POINTS, 2, total, _BLOCK).transpose(1, 2, 0, 3)
        table = self._coefficients[np.repeat(self._chart[cells], blocks)]
        half = np.matmul(table, u).reshape(total, 2, POINTS, _BLOCK)
        half *= v[:, None]
        return half.sum(axis=2).transpose(0, 2, 1).reshape(-1, 2)[slot]

    def _make(self, cells: Rows) -> None:
        """Chart each of ``cells`` or split it."""
        n, nodes = len(cells), POINTS**2
        place = self._centre[cells, None] + self._half[cells, None, None] * self._places
        force = self._force((self._low + self._unit * place).reshape(-1, 2))
        values, proof = np.split(force.reshape(n, -1, 2).transpose(0, 2, 1), [nodes], axis=2)
        values = values.reshape(n, 2, POINTS, POINTS)
        # The first index of the coefficients belongs to the second parameter.
        coefficients = np.matmul(np.matmul(self._analysis, values), self._analysis.T)
        coefficients = np.swapaxes(coefficients, 2, 3)
        change = [np.matmul(self._slopes, values), np.matmul(values, self._slopes.T)]
        local = np.max(np.abs([values, *change]), axis=(0, 2)).min(axis=(1, 2))
        tail = np.abs(coefficients)
        tail[:, :, :-2, :-2] = 0.0
        missed = np.einsum("kcji,pj,pi->kcp", coefficients, self._proof[1], self._proof[0]) - proof
        error = np.maximum(tail.max(axis=(1, 2, 3)), np.abs(missed).max(axis=(1, 2)))
        good = error <= self._share * local
        accepted = cells[good]
        self._chart[accepted] = len(self._coefficients) + np.arange(len(accepted))
        new = coefficients[good].reshape(-1, 2 * POINTS, POINTS)
        self._coefficients = np.concatenate([self._coefficients, new])

        refused = cells[~good]
        self._chart[refused] = _DIRECT
        if len(self._half) + 4 * len(refused) > _MOST:
            return
        quarters = np.array([(-1, -1), (-1, 0), (0, -1), (0, 0)])
        for width in 2 ** np.arange(_DEPTH):
            split = refused[self._half[refused] == width]
            corners = self._centre[split, None] + width * quarters
            self._add(corners.reshape(-1, 2).astype(np.intp), int(width))

    def _add(self, corners: Rows, width: int) -> None:
        """New cells, squares of ``width`` finest cells."""
        for number, (i, j) in enumerate(corners, start=len(self._half)):
            self._cell[i : i + width, j : j + width] = number
        n = len(corners)
        self._centre = np.concatenate([self._centre, corners + 0.5 * width])
        self._half = np.concatenate([self._half, np.full(n, 0.5 * width)])
        self._chart = np.concatenate([self._chart, np.full(n, _OPEN)])
        self._count = np.concatenate([self._count, np.zeros(n, dtype=np.intp)])


def _box(starts: Array) -> tuple[Array, Array]:
    """Lower corner of the box around most of the starts, and the size of its finest cells.

    It does not leave the orthant of the starts; where they lie on both sides of an axis, the axis
    is a boundary of cells: a generator degenerates at a = 0.
    """
    low, high = np.quantile(starts, [0.02, 0.98], axis=0)
    margin = 0.25 * (high - low) + 0.01 * np.maximum(np.abs(low), np.abs(high)) + 1e-300
    across = (low <= 0) & (high >= 0)
    reach = np.maximum(np.abs(low), np.abs(high)) + margin
    below = np.where(low > 0, np.minimum(margin, 0.9 * low), margin)
    above = np.where(high < 0, np.minimum(margin, -0.9 * high), margin)
    low, high = np.where(across, -reach, low - below), np.where(across, reach, high + above)
    return low, (high - low) / 2**_DEPTH
