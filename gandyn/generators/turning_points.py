"""Where a smooth function of one variable turns: the zeros of its slope, all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gandyn.system.bracket import roots
from gandyn.system.checks import Array

Jet = Callable[[Array], Sequence[Array]]

_SAME = 1e-13
"""Neighbouring turns whose heights differ by less, relative to the function's range, are none: the
function's own rounding makes as many."""


def turning_points(jet: Jet, lattice: Array) -> Array:
    """Zeros of the slope at which it changes sign, ascending.

    `jet` maps points (n,) to the function, its slope and its curvature, each (n,). The points of
    the lattice ascend, so close that between two neighbours the curvature changes sign at most
    once.

    A change of sign of the slope between neighbours is polished to rounding. Where |slope| falls
    at one and rises at the other, its minimum between them is found from the curvature, as two
    zeros may lie on both sides of it.
    """
    value, slope, curvature = jet(lattice)
    # |slope| falls where slope and curvature have opposite signs.
    falls = slope[:-1] * curvature[:-1] < 0.0
    dips = falls & (slope[1:] * curvature[1:] > 0.0) & (slope[:-1] * slope[1:] > 0.0)
    if dips.any():
        ends = lattice[:-1][dips], lattice[1:][dips], curvature[:-1][dips], curvature[1:][dips]
        bottom = roots(lambda x, index: jet(x)[2], *ends)
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
    ends = lattice[low], lattice[high], slope[low], slope[high]
    turns = roots(lambda x, index: jet(x)[1], *ends)
    return _without_ripples(turns, jet, lattice, np.ptp(value))


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
