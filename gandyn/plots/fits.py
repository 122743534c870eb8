"""Picture: one target density and what several objectives make of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.plots.colours import DATA, objective_cue
from gandyn.plots.style import crown


def draw_fits(
    ax: Axes,
    x: ArrayLike,
    data: ArrayLike,
    fits: Mapping[str, ArrayLike],
    *,
    labels: Mapping[str, str] | None = None,
    title: str = "",
) -> Axes:
    """Draw p, filled, and the fitted p_g of each objective in the objective's colour.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : array, shape (m,)
    data : array, shape (m,)
        The density p.
    fits : mapping of str to array, shape (m,)
        The fitted density for each objective's name.
    labels : mapping of str to str, optional
        What the legend calls an objective, such as
        ``{"forward_kl": "forward KL: covers both modes"}``.
    title : str

    Examples
    --------
    >>> x, data = np.linspace(-6, 6, 99), gandyn.parse("0.5*N(-2, 1) + 0.5*N(2, 1)")
    >>> fits = {"forward_kl": gandyn.Normal(0, 2.2).pdf(x)}
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_fits(ax, x, data.pdf(x), fits).get_ylabel()
    'density'
    """
    names = labels or {}
    places, target = np.asarray(x, dtype=float), np.asarray(data, dtype=float)
    ax.fill_between(places, 0, target, color=DATA.colour, alpha=0.16, linewidth=0)
    ax.plot(places, target, **DATA.line)
    handles = [Line2D([], [], **DATA.line, label="p, data")]
    for name, density in fits.items():
        cue = objective_cue(name)
        ax.plot(places, np.asarray(density, dtype=float), **cue.line)
        handles.append(Line2D([], [], **cue.line, label=names.get(name, name)))
    ax.set_ylim(bottom=0)
    ax.set(xlim=(places[0], places[-1]), xlabel="x", ylabel="density")
    crown(ax, handles, title=title, columns=3 if len(handles) != 4 else 2)
    return ax
