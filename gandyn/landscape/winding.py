"""The winding number of a planar field around a box: the sum of the indices of its rest points.

Index theory in the plane (Strogatz, "Nonlinear Dynamics and Chaos", 2nd ed., 2015, section 6.8): a
nondegenerate rest point with det J > 0 counts +1, one with det J < 0 counts −1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gandyn.system.checks import Array

Field = Callable[[Array], Array]

_LARGEST_TURN = 0.6
_ROUNDS = 32


def around(force: Field, boundary: Array) -> int | None:
    """Turns of the force, (n, 2) -> (n, 2), along a closed polygon of corners (n, 2).

    These go anticlockwise. Sides along which the force turns by more than 0.6 are halved until none
    does; that a side has a whole turn is not seen. None where the force is zero or not finite on
    the way, or still turns within rounding.
    """
    points = np.concatenate([boundary, boundary[:1]])
    angles = _angles(force(points))
    for _ in range(_ROUNDS):
        if not np.isfinite(angles).all():
            return None
        wide = np.flatnonzero(np.abs(_turns(angles)) > _LARGEST_TURN)
        if not wide.size:
            return int(np.rint(_turns(angles).sum() / (2.0 * np.pi)))
        middle = 0.5 * (points[wide] + points[wide + 1])
        points = np.insert(points, wide + 1, middle, axis=0)
        angles = np.insert(angles, wide + 1, _angles(force(middle)))
    return None


def around_point(force: Field, centre: Array, radius: Array) -> int | None:
    """Turns of the force along an ellipse of half axes `radius` (2,) around a point."""
    phase = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    circle = np.stack([np.cos(phase), np.sin(phase)], axis=1)
    return around(force, centre + radius * circle)


def _angles(force: Array) -> Array:
    still = (force == 0).all(axis=1)
    return np.where(still, np.nan, np.arctan2(force[:, 1], force[:, 0]))


def _turns(angles: Array) -> Array:
    return (np.diff(angles) + np.pi) % (2.0 * np.pi) - np.pi
