"""The force of a game as a right-hand side that an integrator may probe anywhere."""

from __future__ import annotations

import math
from copy import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.chart import Array, Chart
from gandyn.errors import InputError

__all__ = ["Array", "GuardedForce", "RightHandSide", "Rows", "chosen", "finite", "largest"]

Rows = NDArray[np.intp] | slice

_FEW = 4  # evaluations that cost less one by one than in a stack


class RightHandSide(Protocol):
    """What the steps ask for; ``y`` and ``home`` are states (..., d)."""

    def force(self, y: Array, home: Array) -> Array:
        """Force at trial states ``y`` that came from ``home``; nan where there is none."""


class GuardedForce:
    """Force of a game over lanes, and its Jacobian, nan where a trial state is out of bounds.

    An integrator's trial states may overflow, or cross a state where the generator degenerates
    (a = 0). A game answers those with an error for the whole stack; here only the offending
    lanes become nan, which the step control reads as "step too long". A trial state of another
    ``game.generator.orientation(theta)``, if there is such, than that of the state it came from
    counts as out of bounds.
    """

    def __init__(self, game: Any) -> None:
        generator = getattr(game, "generator", None)
        self._force = game.force
        engine = getattr(game, "engine", None)
        self._engine = engine if hasattr(engine, "force") else None
        # Of a z + b whatever the game would refuse is refused here.
        self._force_at = game.engine.force_at if getattr(generator, "affine", False) else game.force
        self._chart: Chart | None = None
        self._orientation = getattr(generator, "orientation", _everywhere)
        self._home, self._side = b"", np.empty(0)

    def force(self, y: Array, home: Array) -> Array:
        """Force (..., d) at ``y``; ``home`` (..., d) are the admissible states they came from."""
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

    def vague(self, y: Array, share: float) -> NDArray[np.bool_]:
        """Whether the integrals of each state of a stack diverge, or end with too large an error.

        That is one above a share of the force, where the game can say so.
        """
        if self._engine is None or not len(y):
            return np.zeros(len(y), bool)
        found = self._engine.force(y)
        close = found.error.max(axis=0) <= share * np.abs(found.value).max(axis=0)
        return np.asarray(~(found.converged | close))

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
        own, home = np.abs(y), home[:, None]
        top = own.max(axis=1, keepdims=True)
        step = np.where(top > 0, 6e-6 * np.maximum(own, 1e-2 * top), 6e-8)
        shifts = step[:, None] * np.eye(d)
        ends = np.array([y[:, None] + shifts, y[:, None] - shifts])
        safe = np.logical_and(*self.same_side(ends, home))
        if np.count_nonzero(safe) < safe.size:
            shifts = np.where(safe[..., None], shifts, 6e-6 * own[:, None] * np.eye(d))
            ends = np.array([y[:, None] + shifts, y[:, None] - shifts])
        states = ends.reshape(-1, d)
        if n == 1 and len(states) <= _FEW:
            force = np.array([self._alone(state, home[0, 0]) for state in states])
        else:
            force = self.force(states, np.broadcast_to(home, ends.shape).reshape(-1, d))
        change = np.subtract(*force.reshape(ends.shape))
        return np.swapaxes(change / (ends[0] - ends[1]).sum(axis=2)[..., None], 1, 2)

    def same_side(self, y: Array, home: Array) -> NDArray[np.bool_]:
        """Whether each state of ``y`` has the orientation of its ``home``."""
        return np.asarray(self._orientation(y) == self._orientation(home))

    def _alone(self, y: Array, home: Array) -> Array:
        """Force (d,) at one state by the game's way for one state, which is far cheaper."""
        here = home.tobytes()
        if here != self._home:
            self._home, self._side = here, self._orientation(home)
        if not math.isfinite(sum(y.tolist())) or self._orientation(y) != self._side:
            return np.full(y.shape, np.nan)
        try:
            out = np.asarray(self._force_at(y), dtype=float)
        except InputError:
            return np.full(y.shape, np.nan)
        if out.shape != y.shape:
            raise InputError(f"game.force: got shape {out.shape} for {y.shape}, must be the same")
        return out

    def _outside(self, y: Array, home: Array) -> NDArray[np.bool_] | None:
        outside = ~(finite(y) & self.same_side(y, home))
        return outside if outside.any() else None

    def _lane_by_lane(self, y: Array) -> Array:
        """Halve the stack until the lanes that raise stand alone."""
        try:
            return np.asarray(self._force(y), dtype=float)
        except InputError:
            if len(y) <= 1:
                return np.full(y.shape, np.nan)
        middle = len(y) // 2
        return np.concatenate([self._lane_by_lane(y[:middle]), self._lane_by_lane(y[middle:])])


def _everywhere(theta: Array) -> Array:
    """Orientation of states of a game that has none."""
    return np.zeros(theta.shape[:-1])


def chosen(mask: NDArray[np.bool_]) -> Rows:
    """Where ``mask`` holds: an index, or a slice where that is everywhere, as of a lone lane."""
    return slice(None) if np.count_nonzero(mask) == len(mask) else np.flatnonzero(mask)


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
