"""The standard laws of scipy.stats: their densities, and masses and quantiles that follow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from gandyn.distributions.base import TAIL, Distribution
from gandyn.distributions.ends import End, ExactEnd, TableEnd, at, fitted_end
from gandyn.distributions.tabulated import EXACT, FAR, Ray, Tabulated
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, as_float, show
from gandyn.system.differences import derivative

Shapes = dict[str, float]

_LEVELS = 32
_QUARTILES, _OUTER = (0.25, 0.5, 0.75), 1e-6
_NEW_NAMES = {"logpdf": "logpdf", "ppf": "icdf"}
_MOST_KNOTS = 20

_SUPPORTS: dict[str, Callable[[Shapes], tuple[float, float]]] = {
    "pearson3": lambda s: _beyond(s["skew"]),
    "vonmises": lambda s: (-math.pi, math.pi),
}
"""Where a density is not 0, by the names of laws of which SciPy does not say so."""

_BREAKS: dict[str, Callable[[Shapes], Sequence[float]]] = {
    "dgamma": lambda s: [0.0],
    "dweibull": lambda s: [0.0],
    "gennorm": lambda s: [0.0],
    "laplace_asymmetric": lambda s: [0.0],
    "skewcauchy": lambda s: [0.0],
    "loglaplace": lambda s: [1.0],
    "crystalball": lambda s: [-s["beta"]],
    "triang": lambda s: [s["c"]],
    "trapezoid": lambda s: [s["c"], s["d"]],
    "irwinhall": lambda s: _knots(s["n"], s["n"]),
    "kstwo": lambda s: _knots(2 * s["n"], 1.0),
    "ksone": lambda s: _knots(s["n"], 1.0)[:3],
}
"""Points within the support where the density is not smooth, by name."""

_SLOW = {"ksone", "kstwo", "levy_stable", "studentized_range"}
"""Laws whose density takes SciPy a fraction of a millisecond a point: theirs is the table's."""

_NEAREST = 10.0 ** np.array([[-100.0, -50.0, -45.0], [-30.0, -20.0, -18.0], [-12.0, -10.0, -9.0]])

_ROUNDED, _FLAT, _STEEP = 1e-7, 1e-4, 30.0
_NEARER, _ROUGHLY = (-10.0, 7.0), 1e-10
"""How far these are followed, in logarithms of spreads, and how closely."""


