"""The mountain passes between attractors: how high, along which way, and how often crossed.

In a gradient flow the least of all highest points on the ways between two attractors is a saddle,
and the way is made of unstable manifolds: down from the saddle on both sides. Saddles taken in the
order of their potential join attractors to a tree (Kruskal's algorithm): the disconnectivity graph
of Becker and Karplus, "The topology of multidimensional potential energy surfaces" (1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria, Equilibrium, equilibria
from gandyn.landscape.manifolds import Manifold, manifolds
from gandyn.landscape.plane import Plane
from gandyn.system.plain import Plain, columns, plain

__all__ = ["Barrier", "Barriers", "Merge", "barriers", "eyring_kramers", "rise"]

Array = NDArray[np.float64]

_POINTS = 60
"""Points of a path on each side of a saddle."""
_RULES = (64, 40)
_JUMP = 1e-9
_PLACES = np.array([0.23, 0.48, 0.71])


@dataclass(frozen=True, eq=False)
class Barrier(Plain):
    """The mountain pass between two attractors.

    Attributes
    ----------
    start, end : int
        Indices of the attractors among the equilibria, start < end.
    saddle : int
        Index of the pass: the saddle that is highest on the way, on the way where that is lowest.
    height_from, height_to : float
        Potential of the pass above that of `start` and of `end`.
    error : float
        Estimate of the absolute error of the heights.
    prefactor_from, prefactor_to : float
        Eyring and Kramers: for dθ = −∇U dt + √(2D) dW a state leaves its basin over the pass at the
        rate prefactor · exp(−height/D) for small D, in 1/units of time.
    path : ndarray, shape (n, 2)
        The minimum-energy path from `start` to `end`, over every saddle on its way.
    potential : ndarray, shape (n,)
        Along the path.
    """

    start: int
    end: int
    saddle: int
    height_from: float
    height_to: float
    error: float
    prefactor_from: float
    prefactor_to: float
    path: Array
    potential: Array

    shown = ("height_from", "height_to", "error", "prefactor_from", "prefactor_to")


@dataclass(frozen=True)
class Merge(Plain):
    """One joint of the tree: at this potential two groups of attractors become one.

    Attributes
    ----------
    saddle : int
    potential : float
    left, right : frozenset of int
        Indices of the attractors that the saddle joins.
    """

    saddle: int
    potential: float
    left: frozenset[int]
    right: frozenset[int]


@dataclass(frozen=True, eq=False)
class Barriers(Plain):
    """All barriers of a game.

    Attributes
    ----------
    barriers : tuple of Barrier
        One for each pair of attractors that a way within the box joins.
    tree : tuple of Merge
        Rising in potential.
    equilibria : Equilibria
    status : int
        0; 1 where rest points may be missing or a pair of attractors is not joined.
    message : str
    """

    barriers: tuple[Barrier, ...]
    tree: tuple[Merge, ...]
    equilibria: Equilibria
    status: int
    message: str

    shown = ("tree", "status", "message")

    def as_dict(self) -> dict[str, Any]:
        """Every barrier with its path, the tree and the rest points as strict JSON has them."""

        def state(index: int) -> dict[str, Any]:
            point = self.equilibria[index].as_dict()
            return {"index": index} | {key: point[key] for key in ("a", "b", "potential", "name")}

        barriers = [
            {"from": state(barrier.start), "to": state(barrier.end)}
            | barrier.as_dict()
            | {"saddle": state(barrier.saddle)}
            | {"path": plain({**columns(barrier.path), "potential": barrier.potential})}
            for barrier in self.barriers
        ]
        return {
            "barriers": barriers,
            "equilibria": plain(self.equilibria.points),
        } | super().as_dict()


def barriers(game: Any, box: Sequence[float] | None = None) -> Barriers:
    """The mountain pass between every pair of attractors.

    Parameters
    ----------
    game : Game
        Of the linear generator, with a force that is minus the gradient of the potential.
    box : (a_low, a_high, b_low, b_high), optional
        As of `equilibria`.

    Returns
    -------
    Barriers

    Raises
    ------
    InputError
        As of `equilibria`; and where a density jumps, so that the pathwise force of an f-divergence
        has no potential (see `Game.boundary_force`).

    References
    ----------
    .. [1] N. Berglund, "Kramers' law: validity, derivations and generalisations" (2013), eq. 1.9.
    """
    found = equilibria(game, box)
    _check_gradient(game, found)
    downs = manifolds(found, found.box, forwards=True)
    tree, ways = _kruskal(found, downs)
    attractors = [k for k, point in enumerate(found) if point.kind == "attractor"]
    out, apart = [], 0
    for start, end in combinations(attractors, 2):
        way = _way(ways, start, end)
        if way is None:
            apart += 1
        else:
            out.append(_barrier(game, found, start, end, way))
    message = f"{len(out)} pairs of {len(attractors)} attractors"
    if apart:
        message += f"; {apart} pairs are not joined within the box"
    message += "" if not found.status else f"; {found.message}"
    return Barriers(tuple(out), tuple(tree), found, int(bool(apart or found.status)), message)


def rise(game: Any, low: Equilibrium, high: Equilibrium) -> tuple[float, float]:
    """Potential of one rest point above another, and an estimate of its absolute error.

    The difference of the potentials, or, where that loses digits, minus the work of the force along
    the straight line between them, which does not cancel.
    """
    values = game.evaluate(np.stack([low.theta, high.theta]))
    difference = float(values.potential[1] - values.potential[0])
    error = float(np.sum(values.errors["potential"]))
    if error <= 1e-12 * abs(difference):
        return difference, error
    plane, move = Plane(game), high.theta - low.theta
    works = []
    for points in _RULES:
        nodes, weights = np.polynomial.legendre.leggauss(points)
        states = low.theta + 0.5 * (1.0 + nodes[:, None]) * move
        works.append(-0.5 * float(weights @ (plane.force(states) @ move)))
    # The work itself may cancel: what the force is off by counts along the whole line.
    noise = float(np.max(values.errors["force"], axis=0) @ np.abs(move))
    missed = abs(works[0] - works[1]) + noise + 1e-15 * abs(works[0])
    return (works[0], missed) if missed < error else (difference, error)


def eyring_kramers(low: Equilibrium, saddle: Equilibrium) -> float:
    """|λ₋|/(2π) · √(det H_low/|det H_saddle|), with H the Hessian of the potential."""
    growing = float(saddle.eigenvalues.real.max())
    determinants = np.prod(low.eigenvalues.real) / abs(np.prod(saddle.eigenvalues.real))
    return float(growing / (2.0 * np.pi) * np.sqrt(determinants))


def _check_gradient(game: Any, found: Equilibria) -> None:
    if not hasattr(game, "boundary_force"):
        return
    # All over the box: where densities jump there may be no rest point at which to look.
    a_low, a_high, b_low, b_high = found.box
    a, b = a_low * (a_high / a_low) ** _PLACES, b_low + (b_high - b_low) * _PLACES
    states = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    with np.errstate(invalid="ignore", over="ignore"):
        jump = np.abs(game.boundary_force(states)).max(axis=1)
    size = np.abs(game.force(states)).max(axis=1)
    # An infinite jump may come as nan.
    if (np.isfinite(size) & ~(jump <= _JUMP * size)).any():
        raise InputError(
            f"game: got {game!r}, must have densities without jumps: the force on the generator's "
            "paths is then minus the gradient of the potential"
        )


def _kruskal(
    found: Equilibria, downs: Sequence[Manifold]
) -> tuple[list[Merge], dict[int, list[tuple[int, Manifold]]]]:
    """The tree's joints, and the unstable manifolds that are its branches, by their ends."""
    group = list(range(len(found)))
    basins = {k: frozenset([k]) for k, p in enumerate(found) if p.kind == "attractor"}
    ways: dict[int, list[tuple[int, Manifold]]] = {k: [] for k in group}
    merges = []
    for saddle in sorted({d.saddle for d in downs}, key=lambda k: found[k].potential):
        for down in (d for d in downs if d.saddle == saddle and d.end >= 0):
            one, other = group[saddle], group[down.end]
            if one == other:
                continue
            left, right = basins.get(one, frozenset()), basins.get(other, frozenset())
            if left and right:
                merges.append(Merge(saddle, found[saddle].potential, left, right))
            group = [one if g == other else g for g in group]
            basins[one] = left | right
            ways[saddle].append((down.end, down))
            ways[down.end].append((saddle, down))
    return merges, ways


