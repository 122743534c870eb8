"""Picture: replicas of training beside the exact flow, in the plane and in time."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gandyn.plots.deviation import draw_clock, draw_deviation
from gandyn.plots.marks import rest_points
from gandyn.plots.paths import draw_replica_paths
from gandyn.plots.portrait import draw_portrait
from gandyn.plots.scales import count_steps

_NODES = 41
_MARGIN = 0.1


def draw_comparison(figure: Figure, comparison: Any, game: Any) -> Figure:
    """Fill a figure with the paths in the (a, b) plane, both coordinates and the deviation.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Empty, about 9.6 by 6.4 inches.
    comparison : Comparison
        Where the clocks differ, everything is drawn against the training step, and the flow in
        the plane alone.
    game : Game
        Asked for its ``force`` in the plane.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> plan = gandyn.Settings(discriminator="optimal", steps=20, record_every=5)
    >>> beside = gandyn.compare(game, plan, replicas=3)
    >>> with plots.style():
    ...     figure = plots.draw_comparison(plots.new_figure((9.6, 6.4)), beside, game)
    >>> len(figure.axes)
    4
    """
    grid = figure.add_gridspec(3, 2, width_ratios=(1.15, 1.0))
    _draw_plane(figure.add_subplot(grid[:, 0]), comparison, game)
    panels = [figure.add_subplot(grid[row, 1]) for row in range(3)]
    run, one_clock = comparison.training, comparison.one_clock
    time = comparison.time if one_clock else run.step
    for column, name in enumerate(("|a|", "b")):
        replicas = run.theta[..., column]
        draw_clock(
            panels[column],
            time,
            comparison.flow[:, column],
            comparison.mean[:, column],
            comparison.half_width[:, column],
            name,
            replicas=replicas if column else np.abs(replicas),
            legend=column == 0,
        )
    draw_deviation(
        panels[2],
        time,
        comparison.deviation,
        mean=comparison.deviation_mean,
        half_width=comparison.deviation_half_width,
        legend=False,
        ylabel="distance from flow" if one_clock else "distance from path",
    )
    for ax in panels:
        if not one_clock:
            count_steps(ax.xaxis)
    for ax in panels[:2]:
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    return figure


def _draw_plane(ax: Axes, comparison: Any, game: Any) -> None:
    paths = np.array(comparison.training.theta, dtype=float)
    paths[..., 0] = np.abs(paths[..., 0])
    path = np.asarray(comparison.path, dtype=float)
    a, b = _window(np.concatenate([paths.reshape(-1, 2), path]))
    rest = rest_points(comparison.attractors)
    draw_portrait(
        ax,
        a,
        b,
        game.force(np.stack(np.meshgrid(a, b), axis=-1)),
        equilibria=rest,
        nullclines=False,
    )
    draw_replica_paths(ax, paths, path, crossed=comparison.crossed)


def _window(states: Any) -> tuple[Any, Any]:
    """Nodes along |a| and b over all states, with a margin; a stays positive."""
    known = states[np.isfinite(states).all(axis=1)]
    low, high = known.min(axis=0), known.max(axis=0)
    room = _MARGIN * np.maximum(high - low, 0.1 * np.abs(high).max())
    floor = max(low[0] - room[0], 0.02 * high[0])
    a = np.linspace(min(floor, low[0]), high[0] + room[0], _NODES)
    return a, np.linspace(low[1] - room[1], high[1] + room[1], _NODES)
