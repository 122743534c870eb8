"""Every rest point of a game in a box of (a, b), with a proof that none is missing.

Newton's method starts from every cell of a lattice in which both components of the force may
vanish, and from the point across the fold of each rest point found. The winding number of the force
around the box must then be the sum of the indices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.game import Evaluation, Game
from gandyn.landscape.frame import box_about, centred, handed_out, place_of
from gandyn.landscape.hurry import HurriedPlane
from gandyn.landscape.many_starts import Search
from gandyn.landscape.modes import Modes
from gandyn.landscape.newton import across, between, joined, newton
from gandyn.landscape.plane import Box, Placed, Plane, check_box, edges
from gandyn.landscape.winding import around, around_point
from gandyn.system.checks import Array
from gandyn.system.results import Result, plain
from gandyn.system.text import show

_DIP = 0.8
"""A vertex this much nearer to 0 than its node may be beyond it: a parabola is not the force."""
_ROUNDS = 3
"""Lattices: each halves the cells of the last where the index sum is open."""
_BLOCK = 6
"""Cells along the side of a block that is searched again as a whole."""
_FLAT = 1e-6
"""An eigenvalue below this share of the other is not trusted to tell the index."""
_ZERO = 1e-8
"""Below this share it counts as 0."""
_LAST = 1e-12
"""The longest last step, in units of x: what rounding leaves of Newton's method."""
_RADIUS = 3e-3
_APART = 0.4
"""The index is counted on a circle of 3e-3 a, or of this share of the distance to the next."""


@dataclass(frozen=True, eq=False)
class Equilibrium(Placed):
    """One rest point.

    Attributes
    ----------
    theta : ndarray, shape (2,)
        (a, b).
    kind : str
        "attractor", "saddle", "repeller", or "degenerate" where an eigenvalue is 0 within what
        the position allows to tell, as at a fold.
    name : str
        How the generated mass lies over the data's modes, such as "averages all modes".
    eigenvalues : ndarray, shape (2,)
        Of the Jacobian of the force, rising in their real part; complex where it spirals.
    eigenvectors : ndarray, shape (2, 2)
        In columns, of length 1.
    potential : float
        Infinite where the objective's is.
    residual : float
        Length of the force there.
    error : float
        Estimate of how far the true rest point is: |J⁻¹| times the error of the force, or, where
        degenerate, the distance over which the force is 0 to rounding.
    index : int
        Winding number of the force around it: +1, −1 (a saddle), or 0 (a fold).
    """

    theta: Array
    kind: str
    name: str
    eigenvalues: NDArray[Any]
    eigenvectors: NDArray[Any]
    potential: float
    residual: float
    error: float
    index: int

    shown = ("theta", "kind", "potential", "eigenvalues", "name", "error", "index", "residual")


@dataclass(frozen=True, eq=False)
class Equilibria(Result, Sequence[Equilibrium]):
    """The rest points of a game in a box, rising in b, then in a; a sequence of `Equilibrium`.

    Attributes
    ----------
    points : tuple of Equilibrium
    box : (a_low, a_high, b_low, b_high)
    winding : int or None
        Turns of the force around the box; None where it could not be counted.
    complete : bool
        Whether `winding` is the sum of the indices of `points`.
    status : int
        0 complete; −1 where the winding number differs or could not be counted.
    message : str
    game
    near : Equilibria or None
        The same with more digits, seen from the place of data that are many widths from 0.
    """

    points: tuple[Equilibrium, ...]
    box: Any
    winding: int | None
    complete: bool | None
    status: int
    message: str
    game: Any = dataclass_field(repr=False)
    near: Equilibria | None = dataclass_field(default=None, repr=False)

    shown = ("complete", "winding", "box", "status", "message")

    def as_dict(self) -> dict[str, Any]:
        """The rest points, and whether there are others, as strict JSON has them."""
        return {"equilibria": plain(self.points), **super().as_dict()}

    def __len__(self) -> int:
        return len(self.points)

    @overload
    def __getitem__(self, index: int) -> Equilibrium: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Equilibrium, ...]: ...
    def __getitem__(self, index: int | slice) -> Equilibrium | tuple[Equilibrium, ...]:
        return self.points[index]

    @property
    def attractors(self) -> tuple[Equilibrium, ...]:
        """Where flows end."""
        return tuple(point for point in self.points if point.kind == "attractor")

    @property
    def saddles(self) -> tuple[Equilibrium, ...]:
        """The passes between attractors."""
        return tuple(point for point in self.points if point.kind == "saddle")

    @property
    def repellers(self) -> tuple[Equilibrium, ...]:
        """Where flows come from."""
        return tuple(point for point in self.points if point.kind == "repeller")

    @property
    def plane(self) -> Plane:
        """The game over the side of a = 0 that these lie on."""
        return Plane(centred(self.game), self.box[0])

    @property
    def theta(self) -> Array:
        """All positions, shape (n, 2)."""
        return _places(self.points)

    def nearest(self, theta: Array, kinds: Sequence[str], within: float) -> NDArray[np.intp]:
        """Index of the rest point of one of these kinds next to each state (n, 2), or −1.

        `within` is the largest distance allowed, in units of |a| of the rest point.
        """
        index = [k for k, point in enumerate(self.points) if point.kind in kinds]
        if not index:
            return np.full(len(theta), -1)
        places = self.theta[index]
        apart = np.abs(theta[:, None] - places).max(axis=2) / np.abs(places[:, 0])
        best = apart.argmin(axis=1)
        return np.where(apart.min(axis=1) <= within, np.array(index)[best], -1)


