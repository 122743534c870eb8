"""Picture: the plane of (a, b) with all that organises it, the phase portrait.

Only the direction of the force is drawn: its size spans fifty decades.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from gandyn.errors import InputError
from gandyn.plots.cells import draw_cells, draw_levels, lattice, rising, unknown_handle
from gandyn.plots.colours import GENERATED, NULLCLINES, REFERENCE, kind_cue
from gandyn.plots.marks import (
    KINDS,
    attractor_fills,
    kind_mark,
    number_attractors,
    place,
    rest_points,
)
from gandyn.plots.style import axes_inches, bold_number, crown, frame_plane, halo
from gandyn.system.checks import Array

_ARROWS = (17, 15)  # about as many along a and along b
_STILL = 1e-9  # of the force at every neighbour
_FLAT = 1e-8  # of the whole force, a component that is nothing but rounding
_MANIFOLDS = ("stable", 2.4, "separatrix"), ("unstable", 1.1, "unstable manifold")


def draw_portrait(
    ax: Axes,
    a: ArrayLike,
    b: ArrayLike,
    force: ArrayLike,
    *,
    equilibria: Any,
    separatrices: Any = None,
    basins: Any = None,
    potential: ArrayLike | None = None,
    flows: Iterable[ArrayLike] = (),
    nullclines: bool = True,
    title: str = "",
) -> Axes:
    """Draw basins, nullclines, separatrices and rest points over the direction of the flow.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        About six by five inches, for the legend goes above it.
    a, b : array, shapes (A,) and (B,)
        Rising; they need not be evenly spaced.
    force : array, shape (B, A, 2)
        (da/dt, db/dt) of any size, nan where there is none. Nullclines are where a component
        changes sign.
    equilibria : Equilibria, or sequence of Equilibrium
        Marked by kind where they lie in the picture. Attractors are numbered in their order.
    separatrices : Separatrices, optional
        Stable manifolds, the walls between basins, are drawn thick, unstable ones thin.
    basins : Basins, optional
        Of these rest points: light fills, one for each attractor, hatched where it is not known
        (label -1).
    potential : array, shape (B, A), optional
        Drawn as thin level lines.
    flows : iterable of array, shape (T, 2)
        Paths of (a, b), each drawn from an open circle to a filled one.
    nullclines : bool

    Raises
    ------
    InputError
        If a or b does not rise, the shapes do not match, or basins are of other rest points.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> a, b = np.linspace(0.5, 4, 12), np.linspace(-4, 4, 12)
    >>> force = game.force(np.stack(np.meshgrid(a, b), axis=-1))
    >>> found = gandyn.equilibria(game)
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_portrait(ax, a, b, force, equilibria=found).get_xlabel()
    'a (scale)'
    """
    columns, rows = rising("a", a), rising("b", b)
    push = lattice("force", force, (rows.size, columns.size, 2), "(len(b), len(a), 2)")
    frame_plane(ax, columns, rows)

    points = rest_points(equilibria)
    cells, hidden = None if basins is None else np.asarray(basins.labels), False
    numbers = number_attractors(points)
    reached = set() if cells is None else set(np.unique(cells).tolist()) - {-1}
    if not reached <= set(numbers):
        raise InputError("basins: got those of other rest points, must be of `equilibria`")
    fills = attractor_fills(points)
    if cells is not None:
        shades = [fills.get(index, "white") for index in range(len(points))]
        hidden = draw_cells(
            ax, np.asarray(basins.a, dtype=float), np.asarray(basins.b, dtype=float), cells, shades
        )
    levels = draw_levels(ax, columns, rows, potential)
    direction = _directions(push, float(np.ptp(columns)), float(np.ptp(rows)))
    _draw_arrows(ax, columns, rows, direction, points)
    stills = _draw_nullclines(ax, columns, rows, direction) if nullclines else []
    manifolds = _draw_manifolds(ax, separatrices)
    paths = draw_flows(ax, flows)
    seen = {k: point for k, point in enumerate(points) if _inside(ax, point)}
    for kind in reversed(KINDS):
        for point in seen.values():
            if point.kind == kind:
                ax.plot(*place(point), **kind_mark(kind), zorder=5, clip_on=False)
    _draw_numbers(ax, seen, numbers, separatrices)

    named = {k: n for k, n in numbers.items() if k in seen or k in reached}
    handles = _attractor_handles(points, named, None if cells is None else fills)
    handles += [unknown_handle("basin unknown")] if hidden else []
    for kind in KINDS[1:]:
        if any(point.kind == kind for point in seen.values()):
            handles.append(Line2D([], [], **kind_mark(kind), label=kind))
    crown(ax, [*handles, *manifolds, *stills, *paths, *levels], title=title, columns=2)
    return ax


def _attractor_handles(
    points: Sequence[Any], numbers: dict[int, int], fills: dict[int, str] | None
) -> list[Any]:
    """The legend's entries of attractors, on a band of their basin's colour if there are basins."""
    handles: list[Any] = []
    for index, number in numbers.items():
        mark = kind_mark("attractor")
        if fills is not None:
            mark |= {"linestyle": "-", "color": fills[index], "linewidth": 11.0}
        label = f"{number}  {points[index].name}"
        handles.append(Line2D([], [], **mark, solid_capstyle="butt", label=label))
    return handles


def _directions(push: Array, width: float, height: float) -> Array:
    """Unit vectors in units of the picture, nan where there is no force to speak of."""
    # Dividing by the larger component first keeps forces whose squares underflow.
    largest = np.max(np.abs(push), axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = push / largest / np.array([width, height])
        direction = relative / np.hypot(relative[..., :1], relative[..., 1:])
    # At a node that is a rest point the direction is rounding: nullclines go through it.
    size = np.pad(largest[..., 0], 1, mode="edge")
    beside = [size[:-2, 1:-1], size[2:, 1:-1], size[1:-1, :-2], size[1:-1, 2:]]
    direction[largest[..., 0] < _STILL * np.min(beside, axis=0)] = 0.0
    return direction


def _draw_arrows(ax: Axes, a: Array, b: Array, direction: Array, points: Sequence[Any]) -> None:
    columns, rows = (_spread(axis, count) for axis, count in zip((a, b), _ARROWS, strict=True))
    grid = np.ix_(rows, columns)
    # In the units of the axes again, for quiver turns a vector as it turns the axes.
    heading = direction[grid] * np.array([np.ptp(a), np.ptp(b)])
    length = np.hypot(heading[..., 0], heading[..., 1])
    at_a, at_b = np.meshgrid(a[columns], b[rows])
    clear = np.isfinite(length) & (length > 0)
    for point in points:
        beside_a = np.abs(at_a - point.theta[0]) < 0.025 * np.ptp(a)
        clear &= ~(beside_a & (np.abs(at_b - point.theta[1]) < 0.03 * np.ptp(b)))
    if not clear.any():
        return
    heading = heading[clear] / length[clear][:, None]
    look: dict[str, Any] = {"pivot": "mid", "color": REFERENCE.colour, "zorder": 1.5}
    look |= {"angles": "xy", "units": "inches", "scale_units": "inches", "scale": 1 / 0.15}
    look |= {"width": 0.011, "headwidth": 4.5, "headlength": 4.5, "headaxislength": 4.0}
    ax.quiver(at_a[clear], at_b[clear], *heading.T, **look)


def _spread(axis: Array, count: int) -> NDArray[np.int_]:
    """Nodes nearest to ``count`` evenly spaced places, off the borders."""
    wanted = axis[0] + (axis[-1] - axis[0]) * (np.arange(count) + 0.5) / count
    return np.unique(np.abs(axis[:, None] - wanted).argmin(axis=0))


def _draw_nullclines(ax: Axes, a: Array, b: Array, direction: Array) -> list[Line2D]:
    handles = []
    for component, cue, name in zip((0, 1), NULLCLINES, ("da/dt = 0", "db/dt = 0"), strict=True):
        values = np.ma.masked_invalid(direction[..., component])
        values = np.ma.masked_where(_plateau(direction[..., component]), values)
        if values.count() and values.min() < 0 < values.max():
            look: dict[str, Any] = {"linestyles": [cue.linestyle], "linewidths": 1.5, "zorder": 2}
            ax.contour(a, b, values, [0.0], colors=cue.colour, **look)
            handles.append(Line2D([], [], **cue.line, linewidth=1.5, label=name))
    return handles


def _plateau(component: Array) -> NDArray[np.bool_]:
    """Where a component is 0 over an area, and its sign but rounding."""
    flat = np.abs(component) < _FLAT
    core = minimum_filter(flat, 3, mode="nearest")
    return flat & maximum_filter(core, 3, mode="nearest")


def _draw_manifolds(ax: Axes, separatrices: Any) -> list[Line2D]:
    handles = []
    colour = kind_cue("saddle").colour
    for name, width, label in _MANIFOLDS:
        curves = getattr(separatrices, name, ())
        for curve in curves:
            path = np.asarray(curve.theta, dtype=float)
            rim = halo(width + 1.6) if name == "stable" else None
            ax.plot(*path.T, color=colour, linewidth=width, zorder=3, path_effects=rim)
        if curves:
            handles.append(Line2D([], [], color=colour, linewidth=width, label=label))
    return handles


def draw_flows(ax: Axes, flows: Iterable[ArrayLike]) -> list[Line2D]:
    """Draw paths of (a, b), each from an open circle; returns the legend's entry, if any."""
    colour = GENERATED.colour
    mark: dict[str, Any] = {"marker": "o", "markersize": 6.0, "markeredgecolor": colour}
    handle = Line2D([], [], color=colour, **mark, markerfacecolor="white", label="flow, from ○")
    there = False
    for flow in flows:
        path = np.asarray(flow, dtype=float)
        ax.plot(*path.T, color=colour, linewidth=2.2, zorder=4, path_effects=halo(3.8))
        ax.plot(*path[0], **mark, markerfacecolor="white", markeredgewidth=1.8, zorder=4.5)
        there = True
    return [handle] if there else []


