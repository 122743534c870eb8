"""Curves along the force, for many starts at once, by arc length instead of time.

A flow crawls where the force is weak and is stiff where it falls towards the floor of a valley; in
the arc length of (log a, b/scale) its trajectories are curves of bounded slope, followed as well
against the force as with it. Steps are those of `DormandPrince`, of order 8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.runge_kutta import DormandPrince, interpolate
from gandyn.landscape.plane import Box, Plane
from gandyn.system.checks import Array

LEFT, LOST = -1, -2
"""Endings: outside the box, and nowhere that is known."""

_TOLERANCE = 1e-10
_LONGEST = 0.25
_SHORTEST = 1e-9
_MOST_STEPS = 4000
_SAG = 3e-7
"""How far a straight line between two points kept may be from the curve, in units of a."""
_MOST_POINTS = 500
"""Points kept of one step."""


class _UnitField:
    """The direction of the force, or the opposite one, in (log a, b/scale)."""

    def __init__(self, plane: Plane, scale: float, sign: float) -> None:
        self._plane, self._scale, self._sign = plane, scale, sign

    def theta(self, u: Array) -> Array:
        return np.stack([np.exp(u[:, 0]), u[:, 1] * self._scale], axis=1)

    def u(self, theta: Array) -> Array:
        return np.stack([np.log(theta[:, 0]), theta[:, 1] / self._scale], axis=1)

    def force(self, u: Array, home: Array) -> Array:
        theta = self.theta(u)
        push = self._plane.force(theta)
        push[:, 0] /= theta[:, 0]
        push[:, 1] /= self._scale
        # Scaled first, so that squares of tiny forces do not underflow.
        with np.errstate(divide="ignore", invalid="ignore"):
            push = push / np.abs(push).max(axis=1, keepdims=True)
            return self._sign * push / np.hypot(push[:, 0], push[:, 1])[:, None]


def trace(
    plane: Plane,
    starts: Array,
    forwards: bool,
    targets: Array,
    reach: Array,
    allowed: NDArray[np.bool_],
    box: Box,
) -> list[tuple[Array, int]]:
    """Follow the force, or minus the force, from starts (n, 2) to a target or out of the box.

    A curve ends where it comes as near to one of the targets (m, 2), that it is allowed (n, m) to
    end at, as `reach` (m,) says, in (log a, b/scale) with b's scale that of the box. Each is its
    points (k, 2) in (a, b), one of them outside where it leaves the box, and the target it ended
    at, or LEFT or LOST.
    """
    scale = (box[3] - box[2]) / np.log(box[1] / box[0])
    field = _UnitField(plane, scale, 1.0 if forwards else -1.0)
    rule = DormandPrince(field, 0.0, _TOLERANCE)
    goals = field.u(targets)
    low, high = field.u(np.array([box[::2], box[1::2]]))
    n = len(starts)
    u = field.u(starts)
    live = np.arange(n)
    step = np.full(n, 1e-3)
    points: list[list[Array]] = [[place[None]] for place in starts]
    end = np.full(n, LOST)

    def apart() -> Array:
        """How far each live curve is from each target that it may end at."""
        gaps = np.hypot(*(u[live][:, None] - goals).transpose(2, 0, 1))
        return np.where(allowed[live], gaps, np.inf)

    for _ in range(_MOST_STEPS):
        if not live.size:
            break
        here = u[live]
        slope = field.force(here, here)
        # A rest point turns the direction: steps shrink with the distance to it.
        h = np.minimum(step[live], np.maximum(0.5 * apart().min(axis=1), _SHORTEST))
        tried = rule.step(here, slope, h)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            factor = np.clip(0.9 * tried.error ** (-1.0 / rule.exponent), 0.2, 4.0)
        factor = np.where(np.isfinite(factor), factor, 0.2)
        step[live] = np.minimum(h * factor, _LONGEST)
        rows = np.flatnonzero(tried.error <= 1.0)
        if rows.size:
            new = tried.y[rows]
            coefficients, _ = rule.interpolant(
                here[rows], slope[rows], h[rows], new, field.force(new, new), rows
            )
            for row, part in zip(rows, _between(field, coefficients, here[rows], new), strict=True):
                points[live[row]].append(part)
            u[live[rows]] = new
        left = ~((u[live] >= low) & (u[live] <= high)).all(axis=1)
        end[live[left]] = LEFT
        arrived = (apart() <= reach) & ~left[:, None]
        there, goal = arrived.any(axis=1), arrived.argmax(axis=1)
        end[live[there]] = goal[there]
        for lane in np.flatnonzero(there):
            points[live[lane]].append(targets[goal[lane]][None])
        live = live[~(left | there | (step[live] < _SHORTEST))]
    return [(np.concatenate(parts), int(code)) for parts, code in zip(points, end, strict=True)]


def _between(field: _UnitField, coefficients: Array, start: Array, stop: Array) -> list[Array]:
    """Points of each of some steps, its end among them, as many as its bend takes."""
    first, last = field.theta(start), field.theta(stop)
    bend = np.zeros(len(start))
    for part in (0.25, 0.5, 0.75):
        here = field.theta(interpolate(coefficients, start, np.full(len(start), part)))
        off = np.abs(here - first - part * (last - first)).max(axis=1) / here[:, 0]
        np.maximum(bend, off, out=bend)
    count = np.clip(np.ceil(np.sqrt(bend / _SAG)), 1, _MOST_POINTS).astype(np.intp)
    owner = np.repeat(np.arange(len(start)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 1
    u = interpolate(coefficients[:, owner], start[owner], number / count[owner])
    return np.split(field.theta(u), np.cumsum(count)[:-1])
