"""The gradient flow dθ/dt = force(θ) of a game."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.dynamics import lanes
from gandyn.dynamics.guard import GuardedForce
from gandyn.errors import InputError
from gandyn.system.checks import need_number
from gandyn.system.progress import Progress
from gandyn.system.results import Alike
from gandyn.system.text import show

_ENDINGS = {
    lanes.END: (0, "reached the end of the time span"),
    lanes.RESTED: (1, "came to rest at t = {rest:.6g}"),
    lanes.SADDLE: (
        1,
        "at rest since t = {rest:.6g}, unstable: the force is zero to rounding at a saddle",
    ),
    lanes.JUMP: (1, "came to rest at t = {rest:.6g} at a jump of the force"),
    lanes.VANISHED: (
        1,
        "at rest since t = {rest:.6g}: the force has vanished, here and all around",
    ),
    lanes.SPENT: (
        -1,
        "{most} steps were spent at t = {t:.6g}: raise max_steps or loosen rtol",
    ),
    lanes.STUCK: (
        -2,
        "stuck at t = {t:.6g}: no step is short enough; the force is singular or not finite "
        "ahead (a = 0?): end earlier or start elsewhere",
    ),
    lanes.BROKEN: (
        -2,
        "the force is not finite at the start: its integral diverges where one density ends and "
        "the other does not, or it overflows; what helps is instance noise (wider, smoother data), "
        "another objective, or to start elsewhere",
    ),
    lanes.VAGUE: (
        -2,
        "cannot move on from t = {t:.6g}: the integral of the force diverges there, or does not "
        "come to a tenth of a percent; what helps is instance noise (wider, smoother data), "
        "another objective, or to start elsewhere",
    ),
    lanes.UNFINISHED: (-1, "interrupted at t = {t:.6g}"),
}
"""Status and message of each ending."""


@dataclass(frozen=True, eq=False)
class Flow(Alike):
    """Trajectories of `gradient_flow`.

    Attributes
    ----------
    t : array
        Times. With ``t_eval``: those, (T,). Without: the accepted steps (T,) of a single start;
        first and last time, (..., 2), of each start of a stack.
    theta : array (..., T, d)
        States at these times. Samples that a flow which failed did not reach are nan.
    success : bool or array of bool
        Whether the end of time, or rest, was reached: ``status >= 0``.
    status : int or array of int
        0 reached the end; 1 came to rest before it; -1 the steps were spent, or it was interrupted;
        -2 stuck: the force is not finite or the step fell to rounding.
    message : str or array of str
        The status in words, with advice where there is some.
    nfev : int or array of int
        Evaluations of the force that went into each trajectory, those for Jacobians included, and
        those that were interpolated in a big stack (see `gradient_flow`).
    rest_time : float or array
        When the state came, and stayed, within the tolerances of the rest point; nan if the
        flow was not seen to come to rest.
    game
        The game that flowed.
    """

    t: NDArray[np.float64]
    theta: NDArray[np.float64]
    success: Any
    status: Any
    message: Any
    nfev: Any
    rest_time: Any
    game: Any = dataclass_field(repr=False)

    shown = ("t", "theta", "success", "status", "message", "nfev", "rest_time")

    @cached_property
    def potential(self) -> NDArray[np.float64]:
        """Potential of the game along the flow (..., T), computed when first asked for."""
        return potentials(self.game, self.theta)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C within `gradient_flow`; ``flow`` is what there was by then."""

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow


