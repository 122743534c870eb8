"""A family of games in scaled coordinates: rest points, folds, branch points as equations.

u = (log a, b/scale, p₁, …): each parameter p runs from 0 to 1 over its range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.landscape.continuation import slopes_by
from gandyn.landscape.newton import FIVE, second
from gandyn.landscape.plane import Box, Plane
from gandyn.system.checks import Array

_KEPT = 64
_STEP = 1e-5
"""Step of one-sided differences in a parameter, in its range."""
_MOVED, _SHORTENED = 3e-5, 6
"""A step that moves the rest point by more, where its eigenvalue is largest, is shortened."""
_CENTRAL = 2e-3
_BEYOND = 3.0
"""How far beyond the boxes of some members branches are followed, in their heights and in log a."""
_TILT = 1e-4
"""Step of differences of the Jacobian."""


class Unfolding:
    """Rest points of a family of games: two equations in two unknowns and the parameters.

    `make` gives the game at values of the parameters, `low` and `high` are their ranges, and
    `scale` is the unit of b. Rest points beyond `reach` (2, 2), the least and the largest log a and
    b/scale, are not followed.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        low: ArrayLike,
        high: ArrayLike,
        scale: float,
        reach: ArrayLike = ((-30.0, -np.inf), (30.0, np.inf)),
    ) -> None:
        self._member = lru_cache(_KEPT)(make)
        self.low, self.high = np.array(low, dtype=float), np.array(high, dtype=float)
        self.scale, self.reach = scale, np.array(reach)

    @classmethod
    def over(
        cls, make: Callable[..., Any], low: ArrayLike, high: ArrayLike, boxes: Sequence[Box]
    ) -> Unfolding:
        """That of a family some of whose members have their rest points in these boxes."""
        corners = np.array(boxes)
        (first, lowest), (last, highest) = corners[:, ::2].min(axis=0), corners[:, 1::2].max(axis=0)
        scale = 0.25 * float(np.median(corners[:, 3] - corners[:, 2]))
        wide = _BEYOND * (highest - lowest)
        least = np.log(first) - _BEYOND, (lowest - wide) / scale
        most = np.log(last) + _BEYOND, (highest + wide) / scale
        return cls(make, low, high, scale, (least, most))

    def reached(self, u: Array) -> bool:
        """Whether a point is within reach."""
        return bool((u[:2] > self.reach[0]).all() and (u[:2] < self.reach[1]).all())

    def game(self, values: Iterable[float]) -> Any:
        """The member of the family, made once for each of the last few values."""
        return self._member(*map(float, values))

    def values(self, u: Array) -> Array:
        """The parameters of points (..., 2 + k): at 0 and 1 exactly the ends of the ranges."""
        return self.low * (1.0 - u[..., 2:]) + self.high * u[..., 2:]

    def theta(self, u: Array) -> Array:
        """(a, b) of points (..., 2 + k)."""
        return np.stack([np.exp(u[..., 0]), self.scale * u[..., 1]], axis=-1)

    def at(self, theta: Array, values: ArrayLike) -> Array:
        """The point of a state and parameters."""
        p = (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
        return np.concatenate([[np.log(theta[0]), theta[1] / self.scale], p])

    def line(self, one: Array, other: Array) -> Unfolding:
        """The one-parameter family on the segment from one set of scaled parameters to another."""
        span = self.high - self.low
        return Unfolding(
            lambda t: self.game(self.low + span * (one + t * (other - one))),
            [0],
            [1],
            self.scale,
            self.reach,
        )

    def plane(self, u: Array) -> Plane:
        """The game at the parameters of a point."""
        return Plane(self.game(self.values(u)))

    def residual(self, u: Array) -> Array:
        """The force (2,), nan outside the family's domain."""
        try:
            return self.plane(u).force(self.theta(u)[None])[0]
        except InputError:
            return np.full(2, np.nan)

    def curvature(self, u: Array) -> Array:
        """∂F/∂(log a, b/scale), shape (2, 2), nan outside the domain."""
        theta = self.theta(u)
        try:
            return self.plane(u).jacobian(theta[None])[0] * np.array([theta[0], self.scale])
        except InputError:
            return np.full((2, 2), np.nan)

    def slopes(self, u: Array) -> Array:
        """∂F/∂u at a rest point, shape (2, 2 + k): one-sided differences in the parameters."""
        curvature, here = self.curvature(u), self.residual(u)
        size, columns = float(np.abs(curvature).max()), [curvature]
        for axis in np.eye(len(u))[2:]:
            h = -_STEP if axis @ u >= 0.5 else _STEP
            for _ in range(_SHORTENED):
                change = self.residual(u + h * axis) - here
                moved = float(np.abs(change).max()) / size if size > 0.0 else 0.0
                if not moved > _MOVED:
                    break
                h *= 0.2 * _MOVED / moved
            columns.append((change / h)[:, None])
        return np.hstack(columns)

    def slopes_finely(self, u: Array) -> Array:
        """`slopes` with fourth-order differences, which branch points depend on."""
        columns = slopes_by(self.residual, u, _CENTRAL, 2, accuracy=4)
        return np.hstack([self.curvature(u), columns])


def inwards(
    function: Callable[[Array], Any], u: Array, step: float, first: int, states: int = 2
) -> Array:
    """Slopes of a function in the unknowns from `first` on, by differences to one side.

    Behind the first few, of states, come parameters, from which the steps lead inwards.
    """
    here, columns = function(u), []
    for k in range(first, len(u)):
        h = -step if k >= states and u[k] >= 0.5 else step
        columns.append((function(u + h * np.eye(len(u))[k]) - here) / h)
    return np.stack(columns, axis=-1)


class _Bordered:
    """Equations where a matrix M(u), shape (2, n), is singular: [M p; C 0] is regular there.

    The borders p and the rows C are singular vectors of M at a point nearby.
    """

    p: Array = np.array([1.0, 0.0])
    _rows: Array

    def __init__(self, base: Unfolding, u: Array) -> None:
        self.base = base
        self.borders(u)

    def borders(self, u: Array) -> None:
        """Take the borders from this point on, where M is finite."""
        inner = self._inner(u)
        if np.isfinite(inner).all():
            left, _, right = np.linalg.svd(inner)
            self.p, self._rows = left[:, 1], right[1:]

    def _inner(self, u: Array) -> Array:
        raise NotImplementedError

    def _solved(self, inner: Array, left: bool) -> Array:
        """The last column (n + 1,) of the inverse of [M p; C 0], or from the left the last row."""
        n = inner.shape[1]
        matrix = np.zeros((n + 1, n + 1))
        matrix[:2, :n], matrix[:2, n], matrix[2:, :n] = inner, self.p, self._rows
        if not np.isfinite(matrix).all():
            return np.full(n + 1, np.nan)
        return np.asarray(np.linalg.solve(matrix.T if left else matrix, np.eye(n + 1)[n]))


class Folds(_Bordered):
    """Folds: the force and g(J) vanish, with g from a bordered system.

    [J p; qᵀ 0] (v, g) = (0, 1) has g = 0 exactly where J is singular, and g, unlike det J, keeps
    its size (Govaerts, "Numerical methods for bifurcations of dynamical equilibria", 2000, ch. 3).
    From the left it is (ψ, g). At a fold v and ψ are null vectors.
    """

    _rows = np.eye(2)[1:]

    def _inner(self, u: Array) -> Array:
        return self.base.curvature(u)

    def test(self, curvature: Array) -> float:
        """g of a Jacobian (2, 2)."""
        return float(self._solved(curvature, left=False)[2])

    def residual(self, u: Array) -> Array:
        """Force and g, shape (3,)."""
        return np.append(self.base.residual(u), self.test(self.base.curvature(u)))

    def slopes(self, u: Array) -> Array:
        """Their derivatives (3, 2 + k); the borders move along."""
        self.borders(u)
        row = inwards(lambda at: self.test(self.base.curvature(at)), u, _TILT, 0)
        return np.vstack([self.base.slopes(u), row])

    def bend(self, u: Array) -> float:
        """ψᵀF''[v, v], which vanishes at a cusp: v, ψ the null vectors, with a lasting sign."""
        curvature = self.base.curvature(u)
        v, psi = (self._solved(curvature, left)[:2] for left in (False, True))
        v, psi = v / np.hypot(*v), psi / np.hypot(*psi)
        h = 5e-3
        full = np.zeros((5, len(u)))
        full[:, :2] = h * FIVE[:, None] * v
        states = self.base.theta(u + full)[:, None]
        return float(second(self.base.plane(u), states, h)[0] @ psi)


class BranchPoints(_Bordered):
    """Branch points: F + β p = 0 and the whole of ∂F/∂(log a, b, p₁) has rank 1.

    The unknowns are u and β, which is 0 where branches do cross; with p fixed the equations are
    regular at transcritical and pitchfork points alike (Griewank and Reddien, 1984; Govaerts, 2000,
    section 8.1).
    """

    _rows = np.eye(3)[1:]

    def _inner(self, u: Array) -> Array:
        return self.base.slopes_finely(u)[:, :3]

    def residual(self, w: Array) -> Array:
        """F + β p and the two tests, shape (4,), at w = (u, β)."""
        tests = self._solved(self._inner(w[:-1]), left=True)[2:]
        return np.concatenate([self.base.residual(w[:-1]) + w[-1] * self.p, tests])

    def slopes(self, w: Array) -> Array:
        """Their derivatives by differences (4, 4 + k − 1); the borders move along."""
        self.borders(w[:-1])
        return slopes_by(self.residual, w, _TILT)
