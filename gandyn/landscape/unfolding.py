"""A family of games in scaled coordinates: rest points, folds, branch points as equations.

u = (log a, b/scale, p₁, …): each parameter p runs from 0 to 1 over its range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.landscape.newton import FIVE, second
from gandyn.landscape.plane import Plane

__all__ = ["BranchPoints", "Folds", "Unfolding"]

Array = NDArray[np.float64]

_KEPT = 64
_STEP = 1e-5
"""Step of one-sided differences in a parameter, in its range."""
_CENTRAL = 2e-3
_TILT = 1e-4
"""Step of differences of the Jacobian."""


class Unfolding:
    """Rest points of a family of games: two equations in two unknowns and the parameters.

    Parameters
    ----------
    make : callable
        The game at given values of the parameters.
    low, high : array_like
        The ranges of the parameters.
    scale : float
        The unit of b.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        low: ArrayLike,
        high: ArrayLike,
        scale: float,
    ) -> None:
        self._make = make
        self.low, self.high = np.array(low, dtype=float), np.array(high, dtype=float)
        self.scale = scale
        self._games: dict[tuple[float, ...], Any] = {}

    def game(self, values: Iterable[float]) -> Any:
        """The member of the family, made once for each of the last few values."""
        key = tuple(float(v) for v in values)
        if key not in self._games:
            if len(self._games) >= _KEPT:
                del self._games[next(iter(self._games))]
            self._games[key] = self._make(*key)
        return self._games[key]

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
            lambda t: self.game(self.low + span * (one + t * (other - one))), [0], [1], self.scale
        )

    def residual(self, u: Array) -> Array:
        """The force (2,), nan outside the family's domain."""
        try:
            game = self.game(self.values(u))
        except InputError:
            return np.full(2, np.nan)
        return Plane(game).force(self.theta(u)[None])[0]

    def curvature(self, u: Array) -> Array:
        """∂F/∂(log a, b/scale), shape (2, 2), nan outside the domain."""
        try:
            game = self.game(self.values(u))
        except InputError:
            return np.full((2, 2), np.nan)
        theta = self.theta(u)
        units = np.array([theta[0], self.scale])
        return Plane(game).jacobian(theta[None])[0] * units

    def slopes(self, u: Array) -> Array:
        """∂F/∂u at a rest point, shape (2, 2 + k): one-sided differences in the parameters."""
        here = self.residual(u)
        columns = [
            (self.residual(u + step * axis) - here) / step
            for axis, step in zip(np.eye(len(u))[2:], self._inwards(u), strict=True)
        ]
        return np.concatenate([self.curvature(u), np.stack(columns, axis=1)], axis=1)

    def slopes_finely(self, u: Array) -> Array:
        """`slopes` with fourth-order differences, which branch points depend on."""
        columns = []
        for axis in np.eye(len(u))[2:] * _CENTRAL:
            near = self.residual(u + axis) - self.residual(u - axis)
            far = self.residual(u + 2.0 * axis) - self.residual(u - 2.0 * axis)
            columns.append((8.0 * near - far) / (12.0 * _CENTRAL))
        return np.concatenate([self.curvature(u), np.stack(columns, axis=1)], axis=1)

    def _inwards(self, u: Array) -> Array:
        return np.where(u[2:] < 0.5, _STEP, -_STEP)


