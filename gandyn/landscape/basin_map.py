"""Which attractor each state of a map flows to, by the side of the separatrices that it lies on.

The stable manifolds of the saddles are drawn as walls between the cells of the map. Cells that no
wall parts belong to one basin, so one flow from the innermost cell of each part tells for all of
it. A map of a million cells costs a few flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria, on_side, planar_about
from gandyn.landscape.frame import centred, handed_out, place_of
from gandyn.landscape.manifolds import Manifold, manifolds
from gandyn.landscape.parts import parted, witnesses
from gandyn.landscape.plane import Box, Plane
from gandyn.system.checks import Array, Index
from gandyn.system.memory import need_memory
from gandyn.system.results import Result, plain
from gandyn.system.text import show

UNKNOWN = -1
_SAME = 1e-3
_BATCH = 20_000
CELL = 48
"""Bytes that a cell of a map takes while it is made."""
_RTOL, _ATOL = 1e-7, 1e-9
"""Of the flows: relative, and in units of the narrowest width."""


@dataclass(frozen=True, eq=False)
class Basins(Result):
    """A map of where the flow goes.

    Attributes
    ----------
    a, b : ndarray, shapes (A,) and (B,)
    labels : ndarray of int, shape (B, A)
        Index among `equilibria` of the attractor that each state reaches; −1 where it cannot be
        said: on a wall, at a saddle, or where the flow ends nowhere that is known.
    fractions : dict of int to float
        Share of the cells that reach each attractor.
    unknown : float
        Share of the cells with −1.
    walls : tuple of Manifold
        The stable manifolds of the saddles; none where the cells were integrated.
    equilibria : Equilibria
    status : int
        0; −1 where equilibria may be missing, or cells of one part flow to different places.
    message : str
    """

    a: Array
    b: Array
    labels: Index
    fractions: dict[int, float]
    unknown: float
    walls: tuple[Manifold, ...]
    equilibria: Equilibria
    status: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The shares, and the map that they are shares of, as strict JSON has them."""
        at = self.equilibria
        return plain({
            "fractions": [
                {"index": k, "name": at[k].name, "a": at[k].a, "b": at[k].b, "fraction": share}
                for k, share in self.fractions.items()
            ],
            "unknown": self.unknown,
            "box": [*self.a[[0, -1]], *self.b[[0, -1]]],
            "grid": [len(self.a), len(self.b)],
            "status": self.status,
            "message": self.message,
        })  # fmt: skip


def basins(game: Any, a: ArrayLike, b: ArrayLike) -> Basins:
    """Which attractor the flow from each (a, b) of a map reaches.

    Parameters
    ----------
    game : Game or Equilibria
        A game as `equilibria` takes it, or its rest points.
    a, b : array_like, shapes (A,) and (B,)
        Rising; a on one side of 0, that of the rest points.

    Returns
    -------
    Basins

    Raises
    ------
    InputError
        For other axes, or a generator that `equilibria` does not take.

    Notes
    -----
    Cells whose flow leaves the map, or comes from outside, are told like any other: the walls are
    traced in a box that holds both the map and all rest points. Right everywhere but within
    the walls' tolerance, 1e-6, of a wall.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> found = basins(game, [0.5, 1.0, 2.0], [-4.0, 0.0, 4.0])
    >>> found.labels.tolist()
    [[0, 0, 0], [2, 2, 2], [4, 4, 4]]
    """
    columns, rows, found = _map(game, a, b)
    walls = manifolds(found, _around(found.box, columns, rows), forwards=False)
    parts, count, on_wall = parted([wall.theta for wall in walls], columns, rows)
    part, cells = witnesses(parts, on_wall, count)
    starts = np.stack([columns[cells[:, 1]], rows[cells[:, 0]]], axis=1)
    reached, _ = attractors_reached(found, starts)
    of_part = np.full(count, UNKNOWN, dtype=np.intp)
    torn = 0
    for k in np.unique(part):
        known = np.unique(reached[part == k])
        of_part[k] = known[0] if len(known) == 1 else UNKNOWN
        torn += len(known) > 1
    labels = of_part[parts]
    labels[on_wall] = UNKNOWN
    message = f"{count} parts between {len(walls)} walls"
    if torn:
        message += f", in {torn} of which cells flow to different places: left unknown"
    message += "" if found.success else f"; {found.message}"
    status = 0 if found.success and not torn else -1
    shares = _shares(labels, found)
    out = Basins(columns, rows, labels, *shares, walls, found, status, message)
    return handed_out(out, game)


