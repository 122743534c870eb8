"""Newton's method for rest points of the plane, for many starts at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.landscape.plane import Box, Plane
from gandyn.system.checks import Array
from gandyn.system.differences import stencil

_STEPS = 60
_QUICK = 16
"""Steps of an ordinary start. At a fold or a pitchfork each step is ½ or ⅔ of the one before."""
_SLOWEST = 0.8
_ROUNDING = 1e-14
"""A force below this share of its derivatives, in units of a, is zero to rounding."""
_LONGEST = 0.5
"""The longest step, in units of a: over less than that the force is smooth."""
_FARTHEST, _WIDEST = 1.5, 4.0
"""How far, in the same units, a root may be from its start: one farther off has nearer starts."""
_SETTLED = 1e-9
_SAME = 1e-7
_BESIDE = 1e-2
"""Roots so near to each other, in units of a, are one where the force between them is zero too."""
_THIRD = 0.35
FIVE = np.arange(-2.0, 3.0)
_SECOND = 1e-2
"""Step of second differences along a null vector, in units of a."""


def joined(plane: Plane, roots: Array, more: Array, box: Box) -> Array:
    """Distinct roots (n, 2), and those of `more` that lie in the box and are none of these."""
    kept = list(roots)
    for place in more:
        inside = box[0] <= place[0] <= box[1] and box[2] <= place[1] <= box[3]
        if inside and not any(_are_one(plane, place, other) for other in kept):
            kept.append(place)
    return np.array(kept).reshape(-1, 2)


def _are_one(plane: Plane, one: Array, other: Array) -> bool:
    """Whether two roots are so near that the force between them is zero to rounding as well."""
    apart = np.abs(one - other).max() / one[0]
    if apart <= _SAME or apart > _BESIDE:
        return bool(apart <= _SAME)
    middle = (one + _THIRD * (other - one))[None]  # halfway may lie the third of a pitchfork
    for _ in range(2):
        step, still = _step(plane, middle)
        middle = middle + step * middle[0, 0]
    return bool(still[0])


def newton(plane: Plane, starts: Array) -> Array:
    """Roots near starts (n, 2) by Newton's method, to rounding; in no order.

    Steps are taken in (log a, b) and cut to half of a, so that a stays positive. Starts that do
    not converge, or lead farther away than 1.5 a, are left out; a counts up to 4 times the start's.
    """
    theta = starts.copy()
    live = np.arange(len(theta))
    last = np.full(len(theta), np.inf)
    found = []
    for turn in range(_STEPS):
        if not live.size:
            break
        step, still = _step(plane, theta[live])
        good = np.isfinite(step).all(axis=1)
        live, step, still = live[good], step[good], still[good]
        length = np.abs(step).max(axis=1, initial=0.0)
        step *= np.minimum(1.0, _LONGEST / np.maximum(length, 1e-300))[:, None]
        a = theta[live, 0]
        theta[live] = np.stack([a * np.exp(step[:, 0]), theta[live, 1] + a * step[:, 1]], axis=1)
        # Quadratic convergence: after a step of 1e-9 nothing but rounding is left.
        done = still | (length <= _SETTLED)
        found.append(live[done])
        away = np.abs(theta[live] - starts[live]).max(axis=1)
        scale = np.clip(theta[live, 0], starts[live, 0], _WIDEST * starts[live, 0])
        going = ~done & (away <= _FARTHEST * scale)
        if turn >= _QUICK:
            going &= length <= _SLOWEST * last[live]
        last[live] = length
        live = live[going]
    return theta[np.concatenate(found)] if found else theta[:0]


def _step(plane: Plane, theta: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Newton's step in log a and in b/a, shape (n, 2), and whether the force is zero to rounding.

    It may be so along the null vector of a fold or a pitchfork, over some distance. The step then
    only leads to the nearest state where that is so.
    """
    force = plane.force(theta)
    step = np.full(theta.shape, np.nan)
    still = np.zeros(len(theta), bool)
    good = np.isfinite(force).all(axis=1)
    scaled = np.zeros((len(theta), 2, 2))
    if good.any():
        scaled[good] = plane.jacobian(theta[good]) * theta[good, 0][:, None, None]
    size = np.abs(scaled).max(axis=(1, 2))
    good &= np.isfinite(size) & (size > 0)
    size = size[good, None]
    left, values, right = np.linalg.svd(scaled[good] / size[:, None])
    part = np.einsum("nij,ni->nj", left, force[good] / size)
    still[good] = (np.abs(part) <= [_SETTLED, _ROUNDING]).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = -part / values
    part[still[good], 1] = 0.0
    step[good] = np.einsum("ni,nij->nj", part, right)
    return step, still


def second(plane: Plane, states: Array, h: Array | float) -> Array:
    """F'' along five states (5, n, 2) a step h apart, by fourth-order differences, shape (n, 2)."""
    force = plane.force(states.reshape(-1, 2)).reshape(states.shape)
    return np.einsum("k,kni->ni", stencil((-2, -1, 0, 1, 2), 2), force) / h**2


def across(plane: Plane, theta: Array) -> Array:
    """Where the partner of each root lies, by the normal form of a fold: ẋ = λ x + ½ c x²."""
    jacobian = plane.jacobian(theta)
    known = np.isfinite(jacobian).all(axis=(1, 2))
    theta, jacobian = theta[known], jacobian[known]
    if not len(theta):
        return theta
    left, values, right = np.linalg.svd(jacobian)
    v, psi, rate = right[:, 1], left[:, :, 1], values[:, 1]
    h = _SECOND * theta[:, :1]
    bent = (second(plane, theta + FIVE[:, None, None] * h * v, h) * psi).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = -2.0 * rate / bent
    near = np.isfinite(x) & (np.abs(x) <= _LONGEST * theta[:, 0])
    return theta[near] + x[near, None] * v[near]


def between(theta: Array) -> Array:
    """Halfway from each root to its nearest, where a pitchfork leaves a third between two."""
    if len(theta) < 2:
        return theta[:0]
    apart = np.abs(theta[:, None] - theta).max(axis=2) / theta[:, :1]
    np.fill_diagonal(apart, np.inf)
    near = apart.min(axis=1) <= _LONGEST
    return 0.5 * (theta + theta[apart.argmin(axis=1)])[near]
