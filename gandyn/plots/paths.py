"""Picture: where replicas of training go in the plane of (a, b), over its portrait."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.colours import TRAINING
from gandyn.plots.portrait import draw_flows
from gandyn.plots.style import crown

_END: dict[str, Any] = {"color": TRAINING.colour, "markeredgecolor": "white"}


def draw_replica_paths(
    ax: Axes,
    paths: ArrayLike,
    flow: ArrayLike | None = None,
    *,
    crossed: ArrayLike | None = None,
    title: str = "",
) -> Axes:
    """Draw each replica's path, thin, and the exact flow's, and mark where they end.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Best with a portrait in it, drawn before by ``draw_portrait``: its limits stay and its
        legend is kept. On empty axes the limits follow the paths.
    paths : array, shape (R, T, 2)
        (a, b) of each replica at each record. −a does what a does, so that |a| is drawn; a path
        stops where it is not finite.
    flow : array, shape (K, 2), optional
        The flow's path from the same start.
    crossed : array of bool, shape (R,), optional
        Which replicas end in another basin than the flow: marked by a diamond.
    title : str

    Raises
    ------
    InputError
        If the shapes do not match.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> paths = 1 + 0.1 * rng.normal(size=(3, 20, 2)).cumsum(axis=1)
    >>> with plots.style():
    ...     ax = plots.new_figure().subplots()
    ...     ax = plots.draw_replica_paths(ax, paths)
    >>> len(ax.lines) >= 3
    True
    """
    states = np.array(paths, dtype=float)
    if states.ndim != 3 or states.shape[-1] != 2:
        raise InputError(f"paths: got shape {states.shape}, must be (R, T, 2)")
    strays = np.zeros(len(states), bool) if crossed is None else np.asarray(crossed, dtype=bool)
    if strays.shape != states.shape[:1]:
        raise InputError(f"crossed: got shape {strays.shape}, must be {states.shape[:1]}")
    states[..., 0] = np.abs(states[..., 0])
    legend = ax.get_legend()
    handles = [] if legend is None else list(legend.legend_handles)
    if legend is None:
        ax.set_xlabel("|a| (scale)")
        ax.set_ylabel("b (place)")

    thin: dict[str, Any] = {"color": TRAINING.colour, "linewidth": 0.8}
    faint = float(np.clip(8.0 / len(states), 0.35, 0.8))
    ax.plot(states[..., 0].T, states[..., 1].T, **thin, alpha=faint, zorder=3.6)
    handles.append(Line2D([], [], **thin, label="training, each replica"))
    handles += draw_flows(ax, [] if flow is None else [flow])
    for stray, marker, label in (
        (False, "o", "end of a replica"),
        (True, "D", "end in another basin"),
    ):
        ends = np.array([_last(path) for path in states[strays == stray]])
        if ends.size:
            mark: dict[str, Any] = {**_END, "marker": marker, "markersize": 5.5}
            ax.plot(*ends.T, linestyle="none", **mark, zorder=4.8)
            handles.append(Line2D([], [], linestyle="none", **mark, label=label))
    crown(ax, handles, title=title or ax.get_title(), columns=2)
    return ax


def _last(path: Any) -> Any:
    """The last state that is finite."""
    good = path[np.isfinite(path).all(axis=1)]
    return good[-1] if len(good) else np.full(2, np.nan)
