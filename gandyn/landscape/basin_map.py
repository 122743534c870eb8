"""Which attractor each state of a map flows to, by the side of the separatrices that it lies on.

The stable manifolds of the saddles are drawn as walls between the cells of the map. Cells that no
wall parts belong to one basin, so one flow from the innermost cell of each part tells for all of
it. A map of a million cells costs a few flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.dynamics import gradient_flow
from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria, equilibria
from gandyn.landscape.manifolds import Manifold, manifolds
from gandyn.landscape.parts import parted, witnesses
from gandyn.landscape.plane import Box, check_box
from gandyn.system.plain import plain

__all__ = ["Basins", "basins", "integrated_basins"]

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

UNKNOWN = -1
_SAME = 1e-3
_BATCH = 20_000


@dataclass(frozen=True, eq=False)
class Basins:
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
        0; 1 where equilibria may be missing, or cells of one part flow to different places.
    message : str
    """

    a: Array
    b: Array
    labels: Labels
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
    game : Game
        Of the linear generator.
    a, b : array_like, shapes (A,) and (B,)
        Rising; a above 0.

    Returns
    -------
    Basins

    Raises
    ------
    InputError
        For other axes, or a generator that is not linear.

    Notes
    -----
    Cells whose flow leaves the map, or comes from outside, are told like any other: the walls are
    traced in a box that holds both the map and all rest points. Right everywhere but within
    the walls' tolerance, 1e-6, of a wall.
    """
    columns, rows = _axis("a", a), _axis("b", b)
    found = equilibria(game)
    walls = manifolds(found, _around(found.box, columns, rows), forwards=False)
    parts, count, on_wall = parted([wall.theta for wall in walls], columns, rows)
    part, cells = witnesses(parts, on_wall, count)
    reached = attractors_reached(
        game, found, np.stack([columns[cells[:, 1]], rows[cells[:, 0]]], axis=1)
    )
    of_part = np.full(count, UNKNOWN, dtype=np.intp)
    torn = 0
    for k in range(count):
        known = reached[part == k]
        if known.size and (known == known[0]).all():
            of_part[k] = known[0]
        elif known.size:
            torn += 1
    labels = of_part[parts]
    labels[on_wall] = UNKNOWN
    message = f"{count} parts between {len(walls)} walls"
    if torn:
        message += f", in {torn} of which cells flow to different places: left unknown"
    message += "" if not found.status else f"; {found.message}"
    return _basins(columns, rows, labels, walls, found, int(bool(torn or found.status)), message)


def integrated_basins(game: Any, a: ArrayLike, b: ArrayLike) -> Basins:
    """`basins` by following the flow of every cell: far slower, and a check on it.

    Parameters, returns and errors are those of `basins`.
    """
    columns, rows = _axis("a", a), _axis("b", b)
    found = equilibria(game)
    states = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    labels = np.concatenate(
        [
            attractors_reached(game, found, states[start : start + _BATCH])
            for start in range(0, len(states), _BATCH)
        ]
    ).reshape(len(rows), len(columns))
    return _basins(columns, rows, labels, (), found, found.status, "every cell was integrated")


def _basins(
    a: Array,
    b: Array,
    labels: Labels,
    walls: tuple[Manifold, ...],
    found: Equilibria,
    status: int,
    message: str,
) -> Basins:
    share = np.bincount(labels.ravel() + 1, minlength=len(found) + 1) / labels.size
    fractions = {
        k: float(share[k + 1]) for k, point in enumerate(found) if point.kind == "attractor"
    }
    return Basins(a, b, labels, fractions, float(share[0]), walls, found, status, message)


def _axis(name: str, values: ArrayLike) -> Array:
    try:
        axis = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: got {values!r:.60}, must be rising numbers") from None
    if axis.ndim != 1 or axis.size < 2:
        raise InputError(f"{name}: got shape {axis.shape}, must be rising numbers, two or more")
    if not np.isfinite(axis).all() or not (np.diff(axis) > 0).all():
        raise InputError(f"{name}: got numbers that do not rise, must be finite and rising")
    if name == "a" and axis[0] <= 0:
        raise InputError(f"a: got {axis[0]:g}, must be above 0")
    return axis


def _around(box: Box, a: Array, b: Array) -> Box:
    """A box that holds another and the map."""
    reach = 0.01 * (b[-1] - b[0])
    return check_box(
        (
            min(box[0], 0.99 * a[0]),
            max(box[1], 1.01 * a[-1]),
            min(box[2], b[0] - reach),
            max(box[3], b[-1] + reach),
        )
    )


def attractors_reached(
    game: Any, found: Equilibria, states: Array, max_steps: int = 10_000
) -> Labels:
    """The attractor that the flow from each state (n, 2) comes to rest at, or −1."""
    span = (0.0, np.inf)
    flow = gradient_flow(game, states, span, rtol=1e-7, atol=1e-9, max_steps=max_steps)
    if (flow.status == -3).any():  # Ctrl-C, which flows keep to themselves
        raise KeyboardInterrupt
    ends = flow.theta[:, -1]
    known = (flow.status >= 0) & np.isfinite(ends).all(axis=1)
    out = np.full(len(states), UNKNOWN, dtype=np.intp)
    out[known] = found.nearest(ends[known], ("attractor",), _SAME)
    return out
