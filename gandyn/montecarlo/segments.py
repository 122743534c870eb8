"""The first two layers of ReLU networks on many points of a line, by segments.

With one input, the first layer's H units turn at H points, and between two of these the second
layer's pre-activations are linear in x: A_s x + B_s on segment s. All A_s and B_s are cumulative
sums over the units in the order of their turns. So n points cost a sparse matrix product with two
entries in a row, O(n H), in the place of a dense one, O(n H²); the gradients are its transpose:
sums over the points of each segment, then cumulative sums over the segments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from gandyn.system.checks import AnyArray as Array

_LEAST = 2e7
"""Multiplications in a dense product from which on segments are the faster way."""
_BLOCK = 256
"""Points whose lines are looked up at a time, so that they stay in the cache."""
_GROUP = 16
"""Cumulative sums go within groups of so many, all groups at a time, and then over the groups."""


class Segments:
    """The way of n points through the first two layers (H, K units) of one network, and back."""

    def __init__(self, points: int, units: int, outputs: int, dtype: Any) -> None:
        self._groups = 1 + units // _GROUP
        rows = _GROUP * self._groups
        self._turns = self._row(np.arange(1, units + 1))
        # Rows that stand for no segment.
        self._spare = self._row(np.arange(units + 1, rows))
        self._lines = np.zeros((2, rows, outputs + 1), dtype)
        self._before = np.tri(self._groups, k=-1, dtype=dtype)
        self._held = np.empty((min(points, _BLOCK), outputs + 1), dtype)
        self._entries = np.ones((points, 2), dtype)
        self._columns = np.empty((points, 2), np.int32)
        self._ends = np.arange(0, 2 * points + 1, 2, dtype=np.int32)

    @staticmethod
    def worthwhile(points: int, widths: tuple[int, ...]) -> bool:
        """Whether this is faster than the dense products."""
        return len(widths) > 1 and points > widths[0] and points * widths[0] * widths[1] >= _LEAST

    def _row(self, segment: Array) -> Array:
        """Where a segment stands: all of the first of their groups, then all of the second, …"""
        return segment % _GROUP * self._groups + segment // _GROUP

    def forward(self, first: Array, second: Array, x: Array, out: Array) -> None:
        """Put the second layer's pre-activations at x (n,) into `out`, (n, K + 1), the last one 1.

        `first` (2, H) are the slopes and biases of the first layer, `second` (H + 1, K) the weights
        of the second, the biases in the last row.
        """
        self._first, self._second = first, second
        slope, bias = first
        self._falling, self._level = slope < 0.0, slope == 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = -bias / slope
        turn[self._level] = -np.inf
        order = np.argsort(turn, kind="stable")
        self._right = np.empty_like(order)
        self._right[order] = self._turns
        place = self._row(turn[order].searchsorted(x))
        self._entries[:, 0] = x
        self._columns[:, 0] = place
        self._columns[:, 1] = place + self._lines.shape[1]
        self._place = place
        self._fill_lines()
        for start in range(0, len(x), _BLOCK):
            here = slice(start, start + _BLOCK)
            level = self._held[: len(place[here])]
            # "clip" lets take write into its place at once; no index is out of bounds.
            np.take(self._lines[0], place[here], axis=0, out=out[here], mode="clip")
            np.take(self._lines[1], place[here], axis=0, out=level, mode="clip")
            out[here] *= x[here, None]
            out[here] += level

    def _fill_lines(self) -> None:
        """A_s and B_s of every segment, the last column that of the constant 1."""
        weights = self._second[:-1]
        for line, of in zip(self._lines, self._first, strict=True):
            # From left to right rising units come in where they turn, and falling ones go out.
            change = np.where(self._falling, -of, np.where(self._level, 0.0, of))
            line[self._right, :-1] = weights * change[:, None]
            line[0, :-1] = np.where(self._falling, of, 0.0) @ weights
            line[:, -1] = 0.0
        constant = np.where(self._level, np.maximum(self._first[1], 0.0), 0.0)
        self._lines[1, 0, :-1] += self._second[-1] + constant @ weights
        self._lines[1, 0, -1] = 1.0
        self._lines[:, self._spare] = 0.0
        grouped = self._lines.reshape(2, _GROUP, -1)
        for k in range(1, _GROUP):
            grouped[:, k] += grouped[:, k - 1]
        whole = grouped[:, -1].reshape(2, self._groups, -1)
        grouped += (self._before @ whole).reshape(2, 1, -1)

    def gradient(self, back: Array, first: Array, second: Array) -> None:
        """Put both layers' gradients into place, from the slopes (n, K + 1) at `forward`'s out."""
        rows = self._lines.shape[1]
        spread = csr_array(
            (self._entries.ravel(), self._columns.ravel(), self._ends), shape=(len(back), 2 * rows)
        )
        sums = (spread.T @ back).reshape(2, _GROUP, -1)
        total = sums.reshape(2, rows, -1).sum(axis=1)[:, :-1]
        for k in range(_GROUP - 1, 0, -1):
            sums[:, k - 1] += sums[:, k]
        whole = sums[:, 0].reshape(2, self._groups, -1)
        sums += (self._before.T @ whole).reshape(2, 1, -1)
        right = sums.reshape(2, rows, -1)[:, self._right, :-1]
        # A unit is on right of its turn, or left of it where it falls: the total less the right.
        bias = self._first[1]
        sign = np.where(self._level, 0.0, np.where(self._falling, -1.0, 1.0)).astype(right.dtype)
        rest = self._falling | (self._level & (bias > 0.0))
        weights = self._second[:-1]
        for k in range(2):
            np.einsum("hk,hk->h", weights, right[k], out=first[k])
            first[k] *= sign
            first[k] += rest * (weights @ total[k])
        right *= (self._first * sign)[:, :, None]
        np.add(right[0], right[1], out=second[:-1])
        whole_units = np.flatnonzero(rest)
        second[whole_units] += self._first[:, whole_units].T @ total
        second[-1] = total[1]

    def inputs(self, back: Array) -> Array:
        """∂L/∂x (n,), from the slopes (n, K + 1) at `forward`'s out."""
        out = np.empty(len(back), back.dtype)
        for start in range(0, len(back), _BLOCK):
            here = slice(start, start + _BLOCK)
            slopes = self._held[: len(out[here])]
            np.take(self._lines[0], self._place[here], axis=0, out=slopes, mode="clip")
            # The line of the last column, the constant 1, has slope 0.
            np.einsum("nk,nk->n", back[here], slopes, out=out[here])
        return out
