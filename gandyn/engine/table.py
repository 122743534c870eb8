"""Nodes fitted to the data, shared by every state, and what is tabulated on them.

For a smooth density on the whole line the trapezoidal rule converges exponentially in the number of
nodes (Trefethen and Weideman, "The exponentially convergent trapezoidal rule", 2014), also in a
mapped variable t(x), which puts the nodes where the data vary. Far out, and next to a break of the
density, the map is that of double exponential quadrature (Takahasi and Mori, 1974): the distance
from there grows or shrinks faster and faster from node to node.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.distributions.edges import panel_edges

__all__ = ["Level", "Table"]

Array = NDArray[np.float64]

_PLATEAU = 2.5
"""Widths of a mode over which the nodes lie evenly; beyond, their spacing grows with distance."""

_HANDOVER = 10.0
"""The same in widths of a handover, whose nodes are then 0.22 widths apart: poles of the score lie
one width off the line, and leave e^(−2π/0.22)."""

_SPACING = 0.055
"""Spacing of the coarsest grid, in widths of the mode it stands in."""

_LARGEST = 20_000
"""Nodes of the finest grid: beyond, a table would cost more than the panels of many states."""

_MOST_LANDMARKS = 2000
_MOST_WIDTHS, _FURTHEST = 1e12, 1e60
"""Of the narrowest mode, across all modes and to their ends: all of t(x) must be told apart."""
_TINY = 1e-290
_END = 0.3
"""Next to a break nodes are this much as dense, in ln distance, as far from a mode."""

_OCTAVES = 110
"""Far out the nodes go on to 2^110 times what the data fill."""

_T, _W = np.polynomial.legendre.leggauss(20)


@dataclass(frozen=True, eq=False)
class Level:
    """One grid: nodes, what is tabulated on them, and the columns that sum over them."""

    data: Distribution
    x: Array
    weight: Array
    columns: Array
    """(N, 4): the weights dx, each in the column of the node's index modulo 4."""
    log_density: Array
    density: Array
    """With 1e-290 added, so that it divides."""
    score: Array
    closed: tuple[bool, bool]
    """Whether nothing of the data lies beyond the first and the last node."""

    @cached_property
    def score_slope(self) -> Array:
        """Slope of the score."""
        return self.data.score_slope(self.x)

    @cached_property
    def places(self) -> list[float]:
        """The nodes, for looking up single ones."""
        return self.x.tolist()

    @cached_property
    def spacings(self) -> list[float]:
        """Their weights likewise."""
        return self.weight.tolist()