class Folds:
    """Folds: the force and g(J) vanish, with g from a bordered system.

    [J p; qᵀ 0] (v, g) = (0, 1) has g = 0 exactly where J is singular, and g, unlike det J, keeps
    its size (Govaerts, "Numerical methods for bifurcations of dynamical equilibria", 2000, ch. 3).

    Parameters
    ----------
    base : Unfolding
    u : ndarray
        A point nearby, whose singular vectors are the borders.
    """

    def __init__(self, base: Unfolding, u: Array) -> None:
        self.base = base
        self._p = self._q = np.array([1.0, 0.0])
        self.borders(u)

    def borders(self, u: Array) -> None:
        """Take the borders from this point on."""
        curvature = self.base.curvature(u)
        if np.isfinite(curvature).all():
            left, _, right = np.linalg.svd(curvature)
            self._p, self._q = left[:, 1], right[1]

    def test(self, curvature: Array) -> float:
        """g of a Jacobian (2, 2)."""
        return float(self._bordered(curvature)[2])

    def _bordered(self, curvature: Array, left: bool = False) -> Array:
        """(v, g), or (ψ, g) from the left: at a fold v and ψ are null vectors."""
        matrix = np.zeros((3, 3))
        matrix[:2, :2], matrix[:2, 2], matrix[2, :2] = curvature, self._p, self._q
        if not np.isfinite(matrix).all():
            return np.full(3, np.nan)
        right = np.array([0.0, 0.0, 1.0])
        return np.asarray(np.linalg.solve(matrix.T if left else matrix, right))

    def null(self, u: Array) -> tuple[Array, Array]:
        """The right and left null vectors of the Jacobian at a fold, of length 1."""
        left, _, right = np.linalg.svd(self.base.curvature(u))
        return right[1], left[:, 1]

    def residual(self, u: Array) -> Array:
        """Force and g, shape (3,)."""
        return np.append(self.base.residual(u), self.test(self.base.curvature(u)))

    def slopes(self, u: Array) -> Array:
        """Their derivatives (3, 2 + k); the borders move along."""
        self.borders(u)
        here = self.test(self.base.curvature(u))
        row = []
        for k, axis in enumerate(np.eye(len(u))):
            step = _TILT if k < 2 or u[k] < 0.5 else -_TILT
            row.append((self.test(self.base.curvature(u + step * axis)) - here) / step)
        return np.vstack([self.base.slopes(u), row])

    def bend(self, u: Array) -> float:
        """ψᵀF''[v, v], which vanishes at a cusp: v, ψ the null vectors, with a lasting sign."""
        curvature = self.base.curvature(u)
        v, psi = self._bordered(curvature)[:2], self._bordered(curvature, left=True)[:2]
        v, psi = v / np.hypot(*v), psi / np.hypot(*psi)
        h = 5e-3
        full = np.zeros((5, len(u)))
        full[:, :2] = h * FIVE[:, None] * v
        states = self.base.theta(u + full)[:, None]
        plane = Plane(self.base.game(self.base.values(u)))
        return float(second(plane, states, h)[0] @ psi)


class BranchPoints:
    """Branch points: F + β p = 0 and the whole of ∂F/∂(log a, b, p₁) has rank 1.

    The unknowns are u and β, which is 0 where branches do cross; with p fixed the equations are
    regular at transcritical and pitchfork points alike (Griewank and Reddien, 1984; Govaerts, 2000,
    section 8.1).

    Parameters
    ----------
    base : Unfolding
    u : ndarray
        A point nearby.
    """

    def __init__(self, base: Unfolding, u: Array) -> None:
        self.base = base
        self._p, self._c = np.array([1.0, 0.0]), np.eye(3)[1:]
        self.borders(u)

    def borders(self, u: Array) -> None:
        """Take the borders from this point on."""
        slopes = self.base.slopes_finely(u)[:, :3]
        if np.isfinite(slopes).all():
            left, _, right = np.linalg.svd(slopes)
            self._p, self._c = left[:, 1], right[1:]

    def residual(self, w: Array) -> Array:
        """F + β p and the two tests, shape (4,), at w = (u, β)."""
        u, beta = w[:-1], w[-1]
        slopes = self.base.slopes_finely(u)[:, :3]
        matrix = np.zeros((4, 4))
        matrix[:2, :3], matrix[:2, 3], matrix[2:, :3] = slopes, self._p, self._c
        if not np.isfinite(matrix).all():
            return np.full(4, np.nan)
        tests = np.linalg.solve(matrix.T, [0.0, 0.0, 0.0, 1.0])[2:]
        return np.concatenate([self.base.residual(u) + beta * self._p, tests])

    def slopes(self, w: Array) -> Array:
        """Their derivatives by differences (4, 4 + k − 1); the borders move along."""
        self.borders(w[:-1])
        columns = [
            (self.residual(w + step) - self.residual(w - step)) / (2.0 * _TILT)
            for step in np.eye(len(w)) * _TILT
        ]
        return np.stack(columns, axis=1)
