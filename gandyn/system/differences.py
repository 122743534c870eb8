"""Derivatives by differences: the stencils, and steps that find their own size."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb, factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.system.checks import FloatArray, as_float

_POINTS = 9
_STEP = 0.16
_SHRINK = 0.4
_TRIES = 6
_MOST_TRIES = 80
_BLOCK = 1 << 18
# where the terms of the Taylor series fall off by a factor near 1/100 a step, the seventh
# difference is more than this many times the error of the slope times the step
_SEVENTH_TO_ERROR = 1e4
_EPS = np.finfo(float).eps
_SEVENTH = np.array([(-1.0) ** i * comb(7, i) for i in range(8)])


@cache
def stencil(places: tuple[int, ...], order: int = 1) -> FloatArray:
    """Weights that make values at n whole places a derivative at 0, exact to the degree n - 1.

    They are to be divided by the step to the power `order`, each rounded once, and not writeable.
    """
    weights = []
    for here in places:
        # the polynomial that is 1 here and 0 at the other places, lowest power first
        basis = [Fraction(1)]
        for other in set(places) - {here}:
            pairs = zip([Fraction(0), *basis], [*basis, Fraction(0)], strict=True)
            basis = [(low - other * high) / (here - other) for low, high in pairs]
        weights.append(float(factorial(order) * basis[order]))
    out = np.array(weights)
    out.flags.writeable = False
    return out


def central(
    function: Callable[[FloatArray], FloatArray],
    x: FloatArray,
    step: float,
    accuracy: int = 8,
    order: int = 1,
) -> FloatArray:
    """The first or second derivative of an elementwise function at x, by central differences.

    The function changes little over a step, and the error falls off as the step to the (even)
    accuracy. What it gives may have further axes before those of x.
    """
    half = accuracy // 2
    weights = stencil(tuple(range(-half, half + 1)), order)
    total: FloatArray = weights[half] * function(x) if order == 2 else np.zeros(())
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, half + 1):
            # in pairs, so that what is even or odd stays so to the last digit
            low, high = function(x - k * step), function(x + k * step)
            total = total + weights[half + k] * (high + low if order == 2 else high - low)
    return np.asarray(total / step**order)


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
    side. Zero outside the support. Landmarks, breaks and support are as a density has them (see
    `gandyn.distributions.Distribution`).
    """
    shape = np.shape(x)
    points = np.atleast_1d(as_float(x)).ravel()
    out = np.where(np.isnan(points), np.nan, 0.0)
    inside = np.flatnonzero((points >= support[0]) & (points <= support[1]) & np.isfinite(points))
    if not inside.size:
        return out.reshape(shape)[()]
    x = points[inside]
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
        if attempt == _TRIES:  # no need to come near the distance one by one
            near = np.where(to_wall > 0, 20.0 * to_wall, np.inf)[active]
            step[active] = np.minimum(step[active], near)
    out[inside] = best
    return out.reshape(shape)[()]


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
    rows = [tuple(range(-i, _POINTS - i)) for i in range(_POINTS)]
    weights = np.array([stencil(places, order) for places in rows])
    around = x + (np.arange(_POINTS)[:, None] - first) * step
    values = function(around.ravel()).reshape(around.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        slope = np.einsum("ni,in->n", weights[first], values) / step**order
        seventh = np.maximum(np.abs(_SEVENTH @ values[:8]), np.abs(_SEVENTH @ values[1:]))
        # x + i step is rounded too, which a steep function turns into an error of its own
        noise = _EPS * (np.max(np.abs(values), axis=0) + np.abs(slope * step ** (order - 1) * x))
        error = np.maximum(seventh / _SEVENTH_TO_ERROR, noise) / step**order
        good = seventh <= _SEVENTH_TO_ERROR * noise
    finite = np.isfinite(slope)
    return np.where(finite, slope, 0.0), np.where(finite, error, np.inf), good


def _local_width(x: FloatArray, landmarks: FloatArray) -> FloatArray:
    """Width of the landmark nearest to each x, counted in widths, growing slowly far out."""
    centre, scale = landmarks.T
    width = np.empty(x.size)
    size = max(1, _BLOCK // centre.size)
    for i in range(0, x.size, size):
        with np.errstate(over="ignore"):
            distance = np.abs(x[i : i + size, None] - centre) / scale
        near = distance.argmin(axis=1)
        away = np.minimum(distance[np.arange(near.size), near], 1e300)
        width[i : i + size] = scale[near] * np.maximum(1.0, away / 30)
    return width
