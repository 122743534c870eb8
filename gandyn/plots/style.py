"""The look of the pictures, switched on for a block of code and never for the whole process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

STYLE_FILE = Path(__file__).with_name("gandyn.mplstyle")


def style() -> AbstractContextManager[None]:
    """Switch gandyn's look on inside a ``with`` block; the user's own settings return after it.

    Make the figure and draw it inside the block. The user's matplotlibrc has no say there, so
    that a picture comes out alike on every machine.

    Examples
    --------
    >>> import matplotlib
    >>> before = dict(matplotlib.rcParams)
    >>> with plots.style():
    ...     changed = dict(matplotlib.rcParams) != before
    >>> changed, dict(matplotlib.rcParams) == before
    (True, True)
    """
    return matplotlib.style.context(STYLE_FILE, after_reset=True)


def new_figure(size: tuple[float, float] = (5.6, 3.4)) -> Figure:
    """An empty figure that pyplot knows nothing of (nothing to close, nothing on a screen).

    Parameters
    ----------
    size : tuple of float
        Width and height in inches. At 5.6 wide the text suits a page of 700 px and a column.

    Returns
    -------
    matplotlib.figure.Figure
        With constrained layout; take its axes by ``figure.subplots()``.

    Examples
    --------
    >>> plots.new_figure((4, 3)).get_size_inches()
    array([4., 3.])
    """
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def crown(ax: Axes, handles: list[Any], *, title: str = "", columns: int = 3) -> None:
    """Put the legend above the axes, where it hides no curve, and the title above the legend.

    It takes fewer than ``columns`` where the labels would make it wider than the figure.
    """
    figure = ax.get_figure(root=True)
    place = ax.get_subplotspec()
    if handles and figure is not None:
        panels = place.get_gridspec().ncols if place is not None else 1
        columns = _columns(handles, columns, 0.9 * figure.get_figwidth() / panels)
        ax.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=min(columns, len(handles)),
        )
    if title:
        ax.set_title(title, pad=8 + 15 * ceil(len(handles) / columns))


def _columns(handles: list[Any], most: int, inches: float) -> int:
    """How many columns of labels fit, at 9 pt: half an em a letter, five ems of line and gaps."""
    letters = [len(str(handle.get_label()).replace("$", "")) for handle in handles]
    for columns in range(min(most, len(letters)), 1, -1):
        rows = ceil(len(letters) / columns)
        widths = [max(letters[k : k + rows]) for k in range(0, len(letters), rows)]
        if 0.125 * (0.5 * sum(widths) + 5 * len(widths)) <= inches:
            return columns
    return 1
