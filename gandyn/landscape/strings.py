"""The string method: the minimum-energy path between two states without knowing the saddles.

E, Ren and Vanden-Eijnden, "Simplified and improved string method for computing the minimum energy
paths in barrier-crossing events" (2007): images on a curve slide down the force and are spread
evenly along it again, until that undoes all that the sliding did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.landscape.newton import newton
from gandyn.landscape.plane import Plane

__all__ = ["StringPath", "string_path"]

Array = NDArray[np.float64]

_REFRESH = 5
"""Steps between two looks at how stiff the images are."""


@dataclass(frozen=True, eq=False)
class StringPath:
    """A path between two attractors.

    Attributes
    ----------
    theta : ndarray, shape (images, 2)
    potential : ndarray, shape (images,)
    saddle : ndarray, shape (2,) or None
        The rest point that Newton's method reaches from the highest image; None if it reaches none
        nearby.
    distance : float
        How far, at most, an image still moves in a step and the spreading after it, in units of a.
    steps : int
    status : int
        0 converged; 1 the steps were spent.
    message : str
    """

    theta: Array
    potential: Array
    saddle: Array | None
    distance: float
    steps: int
    status: int
    message: str


def string_path(
    game: Any,
    start: ArrayLike,
    end: ArrayLike,
    *,
    images: int = 41,
    tolerance: float = 1e-6,
    max_steps: int = 5000,
) -> StringPath:
    """The minimum-energy path from one attractor to another, by the string method.

    A way to check `barriers`, which is faster and knows all saddles; and one for states that are no
    rest points.

    Parameters
    ----------
    game : Game
        Of the linear generator.
    start, end : array_like, shape (2,)
        States at the bottom of two basins; they stay where they are.
    images : int
    tolerance : float
        Of `distance`.
    max_steps : int

    Returns
    -------
    StringPath
    """
    plane = Plane(game)
    ends = np.array([start, end], dtype=float)
    part = np.linspace(0.0, 1.0, images)[:, None]
    theta = ends[0] + part * (ends[1] - ends[0])
    theta[:, 0] = ends[0, 0] ** (1 - part[:, 0]) * ends[1, 0] ** part[:, 0]
    theta[[0, -1]] = ends
    distance, steps = np.inf, 0
    pace = np.zeros(images)
    for steps in range(1, max_steps + 1):
        if steps % _REFRESH == 1:
            rates = np.abs(np.linalg.eigvals(plane.jacobian(theta))).max(axis=1)
            pace = 0.5 / np.maximum(rates, 1e-300)
        force = plane.force(theta)
        size = np.hypot(*force.T)
        # An image that slid past the next one would tangle the curve.
        stride = 0.5 * _length(theta)[-1] / images * theta[:, 0] / np.maximum(size, 1e-300)
        move = np.minimum(pace, stride)[:, None] * force
        move[[0, -1]] = 0.0
        before, theta = theta, _spread(theta + move)
        # At rest all that a step does is undone by spreading the images again.
        distance = float((np.hypot(*(theta - before).T) / before[:, 0]).max())
        if distance <= tolerance:
            break
    potential = np.asarray(game.potential(theta))
    top = int(potential.argmax())
    saddle = newton(plane, theta[top : top + 1])
    good = distance <= tolerance
    message = (
        f"converged after {steps} steps"
        if good
        else f"{max_steps} steps were spent, images still move {distance:.1e} a: raise max_steps"
    )
    return StringPath(
        theta,
        potential,
        saddle[0] if len(saddle) else None,
        float(distance),
        steps,
        0 if good else 1,
        message,
    )


def _length(theta: Array) -> Array:
    """Length along a polyline in units of a: a path needs more images around a narrow mode."""
    a = np.sqrt(theta[1:, 0] * theta[:-1, 0])
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(theta, axis=0).T) / a)])


def _spread(theta: Array) -> Array:
    """The images evenly along the polyline through them."""
    s = _length(theta)
    even = np.linspace(0.0, s[-1], len(theta))
    return np.stack([np.interp(even, s, column) for column in theta.T], axis=1)
