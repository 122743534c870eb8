"""Derivatives by differences of order eight that do not reach over a break."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.system.checks import FloatArray, as_float

_POINTS = 9
_STEP = 0.16
_SHRINK = 0.4
_TRIES = 6
_MOST_TRIES = 80
# where the terms of the Taylor series fall off by a factor near 1/100 a step, the seventh
# difference is more than this many times the error of the slope times the step
_SEVENTH_TO_ERROR = 1e4
_EPS = np.finfo(float).eps


def _weights() -> FloatArray:
    """Row j differentiates the interpolant of nine equally spaced values at the j-th."""
    signed = np.array([(-1.0) ** i * comb(_POINTS - 1, i) for i in range(_POINTS)])
    i = np.arange(_POINTS)
    gap = i[:, None] - i[None, :] + np.eye(_POINTS)
    table = signed[None, :] / signed[:, None] / gap
    np.fill_diagonal(table, 0.0)
    np.fill_diagonal(table, -table.sum(axis=1))
    return table


_WEIGHTS = (_weights(), _weights() @ _weights())
_SEVENTH = np.array([(-1.0) ** i * comb(7, i) for i in range(8)])


def derivative(
    function: Callable[[FloatArray], FloatArray],
    x: ArrayLike,
    landmarks: FloatArray,
    breaks: FloatArray,
    support: tuple[float, float],
    order: int = 1,
) -> FloatArray:
    """First or second derivative of `function` at x, by its `order`, from nine values around it.

    The step is a fraction of the nearest landmark's width; where the seventh differences say
    that the function bends faster, it is made smaller. Near a break the nine points lie to one
    side. Zero outside the support.

    Source: differentiation matrix of the interpolating polynomial, J.-P. Berrut and
    L. N. Trefethen, Barycentric Lagrange interpolation, SIAM Review 46 (2004).
    """
    shape = np.shape(x)
    points = np.atleast_1d(as_float(x)).ravel()
    out = np.where(np.isnan(points), np.nan, 0.0)
    inside = np.flatnonzero((points >= support[0]) & (points <= support[1]) & np.isfinite(points))
    if inside.size:
        out[inside] = _inside(function, points[inside], landmarks, breaks, support, order)
    return out.reshape(shape)[()]


def _inside(
    function: Callable[[FloatArray], FloatArray],
    x: FloatArray,
    landmarks: FloatArray,
    breaks: FloatArray,
    support: tuple[float, float],
    order: int,
) -> FloatArray:
    walls = np.unique(np.concatenate([[support[0]], breaks, [support[1]]]))
    right = np.clip(np.searchsorted(walls, x, side="right"), 1, walls.size - 1)
    low, high = walls[right - 1], walls[right]
    step = _STEP * _local_width(x, landmarks)
    step = np.minimum(step, (high - low) / (_POINTS + 1))
    best = np.zeros(x.size)
    best_error = np.full(x.size, np.inf)
    active = np.arange(x.size)
    # the end of a support may be a singular point, and steps must become small beside its distance
    to_wall = 0.005 * np.minimum(x - low, high - x)
    for attempt in range(_MOST_TRIES):
        slope, error, good = _stencil(
            function, x[active], step[active], low[active], high[active], order
        )
        better = good | (error < best_error[active])
        best[active[better]] = slope[better]
        best_error[active[better]] = error[better]
        if attempt >= _TRIES:
            good |= ~((step[active] > to_wall[active]) & (to_wall[active] > 0))
        active = active[~good]
        if not active.size:
            break
        step[active] *= _SHRINK
    return best


def _stencil(
    function: Callable[[FloatArray], FloatArray],
    x: FloatArray,
    step: FloatArray,
    low: FloatArray,
    high: FloatArray,
    order: int,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """The derivative, its likely error, and whether a smaller step would not help."""
    # steps that are exact differences of x and its neighbours
    step = (x + step) - x
    step = np.where(step == 0, np.maximum(np.abs(x) * 4 * _EPS, 1e-300), step)
    left = np.clip(np.floor((x - low) / step - 1e-9), 0, _POINTS // 2)
    room = np.clip(np.floor((high - x) / step - 1e-9), 0, _POINTS // 2)
    first = np.where(room < _POINTS // 2, _POINTS - 1 - room, left).astype(int)
    values = np.stack([function(x + (i - first) * step) for i in range(_POINTS)])
    with np.errstate(invalid="ignore", over="ignore"):
        slope = np.einsum("ni,in->n", _WEIGHTS[order - 1][first], values) / step**order
        seventh = np.maximum(np.abs(_SEVENTH @ values[:8]), np.abs(_SEVENTH @ values[1:]))
        # x + i step is rounded too, which a steep function turns into an error of its own
        noise = _EPS * (np.max(np.abs(values), axis=0) + np.abs(slope * step ** (order - 1) * x))
        error = np.maximum(seventh / _SEVENTH_TO_ERROR, noise) / step**order
        good = seventh <= _SEVENTH_TO_ERROR * noise
    finite = np.isfinite(slope)
    return np.where(finite, slope, 0.0), np.where(finite, error, np.inf), good


def _local_width(x: FloatArray, landmarks: FloatArray) -> FloatArray:
    """Width of the landmark nearest to each x, counted in widths, growing slowly far out."""
    nearest = np.full(x.size, np.inf)
    width = np.ones(x.size)
    for centre, scale in landmarks:
        with np.errstate(over="ignore"):
            distance = np.abs(x - centre) / scale
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        grown = scale * np.maximum(1.0, np.minimum(distance, 1e300) / 30)
        width = np.where(closer, grown, width)
    return width
