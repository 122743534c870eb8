"""Pictures: which attractor lies behind which pass, and the way over each pass.

The tree is a disconnectivity graph (Becker and Karplus, J. Chem. Phys. 106, 1997): below the
height at which two branches meet, nothing leads from the one to the other.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from gandyn.plots.colours import DOTTED, INK, REFERENCE, kind_cue
from gandyn.plots.marks import attractor_fills, kind_mark, number_attractors, place, rest_points
from gandyn.plots.style import axes_inches, crown, note
from gandyn.system.polyline import length
from gandyn.system.text import beside

_LETTER = 0.072  # inches, of 9 pt text
_TRUNK: dict[str, Any] = {"color": INK, "linewidth": 1.8, "solid_capstyle": "projecting"}
_LOOSE: dict[str, Any] = {"color": INK, "linewidth": 1.8, "linestyle": DOTTED}
_PROFILE: dict[str, Any] = {"color": INK, "linewidth": 1.8}
_HEIGHT: dict[str, Any] = {"va": "bottom", "fontsize": 9, "color": kind_cue("saddle").colour}


def draw_barrier_tree(ax: Axes, barriers: Any, *, title: str = "") -> Axes:
    """Draw the attractors as leaves at their potentials, joined at the potentials of the passes.

    Beneath each leaf stands its barrier, the climb to the lowest pass that leads out; beside each
    pass stands its potential. A branch that meets no other is dotted.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        An inch wide for each attractor.
    barriers : Barriers
        Of it, ``equilibria`` and ``tree``.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> found = gandyn.barriers(game)
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_barrier_tree(ax, found).get_ylabel()
    'potential'
    """
    points = rest_points(barriers.equilibria)
    numbers = number_attractors(points)
    order = _order(barriers.tree, points, list(numbers))
    across = {index: float(spot) for spot, index in enumerate(order)}
    heights = [float(points[index].potential) for index in order]
    passes = [float(merge.potential) for merge in barriers.tree]
    low, high = min([*heights, *passes], default=0.0), max([*heights, *passes], default=1.0)
    room = (high - low) or abs(high) or 1.0
    ax.set_ylim(low - 0.2 * room, high + 0.16 * room)

    # Each group of leaves by its members: where its branch stands, how high it has grown, and the
    # side on which its parent is: 1 right, -1 left.
    groups = {frozenset([k]): (across[k], float(points[k].potential)) for k in order}
    side: dict[frozenset[int], int] = {}
    for merge in barriers.tree:
        left, right = (np.mean([across[k] for k in part]) for part in (merge.left, merge.right))
        way = 1 if left < right else -1
        side |= {frozenset(merge.left): way, frozenset(merge.right): -way}
    climbs: dict[int, float] = {}
    for merge in barriers.tree:
        top = float(merge.potential)
        ends = []
        for part in (frozenset(merge.left), frozenset(merge.right)):
            spot, foot = groups.pop(part)
            ax.plot([spot, spot], [foot, top], **_TRUNK, zorder=2)
            ends.append(spot)
            if len(part) == 1:
                climbs[next(iter(part))] = top - foot
        middle = 0.5 * (ends[0] + ends[1])
        ax.plot(ends, [top, top], **_TRUNK, zorder=2)
        ax.plot(middle, top, **kind_mark("saddle"), zorder=4)
        joined = frozenset(merge.left) | frozenset(merge.right)
        groups[joined] = (middle, top)
        # Beside the branch that goes on upwards, on the side where its parent is not.
        away = -side.get(joined, 0 if len(joined) == len(order) else -1)
        side_of = ("right", "center", "left")[away + 1]
        note(ax, f"{top:.4g}", (middle, top), (6 * away, 6), ha=side_of, **_HEIGHT)
    if len(groups) > 1:
        for spot, foot in groups.values():
            ax.plot([spot, spot], [foot, ax.get_ylim()[1]], **_LOOSE, zorder=2)
    for index in order:
        _draw_leaf(ax, across[index], float(points[index].potential), climbs.get(index))
    _name_leaves(ax, points, order)
    handles = [Line2D([], [], **kind_mark("attractor"), label="attractor, and the climb out of it")]
    if passes:
        handles.append(Line2D([], [], **kind_mark("saddle"), label="pass, and its potential"))
    crown(ax, handles, title=title, columns=2)
    return ax


def draw_paths(ax: Axes, barriers: Any, *, title: str = "") -> Axes:
    """Draw the potential along the minimum-energy paths, from attractor to attractor.

    Every path is one unit long, its own length shared out evenly; paths that meet at an attractor
    are drawn one after the other. Above each saddle stand the climbs to it, → from the left
    and ← from the right.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        An inch wide for each attractor.
    barriers : Barriers
        Of it, ``equilibria`` and ``barriers``.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> found = gandyn.barriers(game)
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_paths(ax, found).get_ylabel()
    'potential'
    """
    points = rest_points(barriers.equilibria)
    numbers = number_attractors(points)
    stops: list[int] = []
    for walk in _walks(barriers.barriers, list(numbers)):
        for count, (barrier, begin) in enumerate(walk):
            spot = len(stops) - 1 if count else len(stops)
            end = barrier.end if begin == barrier.start else barrier.start
            stops += [end] if count else [begin, end]
            _draw_path(ax, barrier, float(spot), begin, points)
    stops += [index for index in numbers if index not in stops]
    for spot, index in enumerate(stops):
        ax.plot(spot, float(points[index].potential), **kind_mark("attractor"), zorder=4)
    _, tall = axes_inches(ax)
    low, high = ax.dataLim.intervaly if stops else (0.0, 1.0)
    room = (high - low) or abs(high) or 1.0
    ax.set_ylim(low - 0.1 * room, high + 0.7 * room / max(tall - 0.7, 0.7))
    _name_leaves(ax, points, stops)
    handles = [
        Line2D([], [], **_PROFILE, label="along the path of least energy"),
        Line2D([], [], **kind_mark("saddle"), label="saddle, and the climbs → and ←"),
    ]
    crown(ax, handles if barriers.barriers else [], title=title, columns=2)
    return ax


def _draw_path(ax: Axes, barrier: Any, spot: float, begin: int, points: Any) -> None:
    """One path from ``spot`` to ``spot + 1``, with the attractor ``begin`` on its left."""
    path = np.asarray(barrier.path, dtype=float)
    along = length(path)
    along /= along[-1] or 1.0
    away = np.hypot(*(path - place(points[barrier.saddle])).T)
    there = float(along[int(np.argmin(away))])
    climbs = [float(barrier.height_from), float(barrier.height_to)]
    if begin != barrier.start:
        along, there, climbs = 1 - along, 1 - there, climbs[::-1]
    ax.plot(spot + along, np.asarray(barrier.potential, dtype=float), **_PROFILE, zorder=2)
    summit = float(points[barrier.start].potential) + float(barrier.height_from)
    ax.plot(spot + there, summit, **kind_mark("saddle"), zorder=4)
    text = f"→ {_short(climbs[0])}\n← {_short(climbs[1])}"
    note(ax, text, (spot + there, summit), (0, 7), **_HEIGHT)


def _walks(barriers: Any, leaves: list[int]) -> list[list[tuple[Any, int]]]:
    """The paths in walks from attractor to attractor, each path once, with where it is entered."""
    left = list(barriers)
    walks: list[list[tuple[Any, int]]] = []
    while left:
        ways = {k: sum(k in (barrier.start, barrier.end) for barrier in left) for k in leaves}
        # A walk through all paths can only begin where their number is odd.
        here = min((k for k in leaves if ways[k]), key=lambda k: (ways[k] % 2 == 0, k))
        walk = []
        while onwards := [barrier for barrier in left if here in (barrier.start, barrier.end)]:
            barrier = onwards[0]
            left = [other for other in left if other is not barrier]
            walk.append((barrier, here))
            here = barrier.end if here == barrier.start else barrier.start
        walks.append(walk)
    return walks


def _order(tree: Any, points: Any, leaves: list[int]) -> list[int]:
    """The leaves from left to right: no branches cross, and b rises where it can."""
    groups = {frozenset([index]): [index] for index in leaves}
    for merge in tree:
        parts = [groups.pop(frozenset(part)) for part in (merge.left, merge.right)]
        parts.sort(key=lambda part: _mean_b(points, part))
        groups[frozenset(parts[0] + parts[1])] = parts[0] + parts[1]
    rows = sorted(groups.values(), key=lambda part: _mean_b(points, part))
    return [index for row in rows for index in row]


def _mean_b(points: Any, part: list[int]) -> float:
    return float(np.mean([place(points[index])[1] for index in part]))


def _draw_leaf(ax: Axes, spot: float, foot: float, climb: float | None) -> None:
    guide: dict[str, Any] = {"color": REFERENCE.colour, "linewidth": 0.7, "linestyle": (0, (1, 3))}
    ax.plot([spot, spot], [ax.get_ylim()[0], foot], **guide, zorder=1)
    ax.plot(spot, foot, **kind_mark("attractor"), zorder=4)
    text = "no pass" if climb is None else _short(climb)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    note(ax, text, (spot, foot), (0, -8), va="top", fontsize=9, color=INK, bbox=box, zorder=3)


def _name_leaves(ax: Axes, points: Any, leaves: list[int]) -> None:
    """The axes, with number, name and (a, b) of each leaf in lines that fit beside each other."""
    wide, _ = axes_inches(ax)
    numbers, fills = number_attractors(points), attractor_fills(points)
    letters = max(8, int(wide / (len(leaves) + 0.2) / _LETTER) - 1)
    labels = []
    for index in leaves:
        a, b = place(points[index])
        # No break after the number: textwrap leaves such a space alone.
        name = f"{numbers[index]}\u00a0{points[index].name}"
        labels.append(
            f"{_even_lines(name, letters)}\n({_short(a)}, {beside(b, abs(a), 3).replace('-', '−')})"
        )
    ax.set_xticks(range(len(leaves)), labels)
    for index, label in zip(leaves, ax.get_xticklabels(), strict=True):
        label.set_bbox({"facecolor": fills[index], "edgecolor": "none", "pad": 2.5})
    ax.tick_params(axis="x", length=0, pad=6)
    xlim = (-0.6, max(len(leaves), 1) - 0.4)
    ax.set(xlim=xlim, xlabel="attractor and its (a, b)", ylabel="potential")
    ax.grid(axis="x", visible=False)


def _even_lines(text: str, most: int) -> str:
    """The text in as few lines as fit, about equally long."""
    count = len(wrap(text, most, break_long_words=False))
    letters = range(len(text) // count, most)
    fits = (k for k in letters if k and len(wrap(text, k, break_long_words=False)) == count)
    return "\n".join(wrap(text, next(fits, most), break_long_words=False))


def _short(value: float) -> str:
    digits = f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
    return digits.replace("-", "−")