def gradient_flow(
    game: Any,
    theta0: ArrayLike,
    t_span: tuple[float, float],
    t_eval: ArrayLike | None = None,
    rtol: float = 1e-8,
    atol: float | None = None,
    max_steps: int = 10_000,
    progress: Progress | None = None,
) -> Flow:
    """Integrate dθ/dt = ``game.force(θ)`` from one start or from a stack of them.

    Each start is a lane with its own step size, error control and end. Lanes advance by the
    explicit Runge-Kutta method of Dormand and Prince of order 8(5,3), with its interpolant of
    order 7 for ``t_eval``; lanes on which it is held back by stability rather than by accuracy
    change to extrapolated linearly implicit Euler steps of order 8, and back. A lane that is so
    near an attractor that its flow is linear within a tenth of the tolerances ends there: its
    later states are those of the linear flow.

    Parameters
    ----------
    game
        Anything with ``force(theta)``, (..., d) -> (..., d), and, for `Flow.potential`,
        ``potential(theta)`` (...).
    theta0 : array_like (..., d)
        Starts.
    t_span : (float, float)
        First and last time; the last may be inf, "until rest".
    t_eval : array_like (T,), optional
        Increasing times within ``t_span`` (its ends included) at which to give the state.
    rtol, atol : float
        Relative and absolute tolerance per component of theta: the error of a step is kept below
        0.3 of ``atol + rtol * abs(theta)``, where places are measured from `Game.place`.
        1e-13 <= rtol < 1, atol > 0; by default 1e-10 of `Game.unit`.
    max_steps : int
        Attempted steps after which a lane is given up.
    progress : callable, optional
        Called as ``progress(fraction, text)`` after each step.

    Returns
    -------
    Flow

    Raises
    ------
    InputError
        For arguments that are not as above, and where the game refuses ``theta0``.
    KeyboardInterrupt
        At Ctrl-C; its ``flow`` is what there was by then.

    Notes
    -----
    A start or a state where the force is zero to rounding is at rest even if it is unstable
    (a saddle); the message says so. A flow that would cross a state where the generator degenerates
    (a = 0) is stuck in front of it. The flow does not depend on t, so a step may fall below the
    resolution of t, as after 1e50 units of time on a plateau, while it still moves theta.

    The result for a lane does not depend on its company, but for the last digits in which a
    stacked force may differ from a single one, and, in stacks of 1000 starts and more of a game
    with two parameters at rtol >= 1e-9 and atol >= 1e-11, for a thousandth of the tolerances:
    there most evaluations are interpolated from charts of the force, which are made where it is
    asked for most, and shared rest points are found once.

    References
    ----------
    .. [1] E. Hairer, S. P. Nørsett, G. Wanner, "Solving Ordinary Differential Equations I",
       Springer, 1993, section II.10.
    .. [2] E. Hairer, G. Wanner, "Solving Ordinary Differential Equations II", Springer, 1996,
       sections IV.2 and IV.9.

    Examples
    --------
    >>> from gandyn import Game, parse
    >>> flow = gradient_flow(Game(parse("N(2, 1)")), [0.5, 0.0], (0, float("inf")))
    >>> flow.message, flow.theta[-1].round(6)
    ('came to rest at t = 36.6109', array([1., 2.]))

    >>> class Decay:
    ...     def force(self, theta): return -theta
    >>> flow = gradient_flow(Decay(), [2.0, 1.0], (0, 3), t_eval=[0, 3])
    >>> (flow.theta[-1] * 2.718281828459045**3).round(6)
    array([2., 1.])
    """
    if not callable(getattr(game, "force", None)):
        raise InputError(f"game: got {show(game)}, must be a Game, or have a force")
    start = check_states("theta0", theta0)
    t0, t1 = _span(t_span)
    wanted = None if t_eval is None else _times(t_eval, t0, t1)
    atol = 1e-10 * float(getattr(game, "unit", 1.0)) if atol is None else atol
    _tolerances(rtol, atol, max_steps)
    shape, d = start.shape[:-1], start.shape[-1]
    single = start.ndim == 1
    # Unguarded: what the game has to say about a start goes to the caller.
    first = start if single else start.reshape(-1, d)
    f0 = np.asarray(game.force(first), dtype=float) if start.size else first.copy()
    here = getattr(game, "place", 0.0)
    near = game.centred if here else game
    y0 = (game.near(first) if here else first).reshape(-1, d)
    if f0.size != y0.size:
        raise InputError(f"game.force: got shape {f0.shape} for {y0.shape}, must be the same")
    f0 = f0.reshape(y0.shape)
    finite = np.isfinite(f0).all(axis=1)
    work = lanes.Integration(
        GuardedForce(near),
        y0[finite],
        f0[finite],
        (t0, t1),
        np.empty(0) if wanted is None else wanted,
        single and wanted is None,
        rtol,
        atol,
        max_steps,
        progress,
    )

    def found(course: lanes.Course) -> Flow:
        def whole(values: NDArray, other: Any) -> NDArray:
            out = np.full((len(y0), *values.shape[1:]), other, dtype=values.dtype)
            out[finite] = values
            return out

        ending = whole(course.ending, lanes.BROKEN)
        status = np.array([_ENDINGS[code][0] for code in ending.tolist()], dtype=np.intp)
        last_t, last_y = whole(course.t, t0), y0.copy()
        last_y[finite] = course.y
        rest_time, nfev = whole(course.rest_time, np.nan), whole(course.nfev, 1)
        ends = zip(ending.tolist(), last_t.tolist(), rest_time.tolist(), strict=True)
        told = [_ENDINGS[code][1].format(t=t, rest=rest, most=max_steps) for code, t, rest in ends]
        message = np.array(told, dtype=str)

        if wanted is not None:
            times, theta = wanted, whole(course.samples, np.nan)
        elif single:
            times = np.array(course.times or [t0], dtype=float)
            theta = np.array(course.states or [y0[0]])[None]
        else:
            times = np.stack([np.full(len(y0), t0), last_t], axis=-1).reshape(*shape, 2)
            theta = np.stack([y0, last_y], axis=1)
        theta = theta.reshape(*shape, *theta.shape[1:])
        theta = game.far(theta) if here else theta
        each = (a.reshape(shape)[()] for a in (status >= 0, status, message, nfev, rest_time))
        success, code, text, count, rest = (a.item() for a in each) if single else each
        return Flow(times, theta, success, code, text, count, rest, game)

    try:
        return found(work.run())
    except KeyboardInterrupt:
        raise Interrupted(found(work.so_far())) from None


