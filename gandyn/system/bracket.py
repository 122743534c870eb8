"""Roots in brackets, many at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gandyn.system.checks import FloatArray

_EPS = float(np.finfo(float).eps)
_MOST_STEPS = 200


def roots(
    function: Callable[[FloatArray, NDArray[np.intp]], FloatArray],
    low: FloatArray,
    high: FloatArray,
    at_low: FloatArray | None = None,
    at_high: FloatArray | None = None,
) -> FloatArray:
    """A root of each function between its ends, to rounding.

    By inverse quadratic interpolation where it is safe, else by bisection: as many steps as the
    secant method near a simple root, never many more than bisection. No root depends on what
    others are found beside it. Where both ends have one sign, by rounding, the result is the end
    with the smaller value.

    The function takes points (k,) and the indices (k,) of the functions that they are for; infinite
    values are fine, their signs count. The ends (n,) are finite, in either order; the values there
    may be given where they are known.

    Notes
    -----
    T. R. Chandrupatla, A new hybrid quadratic/bisection algorithm for finding the zero of a
    nonlinear function without using derivatives, Advances in Engineering Software 28 (1997). A call
    of `scipy.optimize.elementwise.find_root`, the same method, costs three to four times as much.
    """
    index = np.arange(np.size(low))
    f1 = function(low, index) if at_low is None else at_low
    f2 = function(high, index) if at_high is None else at_high
    # x1 is the newest point, x2 the end across the root, x3 the point that x1 took the place of
    x1, x2 = np.array(low, dtype=float), np.array(high, dtype=float)
    # a root at 0, of which there is no relative error, is one beside the size of its bracket
    least = np.where(np.sign(x1) * np.sign(x2) < 0, _EPS**2 * np.abs(x2 - x1), 0.0)
    out = np.where(np.abs(f1) < np.abs(f2), x1, x2)
    going = (np.sign(f1) * np.sign(f2) < 0) & (x1 != x2)
    x = _middle(x1, x2)
    x3, f3 = x1, f1
    for _ in range(_MOST_STEPS):
        if not going.all():
            parts = (index, x, x1, x2, x3, f1, f2, f3, least)
            index, x, x1, x2, x3, f1, f2, f3, least = (part[going] for part in parts)
        if not index.size:
            break
        f = function(x, index)
        stays = np.sign(f) == np.sign(f1)
        x3, f3 = np.where(stays, x1, x2), np.where(stays, f1, f2)
        x2, f2 = np.where(stays, x2, x1), np.where(stays, f2, f1)
        x1, f1 = x, f
        best = np.where(np.abs(f1) <= np.abs(f2), x1, x2)
        out[index] = best
        with np.errstate(all="ignore"):
            limit = (_EPS * np.abs(best) + least) / np.abs(x2 - x1)
            across, place = (f1 - f2) / (f3 - f2), (x1 - x2) / (x3 - x2)
            safe = (across**2 < place) & ((1 - across) ** 2 < 1 - place)
            share = f1 / (f2 - f1) * (f3 / (f2 - f3))
            share += (x3 - x1) / (x2 - x1) * (f1 / (f3 - f1)) * (f2 / (f3 - f2))
            smooth = x1 + np.clip(share, limit, 1 - limit) * (x2 - x1)
        x = np.where(safe, smooth, _middle(x1, x2))
        going = (limit < 0.5) & (f1 != 0)
    return out


def _middle(one: FloatArray, other: FloatArray) -> FloatArray:
    """Halfway, in order of magnitude where both are of one sign: 4e-300 is 10 halvings from 1."""
    one_side = np.sign(one) * np.sign(other) > 0
    geometric = np.sign(one) * np.sqrt(np.abs(one)) * np.sqrt(np.abs(other))
    return np.where(one_side, geometric, one + 0.5 * (other - one))
