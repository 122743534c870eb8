"""The parts that curves cut a map into.

Curves are drawn as walls between neighbouring cells; what no wall parts is connected.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gandyn.system.checks import Array, Index

Mask = NDArray[np.bool_]

_ON_WALL = 1e-5
"""Distance from a wall, in cells, below which a cell's side cannot be told."""


def parted(curves: Sequence[Array], x: Array, y: Array) -> tuple[Index, int, Mask]:
    """The part of each cell of a map, the number of parts, and the cells that lie on a wall.

    The map (Y, X) is over rising x (X,) and y (Y,); the curves (n, 2) are polylines (x, y), which
    may leave it. Parts count from 0; cells on a wall have 0 as well.
    """
    between_rows = np.zeros((len(y) - 1, len(x)), bool)
    between_columns = np.zeros((len(y), len(x) - 1), bool)
    on_wall = np.zeros((len(y), len(x)), bool)
    for curve in curves:
        column, height = _crossings(curve[:, 0], curve[:, 1], x)
        _block(between_rows, on_wall, column, _place(height, y))
        row, width = _crossings(curve[:, 1], curve[:, 0], y)
        _block(between_columns.T, on_wall.T, row, _place(width, x))
    # A wall through a cell's centre parts it from its neighbours on both sides.
    between_rows |= on_wall[1:] | on_wall[:-1]
    between_columns |= on_wall[:, 1:] | on_wall[:, :-1]
    parts, count = _connected(between_rows, between_columns, on_wall)
    return np.maximum(parts - 1, 0), max(count, 1), on_wall


def _place(values: Array, axis: Array) -> Array:
    """Where values lie along an axis, in cells; linearly on beyond its ends."""
    index = np.clip(np.searchsorted(axis, values) - 1, 0, len(axis) - 2)
    return index + (values - axis[index]) / (axis[index + 1] - axis[index])


def _crossings(x: Array, y: Array, axis: Array) -> tuple[Index, Array]:
    """Indices of the values of an axis that x passes along a polyline, and y where it does."""
    first = np.searchsorted(axis, np.minimum(x[:-1], x[1:]), "left")
    count = np.searchsorted(axis, np.maximum(x[:-1], x[1:]), "right") - first
    piece = np.repeat(np.arange(len(count)), count)
    line = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count) + first[piece]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (axis[line] - x[piece]) / (x[piece + 1] - x[piece])
    part = np.where(np.isfinite(part), part, 0.0)
    return line, y[piece] + part * (y[piece + 1] - y[piece])


def _block(between: Mask, on_wall: Mask, line: Index, at: Array) -> None:
    """Part the two cells of a line that a wall passes between; mark those it passes through."""
    cells = len(on_wall)
    near = np.rint(at)
    on = (np.abs(at - near) <= _ON_WALL) & (near >= 0) & (near < cells)
    on_wall[near[on].astype(np.intp), line[on]] = True
    below = np.floor(at)
    inside = (below >= 0) & (below < cells - 1)
    between[below[inside].astype(np.intp), line[inside]] = True


def _connected(between_rows: Mask, between_columns: Mask, on_wall: Mask) -> tuple[Index, int]:
    """Parts of the map that walls do not part, from 1, 0 for cells on a wall, and their number."""
    from scipy.ndimage import label

    # A picture with a pixel for each cell and one for each side that two cells share.
    open_ = np.zeros((2 * len(on_wall) - 1, 2 * on_wall.shape[1] - 1), bool)
    open_[::2, ::2], open_[1::2, ::2], open_[::2, 1::2] = ~on_wall, ~between_rows, ~between_columns
    parts, count = label(open_)
    return parts[::2, ::2].astype(np.intp), count


def witnesses(parts: Index, on_wall: Mask, count: int, each: int = 3) -> tuple[Index, Index]:
    """The parts (n,) and places (n, 2) of cells in the thick of each part, up to `each` of them."""
    order = np.argsort(parts.ravel(), kind="stable")
    order = order[~on_wall.ravel()[order]]
    bounds = np.searchsorted(parts.ravel()[order], np.arange(count + 1))
    part, cells = [], []
    for k in range(count):
        mine = order[bounds[k] : bounds[k + 1]]
        if not mine.size:
            continue
        rows, columns = np.divmod(mine, parts.shape[1])
        # The middle of the longest run of each of a few rows: far from the walls on both sides.
        chosen = np.unique(np.quantile(rows, np.linspace(0.2, 0.8, each)).astype(np.intp))
        for row in chosen:
            here = columns[rows == row]
            if here.size:
                pieces = np.split(here, np.flatnonzero(np.diff(here) > 1) + 1)
                longest = max(pieces, key=len)
                cells.append((int(row), int(longest[len(longest) // 2])))
                part.append(k)
    return np.array(part, np.intp), np.array(cells, np.intp).reshape(-1, 2)
