"""Quantiles of a distribution of which only the cumulative function is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gandyn.system.checks import FloatArray

_MAX_STEPS = 200
_EPS = np.finfo(float).eps


def log_or_minus_inf(x: FloatArray) -> FloatArray:
    """log(x), -inf where x is zero or, by rounding, below."""
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(x, 0.0))


def invert_tail(
    tail: Callable[[FloatArray], FloatArray],
    logpdf: Callable[[FloatArray], FloatArray],
    rising: bool,
    q: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Solve tail(x) = q within [low, high], elementwise.

    Newton's method on log tail(x) = log q, which is nearly linear far out, so that q = 1e-300
    takes no more steps than q = 0.1; a step that leaves the bracket is replaced by Newton's on
    the tail itself, and one that does not halve the residual by bisection.

    Parameters
    ----------
    tail : callable
        The cdf (`rising`) or the survival function (not `rising`).
    logpdf : callable
        Logarithm of the tail's slope.
    q : array of shape (n,)
        Probabilities in (0, 1).
    low, high : arrays of shape (n,)
        A finite bracket of every solution.

    Returns
    -------
    array of shape (n,)
        Solutions to a few units in the last place of x, or of q where that is coarser.
    """
    sign = 1.0 if rising else -1.0
    low, high, target = low.copy(), high.copy(), np.log(q)
    x = low + (high - low) / 2
    previous = np.full(q.shape, np.inf)
    active = np.arange(q.size)
    for _ in range(_MAX_STEPS):
        at = x[active]
        log_tail = log_or_minus_inf(tail(at))
        residual = log_tail - target[active]
        too_low = sign * residual < 0
        low[active] = np.where(too_low, at, low[active])
        high[active] = np.where(too_low, high[active], at)
        lo, hi = low[active], high[active]
        with np.errstate(all="ignore"):
            ratio = np.exp(log_tail - logpdf(at))
            new = at - sign * residual * ratio
            # where the tail ends at a finite point it is straighter than its logarithm
            plain = at + sign * np.expm1(-residual) * ratio
        new = np.where((new > lo) & (new < hi), new, plain)
        halved = np.abs(residual) <= 0.5 * previous[active]
        good = halved & (new > lo) & (new < hi)
        previous[active] = np.where(good, np.abs(residual), np.inf)
        new = np.where(good, new, lo + (hi - lo) / 2)
        solved = np.abs(residual) <= _EPS * np.maximum(1.0, np.abs(target[active]) / 4)
        new = np.where(solved, at, new)
        x[active] = new
        tight = hi - lo <= 2 * _EPS * np.maximum(np.abs(lo), np.abs(hi))
        still = np.abs(new - at) <= _EPS / 2 * np.abs(at)
        active = active[~(solved | tight | still)]
        if not active.size:
            break
    return x