class Table:
    """Grids of halving spacing for one density, each tabulated when first asked for.

    Parameters
    ----------
    data : Distribution
        Bounded, and smooth between its breaks.
    """

    def __init__(self, data: Distribution) -> None:
        self._data = data
        centres, widths = data.landmarks.T
        place, width = data.handovers[:, :2].T
        self._core = float(np.ptp(centres)) + 17.0 * float(widths.max())
        self._middle = 0.5 * float(centres.min() + centres.max())
        self._centres, self._cores = centres, _PLATEAU * widths
        # modes of one width, side by side, are to be no more crowded than one of them
        apart = (centres - centres[:, None]) / self._cores
        beside = (widths == widths[:, None]) / (1.0 + apart**2) ** 2
        self._shares = 1.0 / beside.sum(axis=1)
        narrow = self._modes(place) / self._thinned(place) * _HANDOVER * width < 1.0
        self._centres = np.concatenate([centres, place[narrow]])
        across = _HANDOVER * width[narrow] / self._thinned(place[narrow])
        self._cores = np.concatenate([self._cores, across])
        self._shares = np.append(self._shares, np.ones(narrow.sum()))
        low, high = data.support
        inner = np.unique(data.breaks[(data.breaks > low) & (data.breaks < high)])
        ends = [low, *inner.tolist(), high]
        self._segments = [_Segment(self, *pair) for pair in pairwise(ends)]
        coarsest = sum(segment.length for segment in self._segments) * _PLATEAU / _SPACING
        self.finest = 1 + max(0, int(np.log2(_LARGEST / coarsest)))
        """One more than the last level."""
        self._levels: dict[int, Level] = {}

    @staticmethod
    def takes(data: Distribution) -> bool:
        """Whether grids can be fitted to this density."""
        if len(data.landmarks) > _MOST_LANDMARKS or len(data.atoms):
            return False
        centres, widths = data.landmarks.T
        across, narrowest = np.ptp(centres) + widths.max(), widths.min()
        if across > _MOST_WIDTHS * narrowest or np.ptp(data.reach) > _FURTHEST * narrowest:
            return False
        low, high = data.support
        inner = data.breaks[(data.breaks > low) & (data.breaks < high)]
        middles = [0.5 * (left + right) for left, right in pairwise([low, *inner, high])]
        if len(inner) and np.isneginf(data.logpdf(np.array(middles[1:-1]))).any():
            return False  # a gap, where no particle is pushed
        sides = np.concatenate([np.nextafter(data.breaks, side) for side in (-np.inf, np.inf)])
        return bool((data.logpdf(sides) < 100.0 - np.log(data.landmarks[:, 1].min())).all())

    def level(self, m: int) -> Level:
        """The grid of spacing 2^−m in units of the coarsest."""
        found = self._levels.get(m)
        if found is None:
            step = _SPACING / _PLATEAU / 2.0**m
            parts = [segment.nodes(step) for segment in self._segments]
            x = np.concatenate([places for places, _ in parts])
            weight = np.concatenate([spacings for _, spacings in parts])
            columns = np.zeros((len(x), 4))
            columns[np.arange(len(x)), np.arange(len(x)) % 4] = weight
            with np.errstate(over="ignore"):
                log_density, score = self._data.logpdf_and_score(x)
            low, high = np.isfinite(self._data.support).tolist()
            # One dictionary entry, so that threads that race for it both get a whole one.
            found = self._levels[m] = Level(
                self._data,
                x,
                weight,
                columns,
                log_density,
                np.exp(log_density) + _TINY,
                score,
                (low, high),
            )
        return found

    def crowding(self, x: Array, ends: tuple[float, float]) -> Array:
        """dt/dx in the segment between two ends.

        Nearly the largest over the modes of 1/√((2.5 width)² + distance²), thinned out far from
        all of them, and over the ends of 0.15/distance, thinned out next to them.
        """
        # in units of all modes, of which the fourth powers are numbers
        total = (self._core * self._modes(x) / self._thinned(x)) ** 4
        width = float(self._cores.min())
        for end in ends:
            if math.isfinite(end):
                distance = np.abs(x - end)
                near = np.log(distance / width)
                total += (_END * self._core / distance / np.sqrt(1.0 + near * near)) ** 4
        return np.sqrt(np.sqrt(total)) / self._core

    def _thinned(self, x: Array) -> Array:
        """By how much nodes are thinned out as far from all modes."""
        far = np.log1p(((x - self._middle) / self._core) ** 2)
        return np.sqrt(1.0 + far * far)

    def _modes(self, x: Array) -> Array:
        total = np.zeros_like(x)
        for centre, core, share in zip(self._centres, self._cores, self._shares, strict=True):
            square = ((x - centre) / self._core) ** 2
            square += (core / self._core) ** 2
            square *= square
            total += share / square
        return np.sqrt(np.sqrt(total)) / self._core

    def edges(self, low: float, high: float) -> Array:
        """Points between which dt/dx is smooth, from near one end of a segment to the other."""
        first = min(self._middle - 0.5 * self._core, float(self._centres.min()))
        last = max(self._middle + 0.5 * self._core, float(self._centres.max()))
        marks = np.stack([self._centres, self._cores / _PLATEAU], axis=1)
        octaves = self._core * 2.0 ** np.arange(_OCTAVES)
        plain = panel_edges(marks, np.empty(0), (first - self._core, last + self._core))
        points = [first - octaves, plain, last + octaves]
        bounds = []
        for end, inwards in ((low, 1.0), (high, -1.0)):
            if math.isfinite(end):
                nearest = max(4e-16 * abs(end), 1e-17 * self._core)
                steps = nearest * 2.0 ** np.arange(np.log2(2.0 * self._core / nearest))
                points.append(end + inwards * steps)
                bounds.append(end + inwards * nearest)
            else:
                bounds.append(end)
        edges = np.unique(np.concatenate(points))
        edges = edges[(edges >= bounds[0]) & (edges <= bounds[1])]
        return np.unique(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))


class _Segment:
    """The mapped variable t between two neighbouring breaks of the density."""

    def __init__(self, table: Table, low: float, high: float) -> None:
        self._table, self._ends = table, (low, high)
        self._edges = table.edges(low, high)
        half = 0.5 * np.diff(self._edges)
        middle = 0.5 * (self._edges[1:] + self._edges[:-1])
        pieces = half * (self._crowding(middle[:, None] + half[:, None] * _T) @ _W)
        self._t = np.concatenate([[0.0], np.cumsum(pieces)])
        self.length = float(self._t[-1])

    def _crowding(self, x: Array) -> Array:
        return self._table.crowding(x, self._ends)

    def nodes(self, step: float) -> tuple[Array, Array]:
        """Nodes, a multiple of four of them, and their weights, at this spacing in t or less."""
        count = 4 * math.ceil(self.length / (4.0 * step))
        step = self.length / count
        x = self._at(step * np.arange(0.5, count))
        return x, step / self._crowding(x)

    def _at(self, t: Array) -> Array:
        """x(t), by Newton's method on t(x), which is integrated within a panel by Gauss's rule."""
        panel = np.minimum(np.searchsorted(self._t, t, side="right") - 1, len(self._t) - 2)
        left = self._edges[panel]
        width = self._edges[panel + 1] - left
        # Newton starts on the cubic that has t(x) and its slope right at both ends of the panel.
        span = self._t[panel + 1] - self._t[panel]
        s = (t - self._t[panel]) / span
        slope = 1.0 / self._crowding(self._edges)
        bend = slope[panel] * (1.0 - s) - slope[panel + 1] * s
        x = left + s * s * (3.0 - 2.0 * s) * width + s * (1.0 - s) * span * bend
        x = np.clip(x, left, left + width)
        for _ in range(12):
            half = 0.5 * (x - left)
            reached = half * (self._crowding(left[:, None] + half[:, None] * (1.0 + _T)) @ _W)
            step = (t - self._t[panel] - reached) / self._crowding(x)
            x = np.clip(x + step, left, left + width)
            if np.all(np.abs(step) <= 1e-9 * width):
                break
        return x
