"""Pictures: labelled curves against a parameter with their laws; densities fitted to a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from gandyn.plots.colours import DATA, REFERENCE, Cue, objective_cue
from gandyn.plots.style import axes_inches, crown, note

_APART = 11.0  # points between the names of two levels


@dataclass(frozen=True)
class Curve:
    """One curve of a line picture.

    Parameters
    ----------
    x, y : array, shape (m,)
    label : str
    cue : Cue
        From ``objective_cue(name)``, ``divergence_cue(name)`` or ``Cue(ramp(n)[k])``.
    law : bool
        True for a closed form or an asymptote: drawn thin, dashed and dark, over the curve
        that it explains.
    """

    x: ArrayLike
    y: ArrayLike
    label: str
    cue: Cue
    law: bool = False


def draw_lines(
    ax: Axes,
    curves: Sequence[Curve],
    *,
    xlabel: str,
    ylabel: str,
    xscale: str = "linear",
    yscale: str = "linear",
    ylim: tuple[float, float] | None = None,
    bounds: Mapping[str, float] | None = None,
    columns: int = 3,
) -> Axes:
    """Draw curves against a parameter, with the legend above them.

    Parameters
    ----------
    curves : sequence of Curve
    xlabel, ylabel : str
    xscale, yscale : str
        ``"linear"`` or ``"log"``; what is not positive does not appear on a logarithmic axis.
    ylim : tuple of float, optional
    bounds : mapping of str to float, optional
        Labelled horizontal lines, such as ``{"log 2": math.log(2)}``.
    columns : int
        Columns of the legend.

    Examples
    --------
    >>> x = np.geomspace(0.1, 10, 50)
    >>> square = plots.Curve(x, x**2, "square", plots.objective_cue("mse"))
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_lines(ax, [square], xlabel="x", ylabel="x²", yscale="log").get_yscale()
    'log'
    """
    ax.set(xscale=xscale, yscale=yscale)
    handles: list[Any] = []
    for curve in curves:
        x, y = np.asarray(curve.x, dtype=float), np.asarray(curve.y, dtype=float)
        look = dict(curve.cue.line)
        if curve.law:
            look |= {"linestyle": (0, (2.5, 2.5)), "color": "#333333", "linewidth": 1.3}
        shown = np.isfinite(y) & ((y > 0) | (yscale != "log"))
        order = 3 if curve.law else 2
        handles += ax.plot(x, np.where(shown, y, np.nan), **look, zorder=order, label=curve.label)
    ax.margins(x=0)
    if ylim is not None:
        ax.set_ylim(*ylim)
    draw_levels(ax, bounds or {})
    for axis, scale in ((ax.xaxis, xscale), (ax.yaxis, yscale)):
        if scale == "log":
            axis.set_major_locator(LogLocator(numticks=8))
            axis.set_minor_formatter(NullFormatter())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    crown(ax, handles, columns=columns)
    return ax


def draw_fits(
    ax: Axes,
    x: ArrayLike,
    data: ArrayLike,
    fits: Mapping[str, ArrayLike],
    *,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw p, filled, and the fitted p_g of each objective in the objective's colour.

    Parameters
    ----------
    x : array, shape (m,)
    data : array, shape (m,)
        The density p.
    fits : mapping of str to array, shape (m,)
        The fitted density for each objective's name.
    labels : mapping of str to str, optional
        What the legend calls an objective, such as
        ``{"forward_kl": "forward KL: covers both modes"}``.

    Examples
    --------
    >>> x, data = np.linspace(-6, 6, 99), gandyn.parse("0.5*N(-2, 1) + 0.5*N(2, 1)")
    >>> fits = {"forward_kl": gandyn.Normal(0, 2.2).pdf(x)}
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_fits(ax, x, data.pdf(x), fits).get_ylabel()
    'density'
    """
    curves = [Curve(x, data, "p, data", DATA)]
    for name, density in fits.items():
        curves.append(Curve(x, density, (labels or {}).get(name, name), objective_cue(name)))
    ax.fill_between(x, 0, data, color=DATA.colour, alpha=0.16, linewidth=0)
    columns = 3 if len(curves) != 4 else 2
    draw_lines(ax, curves, xlabel="x", ylabel="density", columns=columns)
    ax.set_ylim(bottom=0)
    return ax


def draw_levels(ax: Axes, levels: Mapping[str, float]) -> None:
    """Draw dashed horizontal lines, with their names to the right of the axes.

    Names of lines that are close to each other are moved apart, once the limits are as they stay.
    """
    for level in levels.values():
        ax.axhline(level, **REFERENCE.line, linewidth=0.8, zorder=1.5)
    ordered = sorted(levels.items(), key=lambda item: item[1])
    heights = ax.transScale.transform([(1.0, level) for _, level in ordered] or [(1.0, 1.0)])[:, 1]
    bottom, top = ax.transScale.transform([(1.0, limit) for limit in ax.get_ylim()])[:, 1]
    points = 72 * axes_inches(ax)[1] * (heights - bottom) / (top - bottom)
    places = points.copy()
    for k in range(1, len(ordered)):
        places[k] = max(places[k], places[k - 1] + _APART)
    places -= 0.5 * np.max(places - points)
    for (label, level), shift in zip(ordered, places - points, strict=False):
        look = {"ha": "left", "fontsize": 8, "color": REFERENCE.colour}
        note(ax, label, (1.0, level), (4, shift), xycoords=("axes fraction", "data"), **look)
