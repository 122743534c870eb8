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

from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria, Equilibrium, planar_about
from gandyn.landscape.frame import handed_out
from gandyn.landscape.manifolds import Manifold, manifolds
from gandyn.landscape.plane import Box, Plane
from gandyn.system.checks import Array
from gandyn.system.polyline import even
from gandyn.system.results import Alike, Result, columns, plain
from gandyn.system.text import show

_POINTS = 60
"""Points of a path on each side of a saddle."""
_RULES = (64, 40)
_JUMP = 1e-9
_PLACES = np.array([0.23, 0.48, 0.71])
_STRIDE, _DOUBT, _DIGITS = 1e-3, 1e-2, 1e-9
"""Over a step of 1e-3 a the potential must fall by the work, to a share and but for rounding."""


@dataclass(frozen=True, eq=False)
class Barrier(Alike):
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
class Merge(Alike):
    """One joint of the tree: at this potential two groups of attractors become one.

    Attributes
    ----------
    saddle : int
    potential : float
    left, right : frozenset of int
        Indices of the attractors that the saddle joins, the lowest on the left.
    """

    saddle: int
    potential: float
    left: frozenset[int]
    right: frozenset[int]


@dataclass(frozen=True, eq=False)
class Barriers(Result):
    """All barriers of a game.

    Attributes
    ----------
    barriers : tuple of Barrier
        One for each pair of attractors that a way within the box joins.
    tree : tuple of Merge
        Rising in potential.
    equilibria : Equilibria
    status : int
        0; −1 where rest points may be missing or a pair of attractors is not joined.
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
    game : Game or Equilibria
        A game as `equilibria` takes it, whose force is minus the gradient of the potential, or its
        rest points.
    box : (a_low, a_high, b_low, b_high), optional
        As of `equilibria`.

    Returns
    -------
    Barriers

    Raises
    ------
    InputError
        As of `equilibria`; and where the objective has no potential that the flow descends, as
        where a density jumps (see `Game.boundary_force`).

    References
    ----------
    .. [1] N. Berglund, "Kramers' law: validity, derivations and generalisations" (2013), eq. 1.9.

    Examples
    --------
    >>> import gandyn
    >>> found = barriers(gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")))
    >>> [(p.start, p.saddle, p.end, round(p.height_from, 4)) for p in found.barriers][:1]
    [(0, 1, 2, 0.3447)]
    """
    found = planar_about(game, box)
    plane = found.plane
    _check_gradient(plane, found.box)
    downs = manifolds(found, found.box, forwards=True)
    tree, ways = _kruskal(found, downs)
    attractors = [k for k, point in enumerate(found) if point.kind == "attractor"]
    pairs = [(one, other, _way(ways, one, other)) for one, other in combinations(attractors, 2)]
    out = [_barrier(plane, found, one, other, way) for one, other, way in pairs if way]
    apart = len(pairs) - len(out)
    message = f"{len(out)} pairs of {len(attractors)} attractors"
    if apart:
        message += f"; {apart} pairs are not joined within the box"
    message += "" if found.success else f"; {found.message}"
    status = 0 if found.success and not apart else -1
    return handed_out(Barriers(tuple(out), tuple(tree), found, status, message), game)


def rise(plane: Plane, low: Equilibrium, high: Equilibrium) -> tuple[float, float]:
    """Potential of one rest point above another, and an estimate of its absolute error.

    The difference of the potentials, or, where that loses digits, minus the work of the force along
    the straight line between them, which does not cancel.
    """
    ends = plane.turned(np.stack([low.theta, high.theta]))
    values = plane.game.evaluate(plane.state(ends))
    difference = float(values.potential[1] - values.potential[0])
    error = float(np.sum(values.errors["potential"]))
    if error <= 1e-12 * abs(difference):
        return difference, error
    move = ends[1] - ends[0]
    works = []
    for points in _RULES:
        nodes, weights = np.polynomial.legendre.leggauss(points)
        states = ends[0] + 0.5 * (1.0 + nodes[:, None]) * move
        works.append(-0.5 * float(weights @ (plane.force(states) @ move)))
    # The work itself may cancel: what the force is off by counts along the whole line.
    noise = float(np.max(np.abs(plane.seen(values.errors["force"])), axis=0) @ np.abs(move))
    missed = abs(works[0] - works[1]) + noise + 1e-15 * abs(works[0])
    return (works[0], missed) if missed < error else (difference, error)


