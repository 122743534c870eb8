"""Picture: the value V, JSD and the potential along a flow, between the bounds of theory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.plots.colours import divergence_cue, objective_cue
from gandyn.plots.lines import draw_levels
from gandyn.plots.scales import scale_time, scale_values
from gandyn.plots.style import crown

_LOG2 = float(np.log(2.0))


def draw_values(
    axes: Sequence[Axes],
    t: ArrayLike,
    value: ArrayLike,
    jsd: ArrayLike,
    potential: ArrayLike,
    *,
    objective: str = "",
    title: str = "",
) -> Sequence[Axes]:
    """Draw V and JSD in the first axes, the potential that the flow descends in the second.

    Parameters
    ----------
    axes : pair of Axes
        One above the other or side by side; the two get the same time axis.
    t : array, shape (T,)
    value, jsd, potential : array, shape (T,)
        In nats.
    objective : str
        Its name gives the potential's line its colour and its label.
    title : str

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> flow = gandyn.gradient_flow(game, [1.0, 0.5], (0, 50), t_eval=[0, 5, 20, 50])
    >>> along = game.evaluate(flow.theta)
    >>> with plots.style():
    ...     axes = plots.new_figure((5.6, 5)).subplots(2, sharex=True)
    ...     axes = plots.draw_values(axes, flow.t, along.value, along.jsd, along.potential)
    >>> axes[1].get_xlabel()
    'time t'
    """
    upper, lower = axes
    curves = np.stack([np.asarray(value, dtype=float), np.asarray(jsd, dtype=float)], axis=-1)
    names = ("value", "jsd")
    labels = ("V(θ)", "JSD(p‖$p_g$)")
    handles = []
    for column, name, label in zip(curves.T, names, labels, strict=True):
        upper.plot(t, column, **divergence_cue(name).line)
        handles.append(Line2D([], [], **divergence_cue(name).line, label=label))
    upper.set(ylim=(-2 * _LOG2 - 0.12, _LOG2 + 0.12), ylabel="nats")
    draw_levels(upper, {"log 2": _LOG2, "0": 0.0, "−2 log 2": -2 * _LOG2})
    scale_time(upper, t, curves)
    crown(upper, handles, title=title)
    draw_potential(lower, t, potential, objective=objective)
    scale_time(lower, t, curves)
    place, other = upper.get_subplotspec(), lower.get_subplotspec()
    if place is not None and other is not None and place.colspan == other.colspan:
        upper.set_xlabel("")
        upper.tick_params(labelbottom=False)
    return axes


def draw_potential(
    ax: Axes, t: ArrayLike, potential: ArrayLike, *, objective: str = "", title: str = ""
) -> Axes:
    """Draw the potential against time, logarithmic where it is positive and spans decades.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> flow = gandyn.gradient_flow(game, [1.0, 0.5], (0, 50), t_eval=[0, 5, 20, 50])
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_potential(ax, flow.t, flow.potential, objective="nonsaturating").get_xlabel()
    'time t'
    """
    heights = np.asarray(potential, dtype=float)
    cue = objective_cue(objective)
    ax.plot(t, heights, **cue.line)
    scale_time(ax, t, heights)
    scale_values(ax, [heights])
    if ax.get_yscale() == "linear":
        ax.set_ylim(bottom=min(0.0, *heights[np.isfinite(heights)], 0.0))
    ax.set_ylabel("potential")
    label = f"potential, {objective}" if objective else "potential"
    crown(ax, [Line2D([], [], **cue.line, label=label)], title=title)
    return ax
