"""The look of the pictures, switched on for a block of code and never for the whole process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib.patheffects as effects
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from gandyn.plots.colours import INK
from gandyn.system.checks import Array
from gandyn.system.text import origin

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

    The legend takes fewer than ``columns`` where the labels would make it wider than the figure. By
    default the title is that which the axes have.
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
    if title or ax.get_title():
        ax.set_title(title or ax.get_title(), pad=8 + 15 * ceil(len(handles) / columns))


def note(ax: Axes, text: str, spot: Any, aside: Any, **look: Any) -> None:
    """Write a text so many points aside of a spot; centred there unless ``look`` says else."""
    look = {"ha": "center", "va": "center", **look}
    ax.annotate(text, spot, xytext=tuple(aside), textcoords="offset points", **look)


def bold_number(ax: Axes, text: str, spot: Any, aside: Any, **look: Any) -> None:
    """Write a number in bold beside what it numbers."""
    look |= {"fontweight": "bold", "color": INK, "path_effects": halo(2.5), "zorder": 6}
    note(ax, text, spot, aside, **look)


def halo(width: float) -> list[effects.AbstractPathEffect]:
    """A white rim around a line or a text, ``width`` points wide in all."""
    return [effects.Stroke(linewidth=width, foreground="white"), effects.Normal()]


def axes_inches(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes, before the layout gives some of it to labels and legend."""
    figure, frame = ax.get_figure(root=True), ax.get_position()
    if figure is None:
        return 5.0, 4.0
    return frame.width * figure.get_figwidth(), frame.height * figure.get_figheight()


def share_edges(ax: Axes, right: Axes | None = None) -> None:
    """Leave out labels that a neighbour in the same figure has too: y's, and the name of x."""
    place = ax.get_subplotspec()
    if place is None:
        return
    if not place.is_last_row():
        ax.set_xlabel("")
    if not place.is_first_col():
        ax.set_ylabel("")
        ax.tick_params(labelleft=False)
    if right is not None and not place.is_last_col():
        right.set_ylabel("")
        right.tick_params(labelright=False)


def frame_plane(ax: Axes, a: Array, b: Array) -> None:
    """Make the axes those of the plane of (a, b) between the ends of both."""
    ends = {"xlim": (a[0], a[-1]), "ylim": (b[0], b[-1])}
    ax.set(**ends, xlabel="a (scale)")
    ax.grid(False)
    count_from_near(ax.yaxis, "b (place)", float(b[0]), float(b[-1]))


def count_from_near(axis: Axis, label: str, low: float, high: float) -> None:
    """Label an axis between two values; far from 0 it is told from which round number it counts."""
    far = origin(low, high)
    axis.set_label_text(f"{label} − {far:.17g}" if far else label)
    if far:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value - far:.6g}"))


def _columns(handles: list[Any], most: int, inches: float) -> int:
    """How many columns of labels fit, at 9 pt: half an em a letter, five ems of line and gaps."""
    letters = [len(str(handle.get_label()).replace("$", "")) for handle in handles]
    for columns in range(min(most, len(letters)), 1, -1):
        rows = ceil(len(letters) / columns)
        widths = [max(letters[k : k + rows]) for k in range(0, len(letters), rows)]
        if 0.125 * (0.5 * sum(widths) + 5 * len(widths)) <= inches:
            return columns
    return 1
