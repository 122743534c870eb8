"""Pseudo-arclength continuation: curves of solutions of n equations in n + 1 unknowns.

H. B. Keller, "Numerical solution of bifurcation and nonlinear eigenvalue problems" (1977): step
along the tangent, then Newton's method in the plane across it, which passes folds like any other
point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gandyn.system.checks import Array
from gandyn.system.differences import central
from gandyn.system.polyline import feet

_FIRST, _LONGEST, _SHORTEST = 0.02, 0.06, 1e-6
_TURN = 0.2
"""Largest angle between the tangents at both ends of a step."""
_ALONG = 0.3
_STRAIGHT, _BENT = 1e-4, 0.02
"""Share of a step by which its end may be off what was foreseen, and the angle by which it may turn
for the next to be a longer one."""
_SETTLED = 1e-10
_ITERATIONS = 9
_TOUCH = 1e-9
_MOST = 2000


class System(Protocol):
    """n equations in n + 1 unknowns, each of a size of about 1."""

    def residual(self, u: Array) -> Array:
        """The equations' left sides (n,), nan where there are none."""

    def slopes(self, u: Array) -> Array:
        """Their derivatives (n, n + 1)."""


@dataclass(frozen=True)
class Path:
    """A curve of solutions u (k, n + 1), with tangents (k, n + 1) and slopes (k, n, n + 1).

    Its end is "bound" where it came to the bounds, "closed" where to its start, "lost" where no
    step was short enough, "long" where it has too many points.
    """

    u: Array
    tangent: Array
    slopes: Array
    end: str

    def zeros(self, values: Array) -> list[tuple[int, Array]]:
        """Indices of pieces on which values (k,) change their sign, and where, linearly."""
        k = np.flatnonzero(values[1:] * values[:-1] < 0)
        part = values[k] / (values[k] - values[k + 1])
        places = self.u[k] + part[:, None] * (self.u[k + 1] - self.u[k])
        return list(zip(k.tolist(), places, strict=True))

    def off(self, u: Array) -> float:
        """How far a point is from the curve, by the largest of its differences."""
        return float(np.abs(u - feet(self.u, u)[0]).max(axis=1).min(initial=np.inf))


def tangent_of(slopes: Array) -> Array:
    """The unit vector on which the slopes (n, n + 1) vanish."""
    return np.asarray(np.linalg.svd(slopes)[2][-1])


def slopes_by(
    function: Callable[[Array], Array], u: Array, step: float, first: int = 0, accuracy: int = 2
) -> Array:
    """Slopes of a function in the unknowns from `first` on, by central differences."""
    columns = [
        central(lambda t, axis=axis: function(u + t * axis), np.zeros(()), step, accuracy)  # type: ignore[misc]
        for axis in np.eye(len(u))[first:]
    ]
    return np.stack(columns, axis=1)


def beyond(u: Array, first: int, count: int) -> tuple[int, float] | None:
    """The first of `count` unknowns from `first` on that is not within 0 to 1, and its bound."""
    for k in range(first, first + count):
        if u[k] < 0.0 or u[k] > 1.0:
            return k, float(u[k] > 1.0)
    return None


def correct(system: System, guess: Array, row: Array, slopes: Array) -> Array | None:
    """The solution with row · (u − guess) = 0 near a guess, or None.

    Newton's method with the slopes of a point nearby, kept up by Broyden's rank-one updates.
    """
    u, matrix, step = guess, np.vstack([slopes, row]), None
    for _ in range(_ITERATIONS):
        value = np.append(system.residual(u), row @ (u - guess))
        if step is not None:
            matrix = matrix + np.outer(value, step) / (step @ step)
        step = _step(matrix, value)
        if step is None or not np.abs(step).max() < 0.3:
            return None
        u = u + step
        if np.abs(step).max() <= _SETTLED * max(1.0, float(np.abs(u).max())):
            return u
    return None


def solve(
    residual: Callable[[Array], Array], start: Array, h: float, *, farthest: float = 0.2
) -> Array | None:
    """A root of n equations in n unknowns by Newton's method with differences over h, or None.

    A root farther than `farthest` from the start is none of its own.
    """
    u = start
    for _ in range(14):
        step = _step(slopes_by(residual, u, h), residual(u))
        if step is None:
            return None
        size = float(np.abs(step).max())
        u = u + 0.05 / max(size, 0.05) * step
        if np.abs(u - start).max() > farthest:
            return None
        if size <= _SETTLED:
            return u
    return None