def _way(ways: dict[int, list[tuple[int, Manifold]]], start: int, end: int) -> list[Any] | None:
    """The manifolds on the way through the tree, each with whether it is walked upwards."""
    ahead: list[tuple[int, list[tuple[Manifold, bool]]]] = [(start, [])]
    seen = {start}
    while ahead:
        here, way = ahead.pop()
        if here == end:
            return way
        for there, down in ways[here]:
            if there not in seen:
                seen.add(there)
                ahead.append((there, [*way, (down, down.saddle == there)]))
    return None


def _barrier(
    game: Any, found: Equilibria, start: int, end: int, way: list[tuple[Manifold, bool]]
) -> Barrier:
    saddle = max((down.saddle for down, _ in way), key=lambda k: found[k].potential)
    pieces = []
    for down, upwards in way:
        theta = _even(down.theta, _POINTS)
        pieces.append(theta[::-1] if upwards else theta)
    path = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    heights = [rise(game, found[k], found[saddle]) for k in (start, end)]
    return Barrier(
        start,
        end,
        saddle,
        heights[0][0],
        heights[1][0],
        max(error for _, error in heights),
        eyring_kramers(found[start], found[saddle]),
        eyring_kramers(found[end], found[saddle]),
        path,
        np.asarray(game.potential(path)),
    )


def _even(theta: Array, count: int) -> Array:
    """Points evenly along a polyline, its ends included."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(theta, axis=0).T))])
    s = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(s, length, column) for column in theta.T], axis=1)
