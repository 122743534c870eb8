"""The finite steps of the original algorithm, and how long a step may be.

Algorithm 1 of Goodfellow et al. (2014) alternates an optimal discriminator with a generator step.
With the discriminator at its optimum for the current generator, the slope that a generator step
follows is the force of the game, so one round is θ ← θ + step · force(θ): the gradient
flow's explicit Euler step. It descends for short steps only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.dynamics.guard import GuardedForce
from gandyn.errors import InputError

Array = NDArray[np.float64]

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Iteration:
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

    @cached_property
    def potential(self) -> Array:
        """Potential of every iterate (..., n + 1), computed when first asked for."""
        flat = self.theta.reshape(-1, self.theta.shape[-1])
        known = np.isfinite(flat).all(axis=1)
        out = np.full(len(flat), np.nan)
        if known.any():
            out[known] = self.game.potential(flat[known])
        return out.reshape(self.theta.shape[:-1])

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

    @cached_property
    def first_rise(self) -> Any:
        """Index of the first step that raised the potential, -1 if none did (...)."""
        made = np.isfinite(self.potential[..., 1:])
        rose = made & ~self.descended
        return np.where(rose.any(axis=-1), rose.argmax(axis=-1), -1)[()]


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
    >>> run = gandyn.iterate(gandyn.Game(gandyn.Normal(0, 1)), [1.0, 2.0], step=0.5, n=40)
    >>> run.theta[-1].round(3), bool(run.descended.all())
    (array([1., 0.]), True)
    """
    start = _states("theta0", theta0)
    steps = np.asarray(step, dtype=float)
    if not (np.isfinite(steps) & (steps > 0)).all():
        bad = steps[~(np.isfinite(steps) & (steps > 0))].flat[0]
        raise InputError(f"step: got {bad:g}, must be a positive finite number")
    if not (isinstance(n, int | np.integer) and n >= 0):
        raise InputError(f"n: got {n!r}, must be a whole number, 0 or more")
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
    guarded = GuardedForce(_Plain(game.force))
    live = np.arange(len(path))
    game.force(start)  # Unguarded: what the game has to say about a start goes to the caller.
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
    message = np.array(
        [
            f"made {n} steps"
            if k == n
            else f"stopped after {k} steps: the next state, or the force there, is not finite or "
            "not allowed (a = 0?): shorten step"
            for k in made
        ]
    )
    if not shape:
        code = int(status[0])
        return Iteration(theta, lengths, code == 0, code, str(message[0]), game)
    status = status.reshape(shape)
    return Iteration(theta, lengths, status == 0, status, message.reshape(shape), game)


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
    >>> round(float(gandyn.stability_limit(gandyn.Game(gandyn.Normal(0, 1)), [1.0, 0.0])), 6)
    2.0
    """
    rest = _states("theta_star", theta_star)
    rates = np.linalg.eigvals(np.asarray(game.jacobian(rest), dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        limits = -2 * rates.real / np.abs(rates) ** 2
    limits = np.where(rates == 0, np.inf, np.maximum(limits, 0.0))
    return limits.min(axis=-1)[()]


def largest_descending_step(game: Any, theta: ArrayLike) -> Any:
    """Longest step for which one update still does not raise the potential.

    The first positive root s of P(θ + s f) - P(θ), f the force at θ. Near rest, where f lies along
    the mode of rate λ, it is 2 / |λ|.

    Parameters
    ----------
    game
        Anything with ``force``, ``potential`` and ``jacobian``; and ``boundary_force`` where
        the force is not the potential's negative gradient.
    theta : array_like (..., d)
        States.

    Returns
    -------
    array (...)
        The step; 0 where the force does not descend at all, inf where no step up to 1e12 times
        the first guess raises the potential, nan where the force is exactly zero.

    Notes
    -----
    Where the two potentials agree in more than nine digits their difference is formed by
    integrating the force along the step instead (Gauss-Legendre, 24 nodes), which does not cancel.
    The root is bracketed by lengthening the step by a quarter at a time and then bisected;
    a rise that begins and ends within one such stretch is not seen.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.Normal(0, 1), objective="wasserstein2")
    >>> round(float(gandyn.largest_descending_step(game, [1.5, 0.7])), 6)
    1.0
    """
    states = _states("theta", theta)
    y = states.reshape(-1, states.shape[-1])
    force = np.asarray(game.force(y), dtype=float)
    out = np.full(len(y), np.nan)
    rows = np.flatnonzero((force != 0).any(axis=1) & np.isfinite(force).all(axis=1))
    if rows.size:
        with np.errstate(all="ignore"):
            out[rows] = _first_root(_Rise(game, y[rows], force[rows]), _guess(game, y, force, rows))
    return out.reshape(states.shape[:-1])[()]


class _Plain:
    """A game without its orientation: finite steps may cross a = 0."""

    def __init__(self, force: Callable[..., Any]) -> None:
        self.force = force


class _Rise:
    """P(θ + s f) - P(θ) for a stack of lanes, as a function of s."""

    def __init__(self, game: Any, y: Array, f: Array) -> None:
        self._y, self._f = y, f
        self._force = GuardedForce(_Plain(game.force))
        boundary = getattr(game, "boundary_force", None)
        self._boundary = None if boundary is None else GuardedForce(_Plain(boundary))
        self._potential = GuardedForce(_Potential(game))
        self._start = self._potential.force(y, y)[:, 0]
        nodes, weights = np.polynomial.legendre.leggauss(24)
        self._nodes, self._weights = 0.5 + 0.5 * nodes, 0.5 * weights

    def __len__(self) -> int:
        return len(self._y)

    def __call__(self, s: Array, rows: NDArray[np.intp]) -> Array:
        y, f = self._y[rows], self._f[rows]
        start = self._start[rows]
        rise = self._potential.force(y + s[:, None] * f, y)[:, 0] - start
        rise[np.isnan(rise)] = np.inf
        close = np.flatnonzero(np.abs(rise) < 1e-9 * np.abs(start))
        if close.size:
            rise[close] = self._along(y[close], f[close], s[close])
        return rise

    def _along(self, y: Array, f: Array, s: Array) -> Array:
        """Minus the work of the force along the step."""
        path = y[:, None] + (s[:, None] * self._nodes)[..., None] * f[:, None]
        flat = path.reshape(-1, y.shape[1])
        home = np.repeat(y, len(self._nodes), axis=0)
        force = self._force.force(flat, home)
        if self._boundary is not None:
            force = force + self._boundary.force(flat, home)
        # Unit directions, so that products of tiny forces do not underflow.
        size = np.abs(f).max(axis=1, keepdims=True)
        work = (force.reshape(path.shape) * (f / size)[:, None]).sum(axis=2) @ self._weights
        return -s * work


class _Potential:
    """A potential dressed as a force of equal components, to be guarded like one."""

    def __init__(self, game: Any) -> None:
        self._game = game

    def force(self, y: Array) -> Array:
        return np.repeat(np.asarray(self._game.potential(y), dtype=float)[:, None], y.shape[1], 1)


def _guess(game: Any, y: Array, force: Array, rows: NDArray[np.intp]) -> Array:
    """The root for a quadratic potential, or the step that moves a state by its own size."""
    y, f = y[rows], force[rows]
    size = np.abs(f).max(axis=1)
    unit = f / size[:, None]
    jacobian = GuardedForce(game).jacobian(y, y)
    bend = -np.einsum("ni,nij,nj->n", unit, jacobian, unit)
    quadratic = 2 * (unit**2).sum(axis=1) / np.where(bend > 0, bend, np.nan)
    plain = np.maximum(np.abs(y).max(axis=1), 1e-3) / size
    return np.where(np.isfinite(quadratic), quadratic, plain)


def _first_root(rise: Callable[[Array, NDArray[np.intp]], Array], guess: Array) -> Array:
    """First sign change of ``rise`` from below, lane by lane."""
    n = len(guess)
    low = 0.5 * guess
    everyone = np.arange(n)
    # Shorten until the step descends.
    rows = everyone
    for _ in range(200):
        rows = rows[rise(low[rows], rows) >= 0]
        if rows.size == 0:
            break
        low[rows] *= 0.25
    out = np.full(n, np.inf)
    out[rows] = 0.0
    high = low.copy()
    rows = np.setdiff1d(everyone, rows)
    found = []
    while rows.size:
        high[rows] = 1.25 * low[rows]
        over = rise(high[rows], rows) > 0
        found.append(rows[over])
        rows = rows[~over]
        low[rows] = high[rows]
        rows = rows[high[rows] < 1e12 * guess[rows]]
    rows = np.concatenate(found) if found else everyone[:0]
    for _ in range(60):
        if rows.size == 0:
            break
        middle = 0.5 * (low[rows] + high[rows])
        over = rise(middle, rows) > 0
        high[rows[over]] = middle[over]
        low[rows[~over]] = middle[~over]
        out[rows] = low[rows]
        rows = rows[high[rows] - low[rows] > 4 * _EPS * low[rows]]
    return out


def _states(name: str, values: ArrayLike) -> Array:
    try:
        states = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: got {values!r:.60}, must be an array of numbers") from None
    if states.ndim == 0 or states.shape[-1] == 0:
        raise InputError(f"{name}: got shape {states.shape}, must be (..., d)")
    if not np.isfinite(states).all():
        raise InputError(f"{name}: got {states[~np.isfinite(states)][0]}, must be finite")
    return states
