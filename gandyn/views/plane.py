"""The plane of (a, b) as pictures show it: which part of it, and all that is drawn there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from gandyn import plots
from gandyn.game import Game
from gandyn.landscape.basin_map import Basins, basins
from gandyn.landscape.census import Equilibria, equilibria
from gandyn.landscape.manifolds import Separatrices
from gandyn.landscape.plane import Box, check_box

Array = NDArray[np.float64]

MANY_KERNELS = 300
"""Above so many kernels the potential is not mapped: it would take minutes."""

NODES = 121
_ABOVE, _BESIDE = 1.4, 1.5
"""The picture's top in units of the largest a, and its margin in b in units of each point's a."""
_LEAST = 0.05
_LEAST_PATH, _MOST_PATH = 0.02, 3.0
"""In units of the picture's top, what a path may do to its range of a."""
_CELLS = 400
_SLOW_NODES, _LEVEL_NODES = 61, 41


def window(found: Equilibria, *paths: Array) -> Box:
    """The part of the plane that has the rest points in it with a margin, and paths (n, 2).

    Paths stretch it only so far: some end at a = 0, and some leave for infinity.
    """
    plane = found.plane
    a_low, a_high, b_low, b_high = plane.mirrored(found.box)
    if len(found):
        a, b = plane.turned(found.theta).T
        unit = _BESIDE * a
        a_high = min(a_high, _ABOVE * float(a.max()))
        a_low = max(a_low, min(_LEAST * a_high, 0.5 * float(a.min())))
        b_low = max(b_low, float((b - unit).min()))
        b_high = min(b_high, float((b + unit).max()))
    tall = b_high - b_low
    ends = [_LEAST_PATH * a_high, b_low - tall], [_MOST_PATH * a_high, b_high + tall]
    for path in map(plane.turned, paths):
        seen = path[np.all((path >= ends[0]) & (path <= ends[1]), axis=1)]
        if len(seen):
            (a_from, b_from), (a_to, b_to) = seen.min(axis=0), seen.max(axis=0)
            reach = 0.05 * max(tall, float(b_to - b_from))
            a_low, a_high = min(a_low, 0.9 * float(a_from)), max(a_high, 1.1 * float(a_to))
            b_low, b_high = min(b_low, float(b_from) - reach), max(b_high, float(b_to) + reach)
    return plane.mirrored((a_low, a_high, b_low, b_high))


def equilibria_across(game: Game, box: Box | None) -> Equilibria:
    """The rest points in the box that fits the data, or in one that holds another box too."""
    found = equilibria(game)
    if box is None:
        return found
    box = check_box(box)
    low, high = np.minimum(found.box, box), np.maximum(found.box, box)
    hull = float(low[0]), float(high[1]), float(low[2]), float(high[3])
    return found if hull == found.box else equilibria(game, hull)


def map_basins(found: Equilibria, box: Box, cells: int = _CELLS) -> Basins:
    """The basins of a part of the plane, on as many cells along a as along b."""
    return basins(found, np.linspace(box[0], box[1], cells), np.linspace(box[2], box[3], cells))


def portrait(
    box: Box,
    walls: Separatrices,
    cells: Basins | None = None,
    *,
    flows: Iterable[Array] = (),
    lines: bool = True,
    nodes: int = NODES,
) -> Figure:
    """The portrait of a part of the plane.

    Parameters
    ----------
    box : (a_low, a_high, b_low, b_high)
    walls : Separatrices
        Of the game and the rest points to be shown.
    cells : Basins, optional
        Mapped here by default.
    flows : iterable of array (T, 2)
    lines : bool
        Whether nullclines and level lines of the potential are drawn.
    nodes : int
        Of the lattice of the force, along each axis; no more than 61 where the data are no sum of
        normals.
    """
    found, game = walls.equilibria, walls.equilibria.game
    order = list(game.generator.scale_and_place)
    count = nodes if game.data.normals is not None else min(nodes, _SLOW_NODES)
    a, b = np.linspace(box[0], box[1], count), np.linspace(box[2], box[3], count)
    with plots.style():
        figure = plots.new_figure((5.6, 5.2 + 0.1 * max(0, len(found.attractors) - 3)))
        plots.draw_portrait(
            figure.subplots(),
            a,
            b,
            game.force(np.stack(np.meshgrid(a, b), axis=-1)[..., order])[..., order],
            equilibria=found,
            separatrices=walls,
            basins=_thinned(map_basins(found, box) if cells is None else cells),
            potential=_potential(game, order, a, b) if lines else None,
            flows=flows,
            nullclines=lines,
        )
    return figure


def _thinned(cells: Basins, most: int = 2 * _CELLS) -> Basins:
    """The same map with no more cells than a picture can show."""
    one, other = (max(1, len(axis) // most) for axis in (cells.a, cells.b))
    labels = cells.labels[::other, ::one]
    return replace(cells, a=cells.a[::one], b=cells.b[::other], labels=labels)


def _potential(game: Game, order: list[int], a: Array, b: Array) -> Array | None:
    """The potential at (b, a), by a spline through a lattice; None where it would take minutes."""
    if kernels(game) > MANY_KERNELS:
        return None
    count = min(len(a), _LEVEL_NODES)
    rough_a, rough_b = np.geomspace(a[0], a[-1], count), np.linspace(b[0], b[-1], count)
    rough_a[[0, -1]] = a[[0, -1]]
    values = np.asarray(
        game.potential(np.stack(np.meshgrid(rough_a, rough_b), axis=-1)[..., order])
    )
    if not np.isfinite(values).any():
        return None
    smooth = bool(np.isfinite(values).all())
    spline = RegularGridInterpolator(
        (rough_b, np.log(np.abs(rough_a))), values, method="cubic" if smooth else "nearest"
    )
    return np.asarray(spline(np.stack(np.meshgrid(b, np.log(np.abs(a)), indexing="ij"), axis=-1)))


def kernels(game: Any) -> int:
    """How many normals the data's density is a sum of: evaluating costs as much."""
    return 1 if game.data.normals is None else len(game.data.normals[0])


def matching_state(game: Game) -> Array | None:
    """The (a, b), a > 0, at which p_g has the data's mean and standard deviation, if they exist."""
    latent, data = game.generator.latent, game.data
    a = data.std / latent.std
    match = np.array([a, data.mean - a * latent.mean])
    return match if np.isfinite(match).all() and a > 0 else None