def integrated_basins(game: Any, a: ArrayLike, b: ArrayLike) -> Basins:
    """`basins` by following the flow of every cell: far slower, and a check on it.

    Parameters, returns and errors are those of `basins`.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.Normal(2.0, 0.5))
    >>> integrated_basins(game, [0.3, 1.0], [1.0, 3.0]).fractions
    {0: 1.0}
    """
    columns, rows, found = _map(game, a, b)
    states = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    reached = [
        attractors_reached(found, states[start : start + _BATCH])[0]
        for start in range(0, len(states), _BATCH)
    ]
    labels = np.concatenate(reached).reshape(len(rows), len(columns))
    shares, message = _shares(labels, found), "every cell was integrated"
    out = Basins(columns, rows, labels, *shares, (), found, found.status, message)
    return handed_out(out, game)


def _map(game: Any, a: ArrayLike, b: ArrayLike) -> tuple[Array, Array, Equilibria]:
    """The axes, and the rest points on their side of a = 0."""
    columns, rows = _axis("a", a), _axis("b", b) - place_of(game)
    need_memory(f"a: got {len(columns)} for {len(rows)} of b", CELL * len(columns) * len(rows))
    if columns[0] * columns[-1] <= 0:
        raise InputError(f"a: got {columns[0]:g} to {columns[-1]:g}, must be on one side of 0")
    if not isinstance(game, Equilibria):
        return columns, rows, on_side(Plane(centred(game), columns[0]))
    if columns[0] * game.box[0] < 0:
        raise InputError(
            f"a: got {columns[0]:g} to {columns[-1]:g}, must be on the side of the rest points, "
            f"whose a is {game.box[0]:g} to {game.box[1]:g}"
        )
    return columns, rows, planar_about(game)


def _shares(labels: Index, found: Equilibria) -> tuple[dict[int, float], float]:
    """The share of the cells that reach each attractor, and of those unknown."""
    share = np.bincount(labels.ravel() + 1, minlength=len(found) + 1) / labels.size
    attractors = [k for k, point in enumerate(found) if point.kind == "attractor"]
    return {k: float(share[k + 1]) for k in attractors}, float(share[0])


def _axis(name: str, values: ArrayLike) -> Array:
    try:
        axis = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name}: got {show(values)}, must be rising numbers") from None
    if axis.ndim != 1 or axis.size < 2:
        raise InputError(f"{name}: got shape {axis.shape}, must be rising numbers, two or more")
    if not np.isfinite(axis).all() or not (np.diff(axis) > 0).all():
        raise InputError(f"{name}: got numbers that do not rise, must be finite and rising")
    return axis


def _around(box: Box, a: Array, b: Array) -> Box:
    """A box that holds another and the map."""
    reach = 0.01 * (b[-1] - b[0])
    wide = 0.01 * np.abs(a)
    return (
        min(box[0], a[0] - wide[0]),
        max(box[1], a[-1] + wide[-1]),
        min(box[2], b[0] - reach),
        max(box[3], b[-1] + reach),
    )


def attractors_reached(found: Equilibria, theta: Array, **options: Any) -> tuple[Index, Array]:
    """At which attractor the flow from each (a, b), shape (n, 2), comes to rest, and where it ends.

    −1 where at none, and −1 and nan where the start is not finite, or on the other side of a = 0.
    The options are those of `gradient_flow`.
    """
    plane = found.plane
    out, ends = np.full(len(theta), UNKNOWN, dtype=np.intp), np.full(theta.shape, np.nan)
    good = np.isfinite(theta).all(axis=1) & (theta[:, 0] * plane.side > 0)
    if good.any():
        accuracy = {"rtol": _RTOL, "atol": _ATOL * plane.unit, **options}
        flow = plane.flow(plane.turned(theta[good]), (0.0, np.inf), **accuracy)
        ends[good] = plane.turned(flow.theta[:, -1])
        nearest = found.nearest(ends[good], ("attractor",), _SAME)
        out[good] = np.where(flow.success, nearest, UNKNOWN)
    return out, ends
