"""The string method: the minimum-energy path between two states without knowing the saddles.

E, Ren and Vanden-Eijnden, "Simplified and improved string method for computing the minimum energy
paths in barrier-crossing events" (2007): images on a curve slide down the force and are spread
evenly along it again, until that undoes all that the sliding did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.landscape.frame import centred, handed_out, place_of
from gandyn.landscape.newton import newton
from gandyn.landscape.plane import Plane, check_states
from gandyn.system.checks import Array
from gandyn.system.polyline import even
from gandyn.system.results import Result

_REFRESH = 5
"""Steps between two looks at how stiff the images are."""


@dataclass(frozen=True, eq=False)
class StringPath(Result):
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
        0 converged; −1 the steps were spent.
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
        As `equilibria` takes it.
    start, end : array_like, shape (2,)
        (a, b) at the bottom of two basins, on one side of a = 0; they stay where they are.
    images : int
    tolerance : float
        Of `distance`.
    max_steps : int

    Returns
    -------
    StringPath

    Raises
    ------
    InputError
        For a generator that `equilibria` does not take, and ends that are no two such states.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> first, _, last = gandyn.equilibria(game).attractors
    >>> path = string_path(game, first.theta, last.theta, images=11, tolerance=1e-3)
    >>> path.success, len(path.theta)
    (True, 11)
    """
    given = check_states("start, end", [start, end])
    if not given[0, 0] * given[1, 0] > 0:
        raise InputError(
            f"start, end: got a = {given[0, 0]:g} and {given[1, 0]:g}, must be on one side of 0"
        )
    plane = Plane(centred(game), given[0, 0])
    ends = plane.turned(given - [0.0, place_of(game)])
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
        with np.errstate(over="ignore"):
            stride = 0.5 * _length(theta)[-1] / images * theta[:, 0] / np.maximum(size, 1e-300)
        move = np.minimum(pace, stride)[:, None] * force
        move[[0, -1]] = 0.0
        before, theta = theta, theta + move
        theta = even(theta, images, _length(theta))
        # At rest all that a step does is undone by spreading the images again.
        distance = float((np.hypot(*(theta - before).T) / before[:, 0]).max())
        if distance <= tolerance:
            break
    potential = plane.potential(theta)
    top = int(potential.argmax())
    rest = newton(plane, theta[top : top + 1])
    saddle = plane.turned(rest[0]) if len(rest) else None
    status, message = 0, f"converged after {steps} steps"
    if distance > tolerance:
        message = f"{max_steps} steps were spent, images still move {distance:.1e} a"
        status, message = -1, f"{message}: raise max_steps"
    theta = plane.turned(theta)
    return handed_out(StringPath(theta, potential, saddle, distance, steps, status, message), game)


def _length(theta: Array) -> Array:
    """Length along a polyline in units of a: a path needs more images around a narrow mode."""
    a = np.sqrt(theta[1:, 0] * theta[:-1, 0])
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(theta, axis=0).T) / a)])
