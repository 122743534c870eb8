"""Picture: where each start ends, for each value of a parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import ArrayLike, NDArray

from gandyn.plots.cells import draw_cells, lattice, rising, unknown_handle
from gandyn.plots.colours import state_fills
from gandyn.plots.style import crown


def draw_raster(
    ax: Axes,
    values: ArrayLike,
    starts: ArrayLike,
    outcome: ArrayLike,
    labels: Sequence[str],
    *,
    done: ArrayLike | None = None,
    xlabel: str = "m",
    ylabel: str = "b (place) of the start",
    title: str = "",
) -> Axes:
    """Draw the outcome of every start at every value as a cell in the outcome's colour.

    Parameters
    ----------
    values, starts : array, shapes (V,) and (S,)
        Rising: the parameter, and the coordinate along which the starts lie.
    outcome : array of int or str, shape (V, S)
        Indices into ``labels``, or the labels themselves. What is none of them, such as -1 or
        "", is hatched as not done.
    labels : sequence of str
        Names of the outcomes, such as ``"averages all modes"``.
    done : array of bool, shape (V, S), optional
        False where the outcome is not to be shown.
    xlabel, ylabel : str

    Raises
    ------
    InputError
        If values or starts do not rise, or the shapes do not match.

    Examples
    --------
    >>> ax, ends = plots.new_figure().subplots(), [[0, 0], [0, 1], [0, 1]]
    >>> plots.draw_raster(ax, [1, 2, 3], [-1, 1], ends, ["averages", "collapsed"]).get_xlabel()
    'm'
    """
    columns, rows = rising("values", values), rising("starts", starts)
    shape = columns.size, rows.size
    cells = _indices(np.asarray(outcome), list(labels))
    lattice("outcome", cells, shape, "(len(values), len(starts))")
    if done is not None:
        cells = np.where(np.asarray(done, dtype=bool), cells, -1)
    fills = state_fills(labels)
    undone = draw_cells(ax, columns, rows, cells.T, fills)
    ax.autoscale_view()
    ax.margins(0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    handles = [
        Patch(facecolor=fill, label=label)
        for index, (fill, label) in enumerate(zip(fills, labels, strict=True))
        if np.any(cells == index)
    ]
    if undone:
        handles.append(unknown_handle("not done"))
    crown(ax, handles, title=title, columns=2)
    return ax


def _indices(outcome: NDArray[np.generic], labels: list[str]) -> NDArray[np.int_]:
    if outcome.dtype.kind not in "UO":
        return outcome.astype(int)
    cells = np.full(outcome.shape, -1)
    for index, label in enumerate(labels):
        cells[outcome == label] = index
    return cells