class ScipyLaw(Distribution):
    """A law of scipy.stats at location 0 and scale 1.

    SciPy's distribution functions and quantiles are exact for some laws, and for half of them wrong
    somewhere far out; its densities are right. Masses and quantiles are therefore those of the
    density.
    """

    def __init__(self, wrapped: Any, name: str = "", shapes: Shapes | None = None) -> None:
        self._wrapped, self._names = wrapped, {} if name else _NEW_NAMES
        self._slow = name in _SLOW
        stable = name == "levy_stable" and shapes
        self._tail = _stable_tail(**shapes) if stable and shapes else None
        low, high = (float(end) for end in wrapped.support())
        self.support = _SUPPORTS[name](shapes or {}) if name in _SUPPORTS else (low, high)
        self._smooth: set[tuple[float, float]] = set()
        inner = _BREAKS[name](shapes or {}) if name in _BREAKS else []
        inner = getattr(getattr(wrapped, "dist", None), "_hbins", inner)
        ends = [end for end in self.support if math.isfinite(end)]
        self.breaks = np.unique(np.asarray([*inner, *ends], dtype=float))
        first, self._middle, last = (self._share(share) for share in _QUARTILES)
        self._spread = last - first
        if not self._spread > 0:
            raise InputError(
                f"distribution: got {show(wrapped)}, whose quartiles scipy gives as {first}, "
                f"{self._middle}, {last}, must have finite ones"
            )
        apart = 50.0 * self._spread
        outer = self._share(_OUTER), self._share(1.0 - _OUTER)
        low, high = self._middle - apart, self._middle + apart
        self._core = (
            outer[0] if math.isfinite(outer[0]) else low,
            outer[1] if math.isfinite(outer[1]) else high,
        )

    def _share(self, share: float) -> float:
        """SciPy's quantile, nan where it has none."""
        try:
            return float(self._call("ppf", np.array(share)))
        except (ArithmeticError, ValueError, RuntimeError):
            return math.nan

    def logpdf(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        inside = (x >= self.support[0]) & (x <= self.support[1])
        values = self._inner(x, inside)
        return np.where(inside, values, np.where(np.isnan(x), x, -np.inf))[()]

    def _inner(self, x: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
        if self._slow:
            return self._from_table(x)
        values = self._call("logpdf", x)
        # where its formula has under- or overflowed
        lost = inside & ~np.isfinite(values) & ~np.isin(x, self.breaks)
        return np.where(lost, self._from_table(x), values) if lost.any() else values

    def _from_table(self, x: FloatArray) -> FloatArray:
        return self.table.log_density(np.ravel(x)).reshape(x.shape)

    def score(self, x: ArrayLike) -> FloatArray:
        return self._slope(as_float(x), 1)

    def score_slope(self, x: ArrayLike) -> FloatArray:
        return self._slope(as_float(x), 2)

    def _slope(self, x: FloatArray, order: int) -> FloatArray:
        slope = self.table.score(np.ravel(x), order).reshape(x.shape)
        far = np.flatnonzero(~self.table.reaches(np.ravel(x)))
        if len(far):
            at, flat = np.ravel(x)[far], np.ravel(slope)
            told = np.isfinite(self._call("logpdf", at)) & (not self._slow)
            flat[far] = self.table.score_beyond(at, order)
            wheres = self.landmarks, self.breaks, self.support
            flat[far[told]] = derivative(self.logpdf, at[told], *wheres, order)
            slope = np.nan_to_num(flat, posinf=0.0, neginf=0.0).reshape(x.shape)
        inside = (x >= self.support[0]) & (x <= self.support[1])
        return np.where(inside, slope, np.where(np.isnan(x), x, 0.0))[()]

    def cdf(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        return self.table.masses(np.ravel(x))[0].reshape(x.shape)[()]

    def sf(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        return self.table.masses(np.ravel(x))[1].reshape(x.shape)[()]

    def _solved(self, q: FloatArray, lower: bool) -> FloatArray:
        x = self.table.quantile(*(q, 1.0 - q)[:: 1 if lower else -1])
        return np.clip(x, *self.support)

    @cached_property
    def mean(self) -> float:
        if self._tail_index <= 1:
            return math.nan
        if self._slow and math.isfinite(mean := float(self._wrapped.mean())):
            return mean
        return self._middle + self.table.moment(1, self._middle)

    @cached_property
    def std(self) -> float:
        if self._tail_index <= 2:
            return math.inf if self._tail_index > 1 else math.nan
        return math.sqrt(self.table.moment(2, self.mean))

    @cached_property
    def _tail_index(self) -> float:
        return self.table.tail_index

    @property
    def noise(self) -> float:  # type: ignore[override]
        """Relative error of SciPy's density, where it is more than rounding."""
        return self.table.noise + abs(self.table.total - 1.0)

    @cached_property
    def landmarks(self) -> FloatArray:
        """From quantiles at equal masses."""
        levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
        x = np.where(levels < 0.5, self.ppf(levels), self.isf(1 - levels))
        # six of the 32 levels are half a std of a normal density around its centre
        k = np.arange(_LEVELS)
        width = 2 * (x[np.minimum(k + 3, _LEVELS - 1)] - x[np.maximum(k - 3, 0)])
        return np.column_stack([x, width])[width > 0]

    @cached_property
    def reach(self) -> tuple[float, float]:
        return self._within_support(float(self.ppf(TAIL)), float(self.isf(TAIL)))

    @cached_property
    def ends(self) -> tuple[End, ...]:
        found = list(self._told)
        for place in self.breaks.tolist():
            for side in (-1.0, 1.0):
                known = at(found, place, side) is not None or (place, side) in self._smooth
                if place == self.support[0 if side > 0 else 1] and not known:
                    power = self.table.power(place, side)
                    if _FLAT < abs(power) < _STEEP:
                        found.append(TableEnd(self.table, place, side, power, self._spread))
        return tuple(found)

    @cached_property
    def _told(self) -> tuple[End, ...]:
        """Those that the density itself tells of."""
        found = []
        walls = [self.support[0], *self.breaks.tolist(), self.support[1]]
        for place in self.breaks.tolist():
            for side in (-1.0, 1.0):
                beside = [side * (wall - place) for wall in (*walls, self._middle)]
                width = 0.5 * min((gap for gap in beside if gap > 0), default=math.inf)
                if width == math.inf and place in self.support:
                    continue
                width = min(width, self._spread)
                if self._is_smooth(place, side, width):
                    self._smooth.add((place, side))
                    continue
                if place == 0.0:
                    end: End | None = self._exact_end(side, width)
                else:
                    end = fitted_end(self, place, side, width, partial(self._call, "logpdf"))
                if end is not None:
                    found.append(end)
        return tuple(found)

    def _exact_end(self, side: float, width: float) -> ExactEnd | None:
        """One at 0, where the density is a power of the smallest x."""
        for near in _NEAREST:
            x = side * width * near
            value = self._call("logpdf", x)
            if np.isfinite(value).all():
                power, other = np.diff(value) / np.diff(np.log(np.abs(x)))
                alike = abs(power - other) <= 1e-9 * (1.0 + abs(power))
                return ExactEnd(self, side, float(power), width) if alike else None
        return None

    def _is_smooth(self, place: float, side: float, width: float) -> bool:
        """Whether the density is as good as a polynomial next to a place."""
        t = np.cos(np.pi * (np.arange(24) + 0.5) / 24)
        value = self._call("logpdf", place + side * width * 0.25 * (1.0 + t))
        if not np.isfinite(value).all():
            return False
        series = np.polynomial.chebyshev.chebfit(t, value, 23)
        return bool((np.abs(series[-4:]) < 1e-12 * (1.0 + np.abs(series[0]))).all())

    @cached_property
    def table(self) -> Tabulated:
        x = self._middle + self._spread * np.linspace(-0.5, 0.5, 9)
        log_density = self._call("logpdf", x)
        top = float(log_density[np.isfinite(log_density)].max()) + math.log(self._spread)
        found = Tabulated(self._rays(), top, self._core, _ROUGHLY if self._slow else EXACT)
        if not abs(found.total - 1.0) < 1e-6:
            raise InputError(
                f"distribution: got {show(self._wrapped)}, whose density integrates to "
                f"{found.total:.6g}, must integrate to 1"
            )
        return found

    def _rays(self) -> list[Ray]:
        """Rays from walls, or from the middle where there are none."""
        walls, (near, far) = self.breaks.tolist(), (-FAR, FAR)
        if self._slow:
            near, last = (math.log(self._spread) + side for side in _NEARER)
            far = last if self._tail is None else far
        low, high = self.support
        out: list[Ray] = []
        if not walls:
            first = math.log(self._spread)
            return [
                Ray(self._middle, -1.0, first, far, partial(self._beside, self._middle, -1.0)),
                Ray(
                    self._middle,
                    0.0,
                    -self._spread,
                    self._spread,
                    partial(self._beside, self._middle, 1.0),
                ),
                Ray(self._middle, 1.0, first, far, partial(self._beside, self._middle, 1.0)),
            ]
        if low == -math.inf:
            out += self._from_wall(walls[0], -1.0, math.inf, near, far)[::-1]
        for left, right in pairwise(walls):
            half = 0.5 * (right - left)
            out += self._from_wall(left, 1.0, half, near, far)
            out += self._from_wall(right, -1.0, half, near, far)[::-1]
        if high == math.inf:
            out += self._from_wall(walls[-1], 1.0, math.inf, near, far)
        return out

    def _from_wall(
        self, wall: float, side: float, length: float, least: float, far: float
    ) -> list[Ray]:
        """Rays from a wall to one side, nearest first: linear next to it where that is smooth."""
        density = partial(self._beside, wall, side)
        last = min(math.log(length), far) if length < math.inf else far
        told = any((end.place, end.side) == (wall, side) for end in self._told)
        if told or (wall in self.support and (wall, side) not in self._smooth):
            # without an end of its own, down to where the rounding of x is seen
            low = least if told or not wall else max(least, math.log(_ROUNDED * abs(wall)))
            return [Ray(wall, side, low, last, density)]
        near = min(length, self._spread)
        ends = min(0.0, side * near), max(0.0, side * near)
        first = Ray(wall, 0.0, *ends, partial(self._beside, wall, 1.0))
        return [first] + ([Ray(wall, side, math.log(near), last, density)] if near < length else [])

    def _beside(self, place: float, side: float, distance: FloatArray) -> FloatArray:
        """SciPy's own density at a distance from a place."""
        for end in self._told:
            if (end.place, end.side) == (place, side) and place:
                return end.log_density(distance)
        return self._call("logpdf", place + side * distance)

    def _call(self, name: str, x: FloatArray) -> FloatArray:
        # scipy's formulas may overflow on the way to a right answer
        with np.errstate(all="ignore"):
            if self._tail is None or name != "logpdf":
                return self._scipy(name, x)
            value = self._tail(x)
            near = np.isnan(value)
            value[near] = self._scipy(name, x[near])
            return value

    def _scipy(self, name: str, x: FloatArray) -> FloatArray:
        return np.asarray(getattr(self._wrapped, self._names.get(name, name))(x), dtype=float)


def _stable_tail(alpha: float, beta: float) -> Callable[[FloatArray], FloatArray] | None:
    """The logarithm of a stable density far out, nan where its series does not tell it.

    For the characteristic function exp(−c|t|^α), c of t > 0, it is the real part of
    (1/π) Σ (−c)^n Γ(nα + 1)/n! (ix)^(−nα − 1) (Bergström, 1952). None where there is none.
    """
    if alpha in (1.0, 2.0) or abs(beta) == 1.0:
        return None
    n = np.arange(1.0, 12.0)
    power = n * alpha + 1.0
    turned = np.exp(gammaln(power) - gammaln(n + 1.0)) * np.exp(-0.5j * math.pi * power) / math.pi

    def tail(x: FloatArray) -> FloatArray:
        c = 1.0 - 1j * beta * math.tan(0.5 * math.pi * alpha) * np.sign(x)[..., None]
        size = np.log(np.abs(x))[..., None]
        terms = ((-c) ** n * turned * np.exp(-(n - 1.0) * alpha * size)).real
        log_density = np.log(terms.sum(axis=-1)) - (alpha + 1.0) * size[..., 0]
        steps = np.abs(terms).max(axis=-1) <= 2.0 * terms[..., 0]
        return np.where(
            steps & (np.abs(terms[..., -2:]).max(axis=-1) <= 1e-17 * terms[..., 0]),
            log_density,
            np.nan,
        )

    return tail


def _beyond(skew: float) -> tuple[float, float]:
    """The support of Pearson's type III."""
    if abs(skew) < 1e-5:  # as SciPy does
        return -math.inf, math.inf
    end = -2.0 / skew
    return (end, math.inf) if skew > 0 else (-math.inf, end)


def _knots(count: float, last: float) -> Sequence[float]:
    """Points that split (0, last) into so many parts, the first of them."""
    return [k * last / count for k in range(1, min(int(count), _MOST_KNOTS))]
