"""Pictures of a flow in time: its parameters, its values between their bounds, its potential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.plots.colours import DASHED, DATA, SOLID, divergence_cue, objective_cue, parameter_cue
from gandyn.plots.lines import draw_levels
from gandyn.plots.scales import scale_time, scale_values
from gandyn.plots.style import crown
from gandyn.system.text import origin

_LOG2 = float(np.log(2.0))


def draw_trajectory(
    ax: Axes,
    t: ArrayLike,
    theta: ArrayLike,
    *,
    names: Sequence[str] = ("a", "b"),
    data_std: float | None = None,
    data_mean: float | None = None,
) -> Axes:
    """Draw every parameter against time; time is logarithmic where the flow spans decades.

    Parameters
    ----------
    t : array, shape (T,)
        Times, rising from 0 or later.
    theta : array, shape (T, k) or (n, T, k)
        The parameters along one flow, or along each of n flows.
    names : sequence of str
        One for each parameter. Where ``a`` is negative |a| is drawn too, since |a| is what sets
        the standard deviation of p_g.
    data_std, data_mean : float, optional
        Reference lines for |a| and b. They are p_g's own where the latent has mean 0 and
        standard deviation 1; for another latent give the |a| and the b at which p_g has the
        data's moments.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> flow = gandyn.gradient_flow(game, [1.0, 0.5], (0, 50), t_eval=[0, 5, 20, 50])
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_trajectory(ax, flow.t, flow.theta).get_xlabel()
    'time t'
    """
    times = np.asarray(t, dtype=float)
    lanes = np.asarray(theta, dtype=float)
    lanes = lanes.reshape((-1, *lanes.shape[-2:]))
    known = lanes[np.isfinite(lanes).all(axis=-1)]
    far = np.zeros(lanes.shape[-1])
    if len(known):
        # What lies far from 0 hides how it moves beside what does not.
        reach = np.abs(known).min(axis=-1).max()
        far = np.array([origin(x.min() - reach, x.max() + reach) for x in known.T])
    lanes = lanes - far
    faint = 1.0 if len(lanes) == 1 else max(0.25, 2.0 / len(lanes))
    handles = []
    for index in range(lanes.shape[-1]):
        cue = parameter_cue(index)
        name = names[index] if index < len(names) else f"θ[{index}]"
        ax.plot(times, lanes[..., index].T, **cue.line, alpha=faint)
        minus = f" − {far[index]:.17g}" if far[index] else ""
        handles.append(Line2D([], [], **cue.line, label=f"{name}(t){minus}"))
        if name == "a" and np.any(lanes[..., index] < 0):
            thin = {**cue.line, "linewidth": 0.9}
            ax.plot(times, np.abs(lanes[..., index]).T, **thin, alpha=faint)
            handles.append(Line2D([], [], **thin, label="|a|(t)"))
    if data_mean is not None and far.size > 1:
        data_mean -= far[1]
    for label, level, dashes in (("data std", data_std, SOLID), ("data mean", data_mean, DASHED)):
        if level is not None and np.isfinite(level):
            look: dict[str, Any] = {"color": DATA.colour, "linestyle": dashes, "linewidth": 0.9}
            handles.append(ax.axhline(level, **look, zorder=1.5, label=label))
    scale_time(ax, times, np.moveaxis(lanes, 0, -1).reshape(times.size, -1))
    ax.set_ylabel(" and ".join(names[: lanes.shape[-1]]))
    ax.margins(y=0.08)
    crown(ax, handles, columns=5)
    return ax


def draw_values(
    axes: Sequence[Axes],
    t: ArrayLike,
    value: ArrayLike,
    jsd: ArrayLike,
    potential: ArrayLike,
    *,
    objective: str = "",
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

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> along = game.evaluate([[1.0, 0.5], [2.0, 0.2], [2.6, 0.0]])
    >>> axes = plots.new_figure((5.6, 5)).subplots(2, sharex=True)
    >>> axes = plots.draw_values(axes, [0, 2, 20], along.value, along.jsd, along.potential)
    >>> axes[1].get_xlabel()
    'time t'
    """
    upper, lower = axes
    curves = np.stack([value, jsd], axis=-1)
    handles = upper.plot(t, value, **divergence_cue("value").line, label="V(θ)")
    handles += upper.plot(t, jsd, **divergence_cue("jsd").line, label="JSD(p‖$p_g$)")
    upper.set(ylim=(-2 * _LOG2 - 0.12, _LOG2 + 0.12), ylabel="nats")
    draw_levels(upper, {"log 2": _LOG2, "0": 0.0, "−2 log 2": -2 * _LOG2})
    scale_time(upper, t, curves)
    crown(upper, handles)
    draw_potential(lower, t, potential, objective=objective)
    scale_time(lower, t, curves)
    place, other = upper.get_subplotspec(), lower.get_subplotspec()
    if place is not None and other is not None and place.colspan == other.colspan:
        upper.set_xlabel("")
        upper.tick_params(labelbottom=False)
    return axes


def draw_potential(ax: Axes, t: ArrayLike, potential: ArrayLike, *, objective: str = "") -> Axes:
    """Draw the potential against time, logarithmic where it is positive and spans decades.

    Examples
    --------
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_potential(ax, [0, 2, 20], [1.0, 0.3, 0.2], objective="mse").get_xlabel()
    'time t'
    """
    heights = np.asarray(potential, dtype=float)
    label = f"potential, {objective}" if objective else "potential"
    handles = ax.plot(t, heights, **objective_cue(objective).line, label=label)
    scale_time(ax, t, heights)
    scale_values(ax, [heights])
    if ax.get_yscale() == "linear":
        ax.set_ylim(bottom=min(0.0, *heights[np.isfinite(heights)], 0.0))
    ax.set_ylabel("potential")
    crown(ax, handles)
    return ax
