"""The force of a game as a right-hand side that an integrator may probe anywhere."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.chart import Array, Chart
from gandyn.errors import InputError

__all__ = ["Array", "GuardedForce", "RightHandSide", "finite", "largest"]


_FEW = 4  # evaluations that cost less one by one than in a stack


class RightHandSide(Protocol):
    """What the steps ask for; ``y`` and ``home`` are states (..., d)."""

    def force(self, y: Array, home: Array) -> Array:
        """Force at trial states ``y`` that came from ``home``; nan where there is none."""


class GuardedForce:
    """Force of a game over lanes, and its Jacobian, nan where a trial state is out of bounds.

    An integrator's trial states may overflow, or cross a state where the generator degenerates
    (a = 0). A game answers those with an error for the whole stack; here only the offending
    lanes become nan, which the step control reads as "step too long".

    Parameters
    ----------
    game
        Anything with a ``force`` over states (..., d). A trial state of another
        ``game.generator.orientation(theta)``, if there is such, than that of the state it came
        from counts as out of bounds.
    """

    def __init__(self, game: Any) -> None:
        self._force = game.force
        self._chart: Chart | None = None
        self._orientation: Callable[[Array], Any] | None = getattr(
            getattr(game, "generator", None), "orientation", None
        )
        self._home, self._side = b"", np.float64(0)

    def force(self, y: Array, home: Array) -> Array:
        """Force (..., d) at ``y``; ``home`` (..., d) are the admissible states they came from."""
        if y.ndim == 1:
            return self._alone(y, home)
        if len(y) == 1:
            return self._alone(y[0], home[0])[None]
        if len(y) == 0:
            return np.empty(y.shape)
        outside = self._outside(y, home)
        if outside is not None:
            y = np.where(outside[:, None], home, y)
        out = self._lane_by_lane(y) if self._chart is None else self._chart(y)
        if out.shape != y.shape:
            raise InputError(f"game.force: got shape {out.shape} for {y.shape}, must be the same")
        if outside is not None:
            out = out.copy()
            out[outside] = np.nan
        return out

    def charted(self, starts: Array, share: float) -> GuardedForce:
        """The same force by a `Chart` around ``starts`` (n, 2), off by ``share`` at most."""
        out = copy(self)
        out._chart = Chart(self._lane_by_lane, starts, share)
        return out

    def jacobian(self, y: Array, home: Array) -> Array:
        """Jacobian (n, d, d) of the force at ``y``, to six digits or more.

        By central differences, 2 d evaluations: a stacked force costs so little that the exact
        Jacobian of a game is dearer, and steps and landings ask only for a good one.
        """
        n, d = y.shape
        own = np.abs(y)
        step = 6e-6 * np.maximum(own, 1e-2 * own.max(axis=1, initial=1e-300, keepdims=True))
        step[(own == 0).all(axis=1)] = 6e-8
        shifts = step[:, None, :] * np.eye(d)
        back = np.repeat(home, d, axis=0)
        if self._orientation is not None:
            sides = [
                self.same_side((y[:, None] + sign * shifts).reshape(-1, d), back)
                for sign in (1, -1)
            ]
            safe = (sides[0] & sides[1]).reshape(n, d, 1)
            shifts = np.where(safe, shifts, 6e-6 * own[:, None, :] * np.eye(d))
        ends = np.concatenate(
            [(y[:, None] + shifts).reshape(-1, d), (y[:, None] - shifts).reshape(-1, d)]
        )
        if n == 1 and len(ends) <= _FEW:
            force = np.array(
                [self._alone(*pair) for pair in zip(ends, [*back, *back], strict=True)]
            )
        else:
            force = self.force(ends, np.concatenate([back, back]))
        force = force.reshape(2, n, d, d)
        width = (ends[: n * d] - ends[n * d :]).reshape(n, d, d).sum(axis=2)
        return np.swapaxes((force[0] - force[1]) / width[:, :, None], 1, 2)

    def same_side(self, y: Array, home: Array) -> NDArray[np.bool_]:
        """Whether each state of ``y`` has the orientation of its ``home``."""
        if self._orientation is None:
            return np.ones(len(y), dtype=bool)
        return np.asarray(self._orientation(y)) == np.asarray(self._orientation(home))

    def _alone(self, y: Array, home: Array) -> Array:
        """Force (d,) at one state by the game's way for one state, which is far cheaper."""
        try:
            out = np.asarray(self._force(y), dtype=float)
        except InputError:
            return np.full(y.shape, np.nan)
        if out.shape != y.shape:
            raise InputError(f"game.force: got shape {out.shape} for {y.shape}, must be the same")
        if self._orientation is not None:
            here = home.tobytes()
            if here != self._home:
                self._home, self._side = here, self._orientation(home)
            if self._orientation(y) != self._side:
                return np.full(y.shape, np.nan)
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

    def _lane_by_lane(self, y: Array) -> Array:
        """Halve the stack until the lanes that raise stand alone."""
        try:
            return np.asarray(self._force(y), dtype=float)
        except InputError:
            if len(y) <= 1:
                return np.full(y.shape, np.nan)
        middle = len(y) // 2
        return np.concatenate([self._lane_by_lane(y[:middle]), self._lane_by_lane(y[middle:])])


# NumPy reduces a short last axis lane by lane; column by column it is five times faster.


def largest(x: Array) -> Array:
    """Largest absolute component (n,) of each row of ``x`` (n, d)."""
    size = np.abs(x)
    out = size[:, 0].copy()
    for j in range(1, x.shape[1]):
        np.maximum(out, size[:, j], out=out)
    return out


def finite(x: Array) -> NDArray[np.bool_]:
    """Whether each row of ``x`` (n, d) is finite."""
    known = np.isfinite(x)
    out = known[:, 0].copy()
    for j in range(1, x.shape[1]):
        out &= known[:, j]
    return out
