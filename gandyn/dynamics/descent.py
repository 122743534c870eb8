"""The finite steps of the original algorithm, and how long a step may be.

Algorithm 1 of Goodfellow et al. (2014) alternates an optimal discriminator with a generator step.
With the discriminator at its optimum for the current generator, the slope that a generator step
follows is the force of the game, so one round is θ ← θ + step · force(θ): the gradient
flow's explicit Euler step. It descends for short steps only.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.dynamics.flow import check_states, potentials
from gandyn.dynamics.guard import GuardedForce
from gandyn.errors import InputError
from gandyn.system.results import Alike
from gandyn.system.text import show

Array = NDArray[np.float64]

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Iteration(Alike):
    """Iterates of `iterate`.

    Attributes
    ----------
    theta : array (..., n + 1, d)
        The start and the n iterates; nan after an iterate that the game refuses.
    step : array (...)
        Step of each lane.
    success : bool or array of bool
        Whether all n steps could be made.
    status : int or array of int
        0 all steps made; -2 an iterate left the states that the game allows, or its force is not
        finite.
    message : str or array of str
        The status in words.
    game
        The game that was played.
    """

    theta: Array
    step: Array
    success: Any
    status: Any
    message: Any
    game: Any = dataclass_field(repr=False)

    shown = ("theta", "step", "success", "status", "message")

    @cached_property
    def potential(self) -> Array:
        """Potential of every iterate (..., n + 1), computed when first asked for."""
        return potentials(self.game, self.theta)

    @cached_property
    def descended(self) -> NDArray[np.bool_]:
        """Whether each step lowered the potential or left it equal to rounding (..., n)."""
        before, after = self.potential[..., :-1], self.potential[..., 1:]
        theta = self.theta
        with np.errstate(invalid="ignore"):
            lower = after <= before + 1e-13 * np.abs(before)
            moved = np.abs(np.diff(theta, axis=-2)).max(axis=-1)
            size = np.abs(theta[..., :-1, :]).max(axis=-1)
            return np.asarray(lower | (moved <= 16 * _EPS * size))


def iterate(game: Any, theta0: ArrayLike, step: ArrayLike, n: int) -> Iteration:
    """Take ``n`` finite generator steps, each against the optimal discriminator.

    Parameters
    ----------
    game
        Anything with ``force(theta)``, (..., d) -> (..., d), and ``potential(theta)``.
    theta0 : array_like (..., d)
        Starts.
    step : float or array_like
        Positive step lengths, broadcast against the starts: ``theta0`` of shape (d,) and
        ``step`` of shape (S,) give S lanes.
    n : int
        Number of steps.

    Returns
    -------
    Iteration

    Raises
    ------
    InputError
        For arguments that are not as above, and where the game refuses ``theta0``.

    Notes
    -----
    Unlike the flow, a finite step may jump across a = 0, and the lane goes on from there.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, Algorithm 1.

    Examples
    --------
    >>> from gandyn import Game, parse
    >>> run = iterate(Game(parse("N(2, 1)"), objective="reverse_kl"), [0.5, 0.0], 0.1, 20)
    >>> run.theta[-1].round(3), bool(run.descended.all())
    (array([0.996, 1.757]), True)
    """
    start = check_states("theta0", theta0)
    steps = np.asarray(step, dtype=float)
    if not (np.isfinite(steps) & (steps > 0)).all():
        bad = steps[~(np.isfinite(steps) & (steps > 0))].flat[0]
        raise InputError(f"step: got {bad:g}, must be a positive finite number")
    if not (isinstance(n, int | np.integer) and n >= 0):
        raise InputError(f"n: got {show(n)}, must be a whole number, 0 or more")
    try:
        shape = np.broadcast_shapes(start.shape[:-1], steps.shape)
    except ValueError:
        raise InputError(
            f"step: got shape {steps.shape}, must broadcast with the starts, {start.shape[:-1]}"
        ) from None
    d = start.shape[-1]
    lengths = np.broadcast_to(steps, shape)
    theta = np.full((*shape, n + 1, d), np.nan)
    theta[..., 0, :] = start
    path = theta.reshape(-1, n + 1, d)
    factor = lengths.reshape(-1, 1)
    game.force(start)  # Unguarded: what the game has to say about a start goes to the caller.
    here = getattr(game, "place", 0.0)
    path[:, 0] = game.near(path[:, 0]) if here else path[:, 0]
    # Without the game's orientation: finite steps may cross a = 0.
    guarded = GuardedForce(SimpleNamespace(force=(game.centred if here else game).force))
    live = np.arange(len(path))
    force = guarded.force(path[:, 0], path[:, 0])
    for i in range(n):
        with np.errstate(over="ignore", invalid="ignore"):
            new = path[live, i] + factor[live] * force
        force = guarded.force(new, path[live, i])
        allowed = np.isfinite(force).all(axis=1) & np.isfinite(new).all(axis=1)
        live, force = live[allowed], force[allowed]
        path[live, i + 1] = new[allowed]
    made = np.isfinite(path[:, :, 0]).sum(axis=1) - 1
    status = np.where(made == n, 0, -2)
    why = "the next state, or the force there, is not finite or not allowed (a = 0?): shorten step"
    words = [f"made {n} steps" if k == n else f"stopped after {k} steps: {why}" for k in made]
    ends = (ends.reshape(shape) for ends in (status == 0, status, np.array(words)))
    theta = game.far(theta) if here else theta
    success, code, text = ends if shape else (end.item() for end in ends)
    return Iteration(theta, lengths, success, code, text, game)


def stability_limit(game: Any, theta_star: ArrayLike) -> Any:
    """Step beyond which the iteration no longer settles at a rest point.

    Linearised at a rest point, a step multiplies the mode of rate λ by 1 + step · λ. For real
    rates the limit is 2 / max|λ|; beyond it the fastest mode overshoots further at each step, and
    the iteration oscillates with period two.

    Parameters
    ----------
    game
        Anything with ``jacobian(theta)``, (..., d) -> (..., d, d).
    theta_star : array_like (..., d)
        Rest points.

    Returns
    -------
    array (...)
        The limit; 0 where some mode grows under the flow itself, as at a saddle.

    Examples
    --------
    >>> from gandyn import Game, parse
    >>> float(stability_limit(Game(parse("N(2, 1)"), objective="reverse_kl"), [1.0, 2.0]).round(9))
    1.0
    """
    rest = check_states("theta_star", theta_star)
    rates = np.linalg.eigvals(np.asarray(game.jacobian(rest), dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        limits = -2 * rates.real / np.abs(rates) ** 2
    limits = np.where(rates == 0, np.inf, np.maximum(limits, 0.0))
    return limits.min(axis=-1)[()]
