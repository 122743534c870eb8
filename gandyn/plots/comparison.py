"""Pictures: training beside the exact flow, on one clock, in the plane, and how far apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.colours import GENERATED, TRAINING
from gandyn.plots.portrait import draw_flows, draw_portrait
from gandyn.plots.scales import count_steps
from gandyn.plots.style import count_from_near, crown, halo

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
    >>> len(plots.draw_comparison(plots.new_figure((9.6, 6.4)), beside, game).axes)
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
    force = game.force(np.stack(np.meshgrid(a, b), axis=-1))
    draw_portrait(ax, a, b, force, equilibria=comparison.attractors, nullclines=False)
    draw_replica_paths(ax, paths, path, crossed=comparison.crossed)


def _window(states: Any) -> tuple[Any, Any]:
    """Nodes along |a| and b over all states, with a margin; a stays positive."""
    known = states[np.isfinite(states).all(axis=1)]
    low, high = known.min(axis=0), known.max(axis=0)
    room = _MARGIN * np.maximum(high - low, 0.1 * high[0])
    floor = max(low[0] - room[0], 0.02 * high[0])
    a = np.linspace(min(floor, low[0]), high[0] + room[0], _NODES)
    return a, np.linspace(low[1] - room[1], high[1] + room[1], _NODES)


def draw_clock(
    ax: Axes,
    t: ArrayLike,
    flow: ArrayLike,
    mean: ArrayLike,
    half_width: ArrayLike,
    label: str,
    *,
    replicas: ArrayLike | None = None,
    legend: bool = True,
) -> Axes:
    """Draw a coordinate of the flow, and the replicas' mean with its confidence band.

    Parameters
    ----------
    t : array, shape (T,)
        The flow's time at each record.
    flow : array, shape (T,)
        nan where the clocks differ.
    mean, half_width : array, shape (T,)
        Of the replicas, with its 95 % confidence; nan where there is no band.
    label : str
        The coordinate's name, such as ``"|a|"``.
    replicas : array, shape (R, T), optional
        Thin lines.
    legend : bool
        Whether to put the legend above the axes.

    Examples
    --------
    >>> t = np.linspace(0, 4, 30)
    >>> ax = plots.new_figure().subplots()
    >>> b = np.exp(-t)
    >>> plots.draw_clock(ax, t, b, b + 0.1, 0.05 + 0 * t, "b").get_ylabel()
    'b'
    """
    times = np.asarray(t, dtype=float)
    handles = _draw_mean(ax, times, mean, half_width, replicas)
    exact = np.asarray(flow, dtype=float)
    if np.isfinite(exact).any():
        line = ax.plot(times, exact, color=GENERATED.colour, zorder=3.5, label="exact flow")
        handles = line + handles
    count_from_near(ax.yaxis, label, *ax.get_ylim())
    crown(ax, handles if legend else [], columns=2)
    return ax


def draw_deviation(
    ax: Axes,
    t: ArrayLike,
    deviation: ArrayLike,
    *,
    mean: ArrayLike | None = None,
    half_width: ArrayLike | None = None,
    legend: bool = True,
    ylabel: str = "distance from the flow",
) -> Axes:
    """Draw each replica's distance from the flow, and their mean.

    Parameters
    ----------
    t : array, shape (T,)
    deviation : array, shape (R, T)
        In units of x; nan once a replica has ended.
    mean : array, shape (T,), optional
        By default the mean over the replicas that are still there.
    half_width : array, shape (T,), optional
        Of the mean's 95 % confidence band.
    legend : bool
        Whether to put the legend above the axes.
    ylabel : str

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
    handles = _draw_mean(ax, times, middle, half, deviation)
    ax.set_ylim(bottom=0)
    ax.set_ylabel(ylabel)
    crown(ax, handles if legend else [], columns=3)
    return ax


def _draw_mean(
    ax: Axes, t: Any, mean: ArrayLike, half_width: ArrayLike, replicas: Any
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
        look: dict[str, Any] = {"facecolor": colour, "alpha": 0.3, "linewidth": 0, "zorder": 2.5}
        band = ax.fill_between(t, middle - half, middle + half, **look, label="its 95 % band")
        handles.insert(1, band)
    ax.margins(x=0)
    ax.set_xlabel("time t = rate × generator steps")
    return handles


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

    Raises
    ------
    InputError
        If the shapes do not match.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> paths = 1 + 0.1 * rng.normal(size=(3, 20, 2)).cumsum(axis=1)
    >>> plots.draw_replica_paths(plots.new_figure().subplots(), paths).get_ylabel()
    'b (place)'
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
            mark: dict[str, Any] = {"color": TRAINING.colour, "markeredgecolor": "white"}
            mark |= {"linestyle": "none", "marker": marker, "markersize": 5.5, "zorder": 4.8}
            handles += ax.plot(*ends.T, **mark, label=label)
    crown(ax, handles, title=title, columns=2)
    return ax


def _last(path: Any) -> Any:
    """The last state that is finite."""
    good = path[np.isfinite(path).all(axis=1)]
    return good[-1] if len(good) else np.full(2, np.nan)