def equilibria(
    game: Any, box: Sequence[float] | None = None, starts: ArrayLike | None = None
) -> Equilibria:
    """Every rest point of a game in a box of (a, b), or those that many starts lead to.

    A generator of a scale and a place alone has a plane (a, b), in which a winding number proves
    that none is missing. For any other, with one or many parameters, rest points are looked for
    from many starts made from the data: `complete` is None, not proven. Where networks with kinks
    have rest points they come in families, along which their units are rescaled against each
    other; the points found are then "degenerate".

    Parameters
    ----------
    game : Game
        Of a generator with a scale and a place (see `Generator.scale_and_place`) and no other
        parameter.
    box : (a_low, a_high, b_low, b_high), optional
        Rising, on one side of a = 0: below it the latent is reflected. By default chosen from the
        data, with a > 0, so that, where it can be, the force points inwards at its edges: what
        rests outside is then none of a flow's ends.
    starts : array_like, shape (n, d), optional
        Where to look from in place of the many starts, for a generator without a plane.

    Returns
    -------
    Equilibria

    Raises
    ------
    InputError
        For another box, or another generator.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.Normal(2.0, 0.5))
    >>> found = gandyn.equilibria(game)
    >>> [(round(p.a, 9), round(p.b, 9), p.kind, p.name) for p in found]
    [(0.5, 2.0, 'attractor', 'fits the only mode')]
    >>> [round(p.a, 9) for p in gandyn.equilibria(game, (-4.0, -0.1, 0.0, 4.0))]
    [-0.5]
    """
    generator = getattr(game, "generator", None)
    if generator is not None and (generator.dimension != 2 or generator.scale_and_place is None):
        if box is not None:
            raise InputError(f"box: got {show(box)}, must be None for {generator!r}: no plane")
        return _from_many_starts(game, None if starts is None else game.generator.check(starts))
    if starts is not None:
        raise InputError("starts: got some, must be None for a generator with a plane")
    return handed_out(planar_about(game, box), game)


def planar_about(game: Any, box: Sequence[float] | None = None) -> Equilibria:
    """The rest points of a game, or those given, seen from the game's place.

    So is all that is made of them, until it is handed out.
    """
    if isinstance(game, Equilibria):
        return game.near or game
    bounds = None if box is None else box_about(check_box(box), place_of(game))
    return planar(centred(game), bounds)


def planar(game: Any, bounds: Box | None = None) -> Equilibria:
    """The rest points of a game, seen from 0 wherever its data are."""
    return on_side(Plane(game, 1.0 if bounds is None else bounds[0]), bounds)


def on_side(plane: Plane, box: Box | None = None) -> Equilibria:
    """The rest points on one side of a = 0."""
    plane = HurriedPlane(plane)
    bounds = plane.box() if box is None else plane.mirrored(box)
    lattice = plane.axes(bounds)
    edge = _boundary(*lattice)
    winding = around(plane.force, edge)
    roots, blocks = np.empty((0, 2)), [lattice]
    for _ in range(_ROUNDS):
        found = []
        for axes in blocks:
            nodes = np.stack(np.meshgrid(*axes), axis=-1)
            force = plane.force(nodes.reshape(-1, 2)).reshape(nodes.shape)
            found.append((*axes, force))
            roots = _search(plane, *axes, force, roots, bounds)
        points = describe(plane.game, plane.turned(roots))
        indices = np.array([point.index for point in points], np.intp)
        if winding is None or winding == indices.sum() or plane.cut:
            break
        blocks = [
            (_halved(a), _halved(b))
            for axes in found
            for a, b in _open(plane, *axes, plane.turned(_places(points)), indices)
        ]
    complete = winding is not None and winding == indices.sum()
    if complete:
        message = f"the winding number around the box, {winding}, is the sum of the indices"
    elif plane.cut:
        message = (
            "stopped after three seconds of work: rest points may be missing; choose a smaller "
            "box, another objective (such as wasserstein2), or data whose force is quicker to be "
            "had: a smoother density (by instance noise) or fewer samples"
        )
    elif winding is None:
        message = _uncounted(plane.force(edge))
    else:
        message = (
            f"the winding number around the box is {winding}, the sum of the indices "
            f"{indices.sum()}: a rest point is missing or on the edge; "
            "choose another box"
        )
    status = 0 if complete else -1
    box = plane.mirrored(bounds)
    return Equilibria(tuple(points), box, winding, complete, status, message, plane.game)