def _step(matrix: Array, value: Array) -> Array | None:
    """Newton's step, None where it is not known."""
    if not (np.isfinite(matrix).all() and np.isfinite(value).all()):
        return None
    try:
        return np.asarray(-np.linalg.solve(matrix, value), dtype=float)
    except np.linalg.LinAlgError:
        return None


def follow(
    system: System,
    start: Array,
    tangent: Array,
    crossed: Callable[[Array], tuple[int, float] | None],
    inside: Callable[[Array], bool] = lambda u: True,
) -> Path:
    """Follow a curve from a solution along a tangent to a bound, its start or its end.

    `crossed` says the index of an unknown and its bound that a point lies beyond, or None: the
    curve ends exactly on it. Where `inside` says False it ends before.
    """
    u, slopes = start.copy(), system.slopes(start)
    along = tangent_of(slopes)
    along = along if along @ tangent >= 0 else -along
    rows = [(u, along, slopes)]
    bend, steeper = np.zeros(len(u)), np.zeros(slopes.shape)
    h, end, bound = _FIRST, "long", None
    while len(rows) < _MOST:
        if h < _SHORTEST:
            # A curve that turns back on a bound, as at a fold, has come to it.
            end = "bound" if bound is not None and abs(u[bound[0]] - bound[1]) < _TOUCH else "lost"
            break
        guess, new = u + h * along + 0.5 * h * h * bend, None
        nearby = slopes + h * steeper
        bound = crossed(guess)
        if bound is None:
            # Where the last unknown, a parameter, goes along it is held: its game is known then.
            row = np.eye(len(u))[-1] if abs(along[-1]) > _ALONG else along
            new = correct(system, guess, row, nearby)
            if new is not None and crossed(new) is not None:
                bound, guess = crossed(new), new
        if bound is not None:
            index, value = bound
            part = (value - u[index]) / (guess[index] - u[index])
            guess = u + max(part, 0.0) * (guess - u)
            guess[index] = value
            new = correct(system, guess, np.eye(len(u))[index], nearby)
            if new is not None:
                new[index] = value
        if new is None or np.abs(new - guess).max() > 0.5 * h:
            h *= 0.4
            continue
        new_slopes = system.slopes(new)
        if not np.isfinite(new_slopes).all():
            h *= 0.4
            continue
        ahead = tangent_of(new_slopes)
        ahead = ahead if ahead @ along >= 0 else -ahead
        angle = float(np.arccos(np.clip(ahead @ along, -1.0, 1.0)))
        if angle > _TURN and h > 100.0 * _SHORTEST:
            h *= 0.5
            continue
        if not inside(new):
            end = "lost"
            break
        bend, steeper = _ahead(new - u, along, ahead, new_slopes - slopes)
        straight = angle < _BENT and np.abs(new - guess).max() <= _STRAIGHT * h
        u, along, slopes = new, ahead, new_slopes
        rows.append((u, along, slopes))
        if bound is not None:
            end = "bound"
            break
        if len(rows) > 10 and np.abs(u - start).max() < 0.7 * h and along @ rows[0][1] > 0.7:
            rows[-1], end = rows[0], "closed"
            break
        # A straight curve may be followed faster, but not in its parameter.
        longest = (
            _LONGEST / max(abs(float(along[-1])), 1e-9) if straight else max(_LONGEST, 0.6 * h)
        )
        h = min(h * float(np.clip(0.5 * _TURN / max(angle, 1e-3), 0.5, 1.6)), longest)
    points, tangents, all_slopes = map(np.array, zip(*rows, strict=True))
    return Path(points, tangents, all_slopes, end)


def _ahead(step: Array, before: Array, after: Array, change: Array) -> tuple[Array, Array]:
    """How a curve bends at the end of a step, by the cubic through it, and how its slopes grow."""
    h = float(np.linalg.norm(step)) or 1.0
    return (2.0 * before + 4.0 * after - 6.0 * step / h) / h, change / h


def joined(behind: Path | None, ahead: Path | None) -> Path:
    """One path of two that set out from one point in opposite directions."""
    if behind is None or ahead is None:
        only = behind or ahead
        assert only is not None
        return only
    if behind.end == "closed":
        return behind
    return Path(
        np.vstack([behind.u[:0:-1], ahead.u]),
        np.vstack([-behind.tangent[:0:-1], ahead.tangent]),
        np.concatenate([behind.slopes[:0:-1], ahead.slopes]),
        behind.end if ahead.end == "bound" else ahead.end,
    )
