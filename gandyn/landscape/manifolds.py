"""The stable and unstable manifolds of every saddle: the walls between basins, and their gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandyn.landscape.census import Equilibria, planar_about
from gandyn.landscape.frame import box_about, handed_out, place_of
from gandyn.landscape.plane import Box, Plane, check_box
from gandyn.landscape.tracing import LEFT, LOST, trace
from gandyn.system.checks import Array
from gandyn.system.results import Alike, Result, plain

_OFFSET = 1e-5
"""Where a manifold begins beside its saddle, in units of a: its curvature bends it away from the
eigenvector by the square of that."""
_WITHIN = 1e-6
_BETWEEN = 8
_NEAR = 1e-3
_BESIDE = 0.05
"""A curve has arrived within this share of the distance between its end and other rest points."""


@dataclass(frozen=True, eq=False)
class Manifold(Alike):
    """One half of the stable or unstable manifold of a saddle.

    Attributes
    ----------
    saddle : int
        Index of the saddle among the equilibria.
    stable : bool
        Whether states on it flow into the saddle; else they come out of it.
    theta : ndarray, shape (n, 2)
        Points from the saddle outwards, close enough that straight lines between them keep the
        tolerance.
    end : int
        Index of the rest point at its other end: where it leads, or, for a stable one, where it
        comes from; −1 where it leaves the box, −2 where it was lost.
    tolerance : float
        Largest distance to the true curve, in units of a.
    """

    saddle: int
    stable: bool
    theta: Array
    end: int
    tolerance: float


@dataclass(frozen=True, eq=False)
class Separatrices(Result):
    """The manifolds of all saddles of a game in a box.

    Attributes
    ----------
    curves : tuple of Manifold
        Four of each saddle: two stable halves, two unstable ones.
    equilibria : Equilibria
    status : int
        0; −1 where the equilibria are not known to be complete or a curve was lost.
    message : str
    """

    curves: tuple[Manifold, ...]
    equilibria: Equilibria
    status: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The rest points and the curves as strict JSON has them."""
        entry = self.equilibria.as_dict() | {"separatrices": plain(self.curves)}
        return entry | {"status": int(self.status), "message": self.message}

    @property
    def stable(self) -> tuple[Manifold, ...]:
        """The walls between basins."""
        return tuple(curve for curve in self.curves if curve.stable)

    @property
    def unstable(self) -> tuple[Manifold, ...]:
        """The ways down from the saddles."""
        return tuple(curve for curve in self.curves if not curve.stable)


def separatrices(game: Any, box: Sequence[float] | None = None) -> Separatrices:
    """Trace the stable and unstable manifolds of every saddle.

    Parameters
    ----------
    game : Game or Equilibria
        A game as `equilibria` takes it, or its rest points.
    box : (a_low, a_high, b_low, b_high), optional
        Curves end where they leave it; by default that of the rest points. Those of a game are
        searched for in it.

    Returns
    -------
    Separatrices

    Raises
    ------
    InputError
        As of `equilibria`.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> found = gandyn.separatrices(gandyn.equilibria(game))
    >>> sorted(found.equilibria[curve.end].name for curve in found.unstable if curve.saddle == 1)
    ['averages all modes', 'collapsed onto mode 1 of 2']
    """
    found = planar_about(game, box)
    reach = found.box if box is None else box_about(check_box(box), place_of(game))
    curves = manifolds(found, reach, forwards=False) + manifolds(found, reach, forwards=True)
    lost = sum(curve.end == LOST for curve in curves)
    if lost:
        message = f"{lost} of {len(curves)} curves were lost: choose another box"
    else:
        left = sum(curve.end == LEFT for curve in curves)
        message = f"{len(curves)} curves of {len(found.saddles)} saddles, {left} leave the box"
        message += "" if found.success else f"; {found.message}"
    status = 0 if found.success and not lost else -1
    return handed_out(Separatrices(curves, found, status, message), game)


def manifolds(found: Equilibria, box: Box, *, forwards: bool) -> tuple[Manifold, ...]:
    """The unstable (forwards) or stable manifolds of known saddles, as far as a box reaches."""
    plane = found.plane
    places = plane.turned(found.theta)
    kinds = np.array([point.kind for point in found])
    saddles = np.flatnonzero(kinds == "saddle")
    if not saddles.size:
        return ()
    gaps = _gaps(places)
    owner = np.repeat(saddles, 2)
    vectors = np.array([np.real(found[int(k)].eigenvectors)[:, int(forwards)] for k in saddles])
    offset = np.minimum(_OFFSET, 1e-3 * gaps[saddles]) * places[saddles, 0]
    sides = np.array([[1.0], [-1.0]]) * (offset[:, None] * plane.turned(vectors))[:, None]
    ends = (kinds == ("attractor" if forwards else "repeller")) | (kinds == "degenerate")
    other = (kinds == "saddle") & (np.arange(len(kinds)) != owner[:, None])
    reach = np.minimum(_NEAR, _BESIDE * gaps)
    reach[kinds == "saddle"] *= 1e-3
    starts, bounds = places[owner] + sides.reshape(-1, 2), plane.mirrored(box)
    curves = trace(plane, starts, forwards, places, reach, ends | other, bounds)
    if forwards:
        # Next to a fold the way out of a saddle is too stiff for arc length: follow it in time.
        curves = [
            _flowed(plane, found, theta[0]) if end == LOST else (theta, end)
            for theta, end in curves
        ]
    out = []
    for (theta, end), k in zip(curves, owner, strict=True):
        theta = plane.turned(np.concatenate([places[k][None], theta]))
        out.append(Manifold(int(k), not forwards, theta, end, _WITHIN))
    return tuple(out)


def _flowed(plane: Plane, found: Equilibria, start: Array) -> tuple[Array, int]:
    """The flow from a state to rest, as `trace` gives curves."""
    accuracy = {"rtol": 1e-9, "atol": 1e-12 * plane.unit}
    steps = plane.flow(start, (0.0, np.inf), **accuracy)
    if len(steps.t) < 2 or not steps.success:
        return steps.theta, LOST
    parts = np.linspace(0.0, 1.0, _BETWEEN, endpoint=False)
    times = (steps.t[:-1, None] + np.diff(steps.t)[:, None] * parts).ravel()
    times = np.unique(np.append(times, steps.t[-1]))
    theta = plane.flow(start, (0.0, float(times[-1])), times, **accuracy).theta
    end = found.nearest(plane.turned(theta[-1:]), ("attractor",), _NEAR)[0]
    if end < 0:
        return theta, LOST
    return np.concatenate([theta, plane.turned(found.theta[end : end + 1])]), int(end)


def _gaps(places: Array) -> Array:
    """Distance of each rest point to the next, in units of a; 1 where that is less."""
    if len(places) < 2:
        return np.ones(len(places))
    apart = np.hypot(*(places[:, None] - places).transpose(2, 0, 1)) / places[:, :1]
    np.fill_diagonal(apart, np.inf)
    return np.minimum(apart.min(axis=1), 1.0)