def potentials(game: Any, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Potential (...) of states (..., d), nan where they are not finite."""
    known = np.isfinite(theta).all(axis=-1)
    out = np.full(known.shape, np.nan)
    if known.any():
        out[known] = game.potential(theta[known])
    return out


def check_states(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """States (..., d) of finite numbers, or an `InputError` that names the argument."""
    try:
        states = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name}: got {show(values)}, must be an array of numbers") from None
    if states.ndim == 0 or states.shape[-1] == 0:
        raise InputError(f"{name}: got shape {states.shape}, must be (..., d)")
    if not np.isfinite(states).all():
        raise InputError(f"{name}: got {states[~np.isfinite(states)][0]}, must be finite")
    return states


def _span(t_span: tuple[float, float]) -> tuple[float, float]:
    try:
        t0, t1 = (float(t) for t in t_span)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"t_span: got {show(t_span)}, must be two times") from None
    if not (np.isfinite(t0) and t1 > t0):
        raise InputError(f"t_span: got ({t0:g}, {t1:g}), must be a finite start and a later end")
    return t0, t1


def _times(t_eval: ArrayLike, t0: float, t1: float) -> NDArray[np.float64]:
    try:
        times = np.array(t_eval, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"t_eval: got {show(t_eval)}, must be increasing times") from None
    if times.ndim != 1 or times.size == 0:
        raise InputError(f"t_eval: got shape {times.shape}, must be (T,) with T >= 1")
    if np.isnan(times).any() or times.min() < t0 or times.max() > t1:
        bad = times[~((times >= t0) & (times <= t1))][0]
        raise InputError(f"t_eval: got {bad:g}, must lie within t_span, [{t0:g}, {t1:g}]")
    if not (np.diff(times) > 0).all():
        raise InputError("t_eval: got times that do not increase, must increase strictly")
    return times


def _tolerances(rtol: float, atol: float, max_steps: int) -> None:
    need_number("rtol", rtol, 1e-13, 1, "a number from 1e-13 to below 1", closed=True)
    need_number("atol", atol, 0, np.inf, "a positive finite number")
    if not (isinstance(max_steps, int | np.integer) and max_steps >= 1):
        raise InputError(f"max_steps: got {show(max_steps)}, must be a positive whole number")