def eyring_kramers(low: Equilibrium, saddle: Equilibrium) -> float:
    """|λ₋|/(2π) · √(det H_low/|det H_saddle|), with H the Hessian of the potential."""
    growing = float(saddle.eigenvalues.real.max())
    determinants = np.prod(low.eigenvalues.real) / abs(np.prod(saddle.eigenvalues.real))
    return float(growing / (2.0 * np.pi) * np.sqrt(determinants))


def _check_gradient(plane: Plane, box: Box) -> None:
    """That the force is minus the gradient of the potential: all over the box.

    Where densities jump there may be no rest point at which to look.
    """
    game = plane.game
    if not hasattr(game, "boundary_force"):
        return
    a_low, a_high, b_low, b_high = plane.mirrored(box)
    a, b = a_low * (a_high / a_low) ** _PLACES, b_low + (b_high - b_low) * _PLACES
    u = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    force = plane.force(u)
    size = np.abs(force).max(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        jump = np.abs(game.boundary_force(plane.state(u))).max(axis=1)
    # An infinite jump may come as nan.
    if (np.isfinite(size) & ~(jump <= _JUMP * size)).any():
        raise InputError(
            f"game: got {show(game)}, must have densities without jumps: the force on the "
            "generator's paths is then minus the gradient of the potential"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        step = _STRIDE * u[:, :1] * force / size[:, None]
        heights = plane.potential(u + np.array([-2.0, -1.0, 1.0, 2.0])[:, None, None] * step)
        fall = (8.0 * (heights[1] - heights[2]) - (heights[0] - heights[3])) / 12.0
    work = (force * step).sum(axis=1)
    known = np.isfinite(fall) & np.isfinite(work)
    doubt = _DOUBT * np.abs(work) + _DIGITS * np.abs(heights).max(axis=0)
    if not known.any() or (np.abs(fall - work) > doubt)[known].any():
        raise InputError(
            f"game: got {show(game)}, which has no barriers: its objective's potential is not what "
            "the flow descends"
        )


def _kruskal(
    found: Equilibria, downs: Sequence[Manifold]
) -> tuple[list[Merge], dict[int, list[tuple[int, Manifold]]]]:
    """The tree's joints, and the unstable manifolds that are its branches, by their ends."""
    group = list(range(len(found)))
    basins = {k: frozenset([k]) for k, p in enumerate(found) if p.kind == "attractor"}
    ways: dict[int, list[tuple[int, Manifold]]] = {k: [] for k in group}
    merges = []
    for down in sorted(downs, key=lambda down: found[down.saddle].potential):
        saddle, end = down.saddle, down.end
        if end < 0 or group[saddle] == group[end]:
            continue
        one, other = group[saddle], group[end]
        left, right = basins.get(one, frozenset()), basins.get(other, frozenset())
        if left and right:
            sides = sorted((left, right), key=min)
            merges.append(Merge(saddle, found[saddle].potential, *sides))
        group = [one if g == other else g for g in group]
        basins[one] = left | right
        ways[saddle].append((end, down))
        ways[end].append((saddle, down))
    return merges, ways


def _way(
    ways: dict[int, list[tuple[int, Manifold]]], here: int, end: int, before: int = -1
) -> list[tuple[Manifold, bool]] | None:
    """The manifolds on the way through the tree, each with whether it is walked upwards."""
    if here == end:
        return []
    for there, down in ways[here]:
        rest = _way(ways, there, end, here) if there != before else None
        if rest is not None:
            return [(down, down.saddle == there), *rest]
    return None


def _barrier(
    plane: Plane, found: Equilibria, start: int, end: int, way: list[tuple[Manifold, bool]]
) -> Barrier:
    saddle = max((down.saddle for down, _ in way), key=lambda k: found[k].potential)
    pieces = []
    for down, upwards in way:
        theta = even(down.theta, _POINTS)
        pieces.append(theta[::-1] if upwards else theta)
    path = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    (one, doubt), (other, more) = (rise(plane, found[k], found[saddle]) for k in (start, end))
    out, back = (eyring_kramers(found[k], found[saddle]) for k in (start, end))
    potential = plane.potential(plane.turned(path))
    error = max(doubt, more)
    return Barrier(start, end, saddle, one, other, error, out, back, path, potential)