def _uncounted(force: Array) -> str:
    """Why the force (n, 2) on the edge of a box has no turns, and what would help."""
    if (force == 0.0).all(axis=1).any():
        why = "zero on parts of its edge, as where both densities are flat or do not overlap"
    else:
        why = "not finite on parts of its edge, as where its integral diverges"
    return (
        f"the winding number around the box could not be counted: the force is {why}; choose "
        "another box, another objective (such as wasserstein2), or add instance noise (wider, "
        "smoother data)"
    )


def _from_many_starts(game: Game, starts: Array | None) -> Equilibria:
    """The rest points that many starts lead to; that these are all is not proven."""
    near = game.centred
    search = Search(near, None if starts is None else game.near(starts))
    theta = search.found[np.lexsort(search.found.T[::-1])]
    units = np.full(len(theta), search.unit)
    points = [
        replace(point, theta=game.far(point.theta))
        for point in _described(
            near,
            theta,
            _measured(near, theta),
            np.asarray(near.jacobian(theta)),
            units,
            lambda k: None,
        )
    ]
    message = (
        f"the rest points that {search.starts} starts lead to: that these are all is not proven"
    )
    if search.stuck:
        message += (
            f"; {search.stuck} ways ended where the generator folds, before which the force is "
            "not finite"
        )
    if search.spent:
        message += f"; not every way was gone: stopped after {search.forces} forces"
    return Equilibria(tuple(points), None, None, None, 0, message, game)


def describe(game: Game, theta: Array) -> list[Equilibrium]:
    """What is to be known of rest points at known (a, b), shape (n, 2), rising in b, then in |a|.

    All on one side of a = 0.
    """
    if not len(theta):
        return []
    plane = Plane(game, theta[0, 0])
    u = plane.turned(theta)
    u = u[np.lexsort((u[:, 0], u[:, 1]))]
    jacobian = plane.jacobian(u)
    # One step more, by the force that comes with its error, which is closer than that of maps.
    values = _measured(game, plane.state(u))
    force = plane.seen(np.asarray(values.force))
    step = (np.linalg.pinv(jacobian) @ force[..., None])[..., 0]
    known = (np.abs(values.force) > values.errors["force"]).any(axis=1)
    moving = known & (np.abs(step).max(axis=1) < _LAST)
    if moving.any():
        u = u - np.where(moving[:, None], step, 0.0)
        values = _measured(game, plane.state(u))
    gaps = np.abs(u[:, None] - u).max(axis=2) + np.diag(np.full(len(u), np.inf))
    radii = np.minimum(_RADIUS * u[:, 0], _APART * gaps.min(axis=1))

    def counted(k: int) -> int | None:
        return around_point(plane.force, u[k], np.full(2, radii[k]))

    points = _described(game, plane.state(u), values, jacobian, u[:, 0], counted)
    return [
        replace(point, theta=plane.turned(place), eigenvectors=plane.turned(point.eigenvectors.T).T)
        for point, place in zip(points, u, strict=True)
    ]


def _measured(game: Game, theta: Array) -> Evaluation:
    """The potential and the force at rest points (n, d), with their errors."""
    return game.evaluate(theta, values=["potential", "force"])


def _described(
    game: Game,
    theta: Array,
    values: Evaluation,
    jacobian: Array,
    units: Array,
    counted: Callable[[int], int | None],
) -> list[Equilibrium]:
    """What the Jacobian, potential and modes say of rest points (n, d).

    `units` are lengths; `counted` gives the index where an eigenvalue is too small to tell.
    """
    if not len(theta):
        return []
    residual = np.linalg.norm(np.asarray(values.force), axis=1)
    noise = np.linalg.norm(np.asarray(values.errors["force"]), axis=1)
    modes = Modes(game.data)
    out = []
    for k, place in enumerate(theta):
        rates, vectors = np.linalg.eig(jacobian[k])
        order = np.argsort(rates.real)
        rates, vectors = rates[order], _upright(vectors[:, order])
        size, least = float(np.abs(rates).max()), float(np.abs(rates).min())
        index = counted(k) if least <= _FLAT * size else None
        growing = int((rates.real > 0).sum())
        if index is None:
            index = 1 if np.linalg.det(jacobian[k] / max(size, 1e-300)) > 0 else -1
        elif index:
            # The sign of one eigenvalue is not known, but that of both together.
            growing = 1 if index < 0 else 2 * (growing > 0)
        kind = "saddle" if growing < len(rates) else "repeller"
        kind = kind if growing else "attractor"
        reach = float(noise[k] + residual[k])
        if not index or least <= _ZERO * size:
            kind = "degenerate"
            # The force grows with the square of the distance at a fold, else with its cube.
            power = 1.0 / 3.0 if index else 0.5
            error = (reach / max(size, 1e-300) / units[k]) ** power * units[k]
        else:
            error = reach / max(least, 1e-300)
        generated = game.generator.generated(theta[k : k + 1])
        out.append(
            Equilibrium(
                place,
                kind,
                modes.name(generated),
                rates,
                vectors,
                float(values.potential[k]),
                float(residual[k]),
                float(error),
                int(index),
            )
        )
    return out