def _inside(ax: Axes, point: Any) -> bool:
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    a, b = place(point)
    return left <= a <= right and low <= b <= high


def _draw_numbers(
    ax: Axes, seen: dict[int, Any], numbers: dict[int, int], separatrices: Any
) -> None:
    """Each attractor's number beside it, on the side where most is clear."""
    size = 72 * np.array(axes_inches(ax))
    low = np.array([ax.get_xlim()[0], ax.get_ylim()[0]])
    span = np.array([ax.get_xlim()[1], ax.get_ylim()[1]]) - low
    taken = [(np.array(place(point)) - low) / span * size for point in seen.values()]
    curves = [*getattr(separatrices, "stable", ()), *getattr(separatrices, "unstable", ())]
    ways = [(np.asarray(c.theta, dtype=float) - low) / span * size for c in curves]
    way = np.concatenate([*ways, np.empty((0, 2))])
    turns = np.pi / 4 * np.arange(8)
    sides = 11.0 * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    for index in [k for k in numbers if k in seen]:
        spot = (np.array(place(seen[index])) - low) / span * size
        scores = []
        for side in sides:
            there = spot + side
            room = min(np.hypot(*(there - other)) for other in taken)
            aside = np.hypot(*(way - there).T).min(initial=20.0)
            border = min(*there, *(size - there))
            scores.append(min(room, 12.0) + min(aside, 8.0) + min(border, 8.0))
        side = sides[int(np.argmax(scores))]
        taken.append(spot + side)
        bold_number(ax, str(numbers[index]), place(seen[index]), side, fontsize=10)
