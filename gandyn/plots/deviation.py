"""Pictures: training and the exact flow on one clock, and how far the two are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from gandyn.plots.colours import GENERATED, SOLID, TRAINING
from gandyn.plots.style import crown, halo

_FLOW: dict[str, Any] = {"color": GENERATED.colour, "linestyle": SOLID}


def draw_clock(
    ax: Axes,
    t: ArrayLike,
    flow: ArrayLike,
    mean: ArrayLike,
    half_width: ArrayLike,
    label: str,
    *,
    replicas: ArrayLike | None = None,
    confidence: str = "95 %",
    legend: bool = True,
    title: str = "",
) -> Axes:
    """Draw a coordinate of the flow, and the replicas' mean with its confidence band.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    t : array, shape (T,)
        The flow's time at each record.
    flow : array, shape (T,)
        nan where the clocks differ.
    mean, half_width : array, shape (T,)
        Of the replicas; nan where there is no band.
    label : str
        The coordinate's name, such as ``"|a|"``.
    replicas : array, shape (R, T), optional
        Thin lines.
    confidence : str
        Of the band.
    legend : bool
        Whether to put the legend above the axes.
    title : str

    Examples
    --------
    >>> t = np.linspace(0, 4, 30)
    >>> ax = plots.new_figure().subplots()
    >>> b = np.exp(-t)
    >>> plots.draw_clock(ax, t, b, b + 0.1, 0.05 + 0 * t, "b").get_ylabel()
    'b'
    """
    times = np.asarray(t, dtype=float)
    handles = _draw_mean(ax, times, mean, half_width, replicas, confidence)
    exact = np.asarray(flow, dtype=float)
    if np.isfinite(exact).any():
        ax.plot(times, exact, **_FLOW, zorder=3.5)
        handles.insert(0, Line2D([], [], **_FLOW, label="exact flow"))
    ax.set_ylabel(label)
    crown(ax, handles if legend else [], title=title, columns=2)
    return ax


def draw_deviation(
    ax: Axes,
    t: ArrayLike,
    deviation: ArrayLike,
    *,
    mean: ArrayLike | None = None,
    half_width: ArrayLike | None = None,
    confidence: str = "95 %",
    legend: bool = True,
    ylabel: str = "distance from the flow",
    title: str = "",
) -> Axes:
    """Draw each replica's distance from the flow, and their mean.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    t : array, shape (T,)
    deviation : array, shape (R, T)
        In units of x; nan once a replica has ended.
    mean : array, shape (T,), optional
        By default the mean over the replicas that are still there.
    half_width : array, shape (T,), optional
        Of the mean's confidence band.
    confidence : str
        Of the band.
    legend : bool
        Whether to put the legend above the axes.
    ylabel : str
    title : str

    Examples
    --------
    >>> t = np.linspace(0, 4, 30)
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_deviation(ax, t, np.outer([0.1, 0.2, 0.3], t)).get_ylabel()
    'distance from the flow'
    """
    times = np.asarray(t, dtype=float)
    lanes = np.ma.masked_invalid(np.atleast_2d(np.asarray(deviation, dtype=float)))
    middle = lanes.mean(axis=0).filled(np.nan) if mean is None else mean
    half = np.full(times.size, np.nan) if half_width is None else half_width
    handles = _draw_mean(ax, times, middle, half, deviation, confidence)
    ax.set_ylim(bottom=0)
    ax.set_ylabel(ylabel)
    crown(ax, handles if legend else [], title=title, columns=3)
    return ax


def _draw_mean(
    ax: Axes, t: Any, mean: ArrayLike, half_width: ArrayLike, replicas: Any, confidence: str
) -> list[Any]:
    """Thin lines, the band and the line of the mean; returns the legend's entries."""
    middle, half = np.asarray(mean, dtype=float), np.asarray(half_width, dtype=float)
    colour = TRAINING.colour
    handles: list[Any] = []
    if replicas is not None:
        lanes = np.atleast_2d(np.asarray(replicas, dtype=float))
        faint = float(np.clip(3.0 / len(lanes), 0.15, 0.5))
        thin: dict[str, Any] = {"color": colour, "linewidth": 0.7}
        ax.plot(t, lanes.T, **thin, alpha=faint, zorder=1.8)
        handles.append(Line2D([], [], **thin, alpha=0.5, label="a replica"))
    if np.isfinite(middle).any():
        ax.plot(t, middle, **TRAINING.line, path_effects=halo(3.2), zorder=3)
        handles.insert(0, Line2D([], [], **TRAINING.line, label="replicas' mean"))
    if np.isfinite(half).any():
        look: dict[str, Any] = {"facecolor": colour, "alpha": 0.3, "linewidth": 0}
        ax.fill_between(t, middle - half, middle + half, **look, zorder=2.5)
        handles.insert(1, Patch(**look, label=f"its {confidence} band"))
    ax.margins(x=0)
    ax.set_xlabel("time t = rate × generator steps")
    return handles