def _upright(vectors: NDArray[Any]) -> NDArray[Any]:
    """Columns of length 1, each with its largest component above 0: rounding decides no sign."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)[0]
    return vectors * (np.abs(largest) / largest)


def _search(plane: Plane, a: Array, b: Array, force: Array, known: Array, bounds: Box) -> Array:
    """Roots from all cells of a lattice in which both components may vanish."""
    rows, columns = np.nonzero(_may_vanish(force[..., 0]) & _may_vanish(force[..., 1]))
    starts = np.stack([np.sqrt(a[columns] * a[columns + 1]), 0.5 * (b[rows] + b[rows + 1])], axis=1)
    found = joined(plane, known, newton(plane, starts), bounds)
    # Near a fold a rest point has a partner that may share its cell, near a pitchfork it has two.
    for _ in range(2):
        before = found
        near = np.concatenate([across(plane, found), between(found)])
        found = joined(plane, found, newton(plane, near), bounds)
        if len(found) == len(before):
            break
    return found


def _open(
    plane: Plane, a: Array, b: Array, force: Array, places: Array, indices: NDArray[np.intp]
) -> list[tuple[Array, Array]]:
    """Blocks of a lattice whose winding number is not the sum of the indices within.

    Those whose edge runs where there is no force are halved, too, down to where there is none.
    """
    inside = (places >= [a[0], b[0]]) & (places < [a[-1], b[-1]])
    here = inside.all(axis=1)
    edge = np.concatenate([force[0], force[-1], force[:, 0], force[:, -1]])
    if np.isnan(force).all():
        return []
    if np.isfinite(edge).all() and around(plane.force, _boundary(a, b)) == indices[here].sum():
        return []
    if max(len(a), len(b)) <= _BLOCK + 1:
        return [(a, b)]
    out = []
    along = int(len(a) >= len(b))
    middle = force.shape[along] // 2
    for part in (slice(None, middle + 1), slice(middle, None)):
        cut = (a[part], b, force[:, part]) if along else (a, b[part], force[part])
        out += _open(plane, *cut, places, indices)
    return out


def _halved(axis: Array) -> Array:
    """An axis with a value more between each two."""
    return np.interp(np.arange(2 * len(axis) - 1) / 2.0, np.arange(len(axis)), axis)


def _places(points: Sequence[Equilibrium]) -> Array:
    return np.array([point.theta for point in points]) if points else np.empty((0, 2))


def _may_vanish(component: Array) -> NDArray[np.bool_]:
    """Cells (B − 1, A − 1) at whose corners (B, A) a component changes sign, or turns beyond 0.

    Two rest points next to a fold may lie in one cell, at whose corners a component has one sign:
    then the parabola through three nodes of a line of the lattice has the other sign at its vertex.
    """
    dips = _dips(component) | _dips(component.T).T

    def corners(x: NDArray[Any]) -> NDArray[Any]:
        return np.stack([x[1:, 1:], x[1:, :-1], x[:-1, 1:], x[:-1, :-1]])

    sign = corners(np.sign(component))
    return (sign.min(axis=0) <= 0) & (sign.max(axis=0) >= 0) | corners(dips).any(axis=0)


def _dips(component: Array) -> NDArray[np.bool_]:
    """Nodes where the size is least of three along the first axis, and its parabola crosses 0."""
    size = np.abs(component)
    before, here, after = size[:-2], size[1:-1], size[2:]
    least = (here <= before) & (here <= after)
    tilt, bend = 0.5 * after - 0.5 * before, 0.5 * after + 0.5 * before - here
    curved = bend > 0  # a constant has no vertex
    vertex = np.divide(tilt, bend, out=np.zeros_like(bend), where=curved)
    out = np.zeros(size.shape, bool)
    out[1:-1] = least & curved & (_DIP * here <= 0.25 * tilt * vertex)
    return out


def _boundary(a: Array, b: Array) -> Array:
    """The edge of a lattice, anticlockwise."""
    below, right, above, left = edges(a, b)
    return np.concatenate([below[:-1], right[:-1], above[:0:-1], left[:0:-1]])
