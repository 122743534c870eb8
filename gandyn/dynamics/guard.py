"""The force of a game as a right-hand side that an integrator may probe anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError

Array = NDArray[np.float64]


class GuardedForce:
    """Force and Jacobian of a game over lanes, nan where a trial state is out of bounds.

    An integrator's trial states may overflow, or cross a state where the generator degenerates
    (a = 0). A game answers those with an error for the whole stack; here only the offending
    lanes become nan, which the step control reads as "step too long".

    Parameters
    ----------
    game
        Anything with ``force`` and ``jacobian`` over a stack of states. If ``game.generator``
        is linear, a trial state whose `a` has another sign than that of the state it came from
        counts as out of bounds; so does one of another ``orientation(theta)``, of shape
        ``theta.shape[:-1]``, if the generator has a method of that name.
    """

    def __init__(self, game: Any) -> None:
        self._force = game.force
        self._jacobian = getattr(game, "jacobian", None)
        self._orientation = _orientation(getattr(game, "generator", None))

    def force(self, y: Array, home: Array) -> Array:
        """Force (n, d) at ``y``; ``home`` (n, d) are the admissible states they came from."""
        return self._call(self._force, y, home, y.shape)

    def jacobian(self, y: Array, home: Array) -> Array:
        """Jacobian (n, d, d) of the force at ``y``; differences where the game has none."""
        if self._jacobian is None:
            return self._differences(y, home)
        return self._call(self._jacobian, y, home, (*y.shape, y.shape[1]))

    def same_side(self, y: Array, home: Array) -> NDArray[np.bool_]:
        """Whether each state of ``y`` has the orientation of its ``home``."""
        if self._orientation is None:
            return np.ones(len(y), dtype=bool)
        return np.asarray(self._orientation(y)) == np.asarray(self._orientation(home))

    def _call(
        self, function: Callable[[Array], Any], y: Array, home: Array, shape: tuple[int, ...]
    ) -> Array:
        outside = self._outside(y, home)
        if outside is not None:
            y = np.where(outside[:, None], home, y)
        try:
            out = np.asarray(function(y), dtype=float)
        except InputError:
            out = self._lane_by_lane(function, y, shape[1:])
        if out.shape != shape:
            name = getattr(function, "__name__", "force")
            raise InputError(f"game.{name}: got shape {out.shape} for {y.shape}, must be {shape}")
        if outside is not None:
            out = out.copy()
            out[outside] = np.nan
        return out

    def _outside(self, y: Array, home: Array) -> NDArray[np.bool_] | None:
        flat = y.ravel()
        outside: NDArray[np.bool_] | None = None
        if not np.isfinite(flat @ flat):
            outside = np.logical_not(np.isfinite(y).all(axis=1))
        if self._orientation is not None:
            seen = y if outside is None else np.where(outside[:, None], home, y)
            crossed = np.logical_not(self.same_side(seen, home))
            outside = crossed if outside is None else np.logical_or(outside, crossed)
        return outside if outside is not None and outside.any() else None

    def _lane_by_lane(
        self, function: Callable[[Array], Any], y: Array, tail: tuple[int, ...]
    ) -> Array:
        """Halve the stack until the lanes that raise stand alone."""
        if len(y) == 0:
            return np.empty((0, *tail))
        try:
            return np.asarray(function(y), dtype=float)
        except InputError:
            if len(y) == 1:
                return np.full((1, *tail), np.nan)
        middle = len(y) // 2
        halves = [self._lane_by_lane(function, half, tail) for half in (y[:middle], y[middle:])]
        return np.concatenate(halves)

    def _differences(self, y: Array, home: Array) -> Array:
        """Central differences of the force, one column a component."""
        columns = []
        size = np.abs(y).max(axis=1)
        for j in range(y.shape[1]):
            own = np.abs(y[:, j])
            step = np.zeros_like(y)
            step[:, j] = 6e-6 * np.maximum(own, 1e-3 * np.where(size > 0, size, 1.0))
            crossing = np.logical_not(self.same_side(y - step, home) & self.same_side(y + step, home))
            step[crossing, j] = 6e-6 * own[crossing]
            rise = self.force(y + step, home) - self.force(y - step, home)
            columns.append(rise / (2 * step[:, j, None]))
        return np.stack(columns, axis=-1)


def _orientation(generator: Any) -> Callable[[Array], Any] | None:
    """What must not change within a step: the sign of a, or what the generator says."""
    from gandyn.generators import LinearGenerator

    own = getattr(generator, "orientation", None)
    if own is not None:
        return own
    return _sign_of_a if isinstance(generator, LinearGenerator) else None


def _sign_of_a(theta: Array) -> Array:
    return np.sign(theta[..., 0])
