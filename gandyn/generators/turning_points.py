"""Where a smooth function of one variable turns: the zeros of its slope, all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["turning_points"]

Array = NDArray[np.float64]
Jet = Callable[[Array], Sequence[Array]]

_SAME = 1e-13
"""Neighbouring turns whose heights differ by less, relative to the function's range, are none: the
function's own rounding makes as many."""


def turning_points(jet: Jet, lattice: Array) -> Array:
    """Zeros of the slope at which it changes sign, ascending.

    Parameters
    ----------
    jet : callable
        Maps points of shape (n,) to the function, its slope and its curvature, each (n,).
    lattice : ndarray, shape (n,)
        Ascending points, so close that between two neighbours the curvature changes sign at most
        once.

    Returns
    -------
    ndarray, shape (m,)

    Notes
    -----
    A change of sign of the slope between neighbours is polished to rounding. Where |slope| falls
    at one and rises at the other, its minimum between them is found from the curvature, as two
    zeros may lie on both sides of it.
    """
    value, slope, curvature = jet(lattice)
    # |slope| falls where slope and curvature have opposite signs.
    falls = slope[:-1] * curvature[:-1] < 0.0
    dips = falls & (slope[1:] * curvature[1:] > 0.0) & (slope[:-1] * slope[1:] > 0.0)
    if dips.any():
        bottom = _zeros(jet, 2, lattice[:-1][dips], lattice[1:][dips], curvature[:-1][dips])
        lattice = np.concatenate([lattice, bottom])
        order = np.argsort(lattice, kind="stable")
        value, slope, _ = (
            np.concatenate([old, new])[order]
            for old, new in zip((value, slope, curvature), jet(bottom), strict=True)
        )
        lattice = lattice[order]
    steep = np.flatnonzero(slope)
    change = np.flatnonzero(np.diff(np.sign(slope[steep])))
    low, high = steep[change], steep[change + 1]
    turns = _zeros(jet, 1, lattice[low], lattice[high], slope[low])
    return _without_ripples(turns, jet, lattice, np.ptp(value))


def _zeros(jet: Jet, which: int, low: Array, high: Array, at_low: Array) -> Array:
    """The zero of a derivative in each bracket, to rounding, by Newton's method or bisection."""
    low, high, sign = low.copy(), high.copy(), np.sign(at_low)
    x = 0.5 * (low + high)
    active = np.arange(len(x))
    for _ in range(120):
        if not len(active):
            break
        parts = jet(x[active])
        f = sign[active] * parts[which]
        low[active] = np.where(f >= 0.0, x[active], low[active])
        high[active] = np.where(f >= 0.0, high[active], x[active])
        a, b = low[active], high[active]
        new = 0.5 * (a + b)
        close = 2.0 * np.finfo(float).eps * np.maximum(np.abs(new), 1e-300)
        if which == 1:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                step = parts[1] / parts[2]
            there = np.abs(step) <= close
            newton = x[active] - step
            new = np.where(there | ((newton > a) & (newton < b)), newton, new)
        new = np.where(f == 0.0, x[active], new)
        moved = np.abs(new - x[active])
        x[active] = new
        active = active[(moved > close) & (b - a > close)]
    return x


def _without_ripples(turns: Array, jet: Jet, lattice: Array, scale: float) -> Array:
    """The turns without those that rounding cannot tell from none."""
    ends = jet(lattice[[0, -1]])[0]
    while len(turns):
        heights = np.concatenate([ends[:1], jet(turns)[0], ends[1:]])
        rise = np.abs(np.diff(heights))
        flat = np.flatnonzero(rise <= _SAME * scale)
        if not len(flat):
            break
        # A ripple is two turns; next to an end of the line it is one.
        first = flat[np.argmin(rise[flat])]
        drop = [k for k in (first - 1, first) if 0 <= k < len(turns)]
        turns = np.delete(turns, drop)
    return turns
