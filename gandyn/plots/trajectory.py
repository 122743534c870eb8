"""Picture: the generator's parameters in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.plots.colours import DASHED, DATA, SOLID, parameter_cue
from gandyn.plots.scales import scale_time
from gandyn.plots.style import crown


def draw_trajectory(
    ax: Axes,
    t: ArrayLike,
    theta: ArrayLike,
    *,
    names: Sequence[str] = ("a", "b"),
    data_std: float | None = None,
    data_mean: float | None = None,
    title: str = "",
) -> Axes:
    """Draw every parameter against time; time is logarithmic where the flow spans decades.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
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
    title : str

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
    faint = 1.0 if len(lanes) == 1 else max(0.25, 2.0 / len(lanes))
    handles = []
    for index in range(lanes.shape[-1]):
        cue = parameter_cue(index)
        name = names[index] if index < len(names) else f"θ[{index}]"
        ax.plot(times, lanes[..., index].T, **cue.line, alpha=faint)
        handles.append(Line2D([], [], **cue.line, label=f"{name}(t)"))
        if name == "a" and np.any(lanes[..., index] < 0):
            thin = {**cue.line, "linewidth": 0.9}
            ax.plot(times, np.abs(lanes[..., index]).T, **thin, alpha=faint)
            handles.append(Line2D([], [], **thin, label="|a|(t)"))
    references = (("std", data_std, SOLID), ("mean", data_mean, DASHED))
    for name, level, dashes in references:
        if level is not None and np.isfinite(level):
            look: dict[str, Any] = {"color": DATA.colour, "linestyle": dashes, "linewidth": 0.9}
            ax.axhline(level, **look, zorder=1.5)
            handles.append(Line2D([], [], **look, label=f"data {name}"))
    scale_time(ax, times, np.moveaxis(lanes, 0, -1).reshape(times.size, -1))
    ax.set_ylabel(" and ".join(names[: lanes.shape[-1]]))
    ax.margins(y=0.08)
    crown(ax, handles, title=title, columns=5)
    return ax
