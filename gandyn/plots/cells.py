"""Cells of a grid in the colours of what they hold, and hatched where that is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.plots.colours import REFERENCE, UNKNOWN, UNKNOWN_FILL
from gandyn.system.checks import Array

_HATCHED: dict[str, Any] = {"facecolor": UNKNOWN_FILL, "edgecolor": UNKNOWN.colour}
_HATCHED |= {"hatch": "/////", "linewidth": 0.0}


def rising(name: str, values: ArrayLike) -> Array:
    """The values as an array, or an InputError that names them if they do not rise."""
    axis = np.asarray(values, dtype=float)
    if axis.ndim != 1 or axis.size < 2 or not np.all(np.diff(axis) > 0):
        raise InputError(f"{name}: got shape {axis.shape}, must be rising numbers, two or more")
    return axis


def lattice(name: str, values: ArrayLike, shape: tuple[int, ...], meaning: str) -> Array:
    """The values as an array, or an InputError that names them if they have another shape."""
    array = np.asarray(values, dtype=float)
    if array.shape != shape:
        raise InputError(f"{name}: got shape {array.shape}, must be {meaning} = {shape}")
    return array


def edges(nodes: Array) -> Array:
    """The borders of cells around two nodes or more: halfway, and as far beyond the ends."""
    middles = 0.5 * (nodes[1:] + nodes[:-1])
    return np.concatenate([[2 * nodes[0] - middles[0]], middles, [2 * nodes[-1] - middles[-1]]])


def draw_cells(ax: Axes, x: Array, y: Array, index: ArrayLike, fills: Sequence[str]) -> bool:
    """Fill the cell around each node with ``fills[index]``; whether any cell is hatched.

    x (X,) and y (Y,) rise; where an index (Y, X) is negative the cell is hatched.
    """
    cells = np.asarray(index)
    across, up = edges(x), edges(y)
    unknown = (cells < 0) | (cells >= len(fills))
    if not unknown.all():
        shown, shades = np.ma.masked_where(unknown, cells), ListedColormap(list(fills))
        look: dict[str, Any] = {"vmin": -0.5, "vmax": len(fills) - 0.5, "rasterized": True}
        ax.pcolormesh(across, up, shown, cmap=shades, **look, zorder=0.5)
    if unknown.any():
        ax.add_patch(PathPatch(_outline(across, up, unknown), **_HATCHED, zorder=0.6))
    return bool(unknown.any())


def draw_levels(ax: Axes, a: Array, b: Array, potential: ArrayLike | None) -> list[Line2D]:
    """Draw thin level lines of a potential, if there is one; returns the legend's entry, if any."""
    heights = np.ma.masked_invalid(np.nan if potential is None else potential)
    if heights.count() == 0:
        return []
    low, high = float(heights.min()), float(heights.max())
    levels = np.unique(np.quantile(heights.compressed(), np.linspace(0.03, 0.97, 10)))
    # Lines closer than this are the rounding of a plateau.
    least = 1e-4 * (high - low)
    levels = levels[(np.diff(levels, prepend=low) > least) & (high - levels > least)]
    if not levels.size:
        return []
    look: dict[str, Any] = {"linestyles": "solid", "linewidths": 0.6, "zorder": 1}
    ax.contour(a, b, heights, levels, colors=REFERENCE.colour, **look)
    thin: dict[str, Any] = {"color": REFERENCE.colour, "linewidth": 0.6}
    return [Line2D([], [], **thin, label="level of potential")]


def unknown_handle(label: str) -> Patch:
    """The legend's entry for hatched cells."""
    return Patch(**_HATCHED, label=label)


def _outline(across: Array, up: Array, mask: NDArray[np.bool_]) -> Path:
    """A rectangle around each run of marked cells in a row, all in one path."""
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, begins = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    left, right, low, high = across[begins], across[ends], up[rows], up[rows + 1]
    round_it = [[left, right, right, left, left], [low, low, high, high, low]]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(np.array(round_it).T.reshape(-1, 2), np.tile(codes, len(rows)))
