"""The masses of a density on both sides of any point, and quantiles, from the density alone.

Between its walls (breaks, ends of the support) the line is measured in the logarithm of the
distance from a wall, and far out in that of the distance from the middle: there a density that is
infinite at a wall, vanishes or falls as a power is as smooth as any. On each panel of that
coordinate s the logarithm of the mass per s is a polynomial, and all masses are summed from their
small ends, so that they are right relative to themselves down to 1e-300.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from gandyn.system.checks import FloatArray, Index

__all__ = ["Ray", "Tabulated"]

_N = 20
_NODES = np.cos(np.pi * (np.arange(_N) + 0.5) / _N)[::-1]
_TO_SERIES = np.linalg.inv(chebyshev.chebvander(_NODES, _N - 1))
_INTEGRAL = chebyshev.chebint(np.eye(_N), lbnd=-1, axis=0)
_SLOPE = chebyshev.chebder(np.eye(_N), axis=0)

_STEEPEST, _SHALLOW = 1e150, 100.0
DEPTH = 720.0
"""Masses per s are followed down to e^-720 of the largest; to less where that takes long."""

_UNDERFLOW, _UNSEEN, _CUT, _SUBNORMAL = 500.0, 40.0, 0.5, -700.0

FAR = 690.0
"""The largest and smallest distances are e^±690."""

_FIRST = 8.0
_DROP = 5.0
EXACT = 3e-14
_STRAIGHT, _ROUGH, _LOST = 1e-2, 1e-2, 1e-9
_LEAST, _STUCK = 1e-9, 2
_MOST = 4000
_STEPS = 60


@dataclass(frozen=True)
class Ray:
    """Points place + side·e^s for s from low to high, or, where side is 0, place + s.

    `log_density` takes e^s, or s, to the logarithm of the density per unit of x.
    """

    place: float
    side: float
    low: float
    high: float
    log_density: Callable[[FloatArray], FloatArray]

    def log_mass(self, s: FloatArray) -> FloatArray:
        """Logarithm of the mass per s."""
        if not self.side:
            return self.log_density(s)
        return self.log_density(np.exp(s)) + s


class Tabulated:
    """Cumulated masses of the densities along rays that cover the support, from left to right.

    Parameters
    ----------
    rays : sequence of Ray
    top : float
        The largest log mass per s, or near it.
    core : (float, float)
        Points between which nearly all of the mass is. Farther out no density rises again: where it
        seems to, it is no longer what it says.
    exact : float
        Relative error of the density that its polynomials may have.

    Attributes
    ----------
    total : float
        The whole mass, by which the others are divided.
    noise : float
        Relative error of the density, as far as its polynomials tell.
    """

    def __init__(
        self, rays: Sequence[Ray], top: float, core: tuple[float, float], exact: float = EXACT
    ) -> None:
        self._rays = list(rays)
        which, low, high, series, self.noise = _panels(self._rays, top, core, exact)
        # in the order of x: rays come from left to right, and run back where side is -1
        back = np.array([ray.side < 0 for ray in self._rays])[which]
        order = np.lexsort((np.where(back, -low, low), which))
        self._which, self._low, self._high = which[order], low[order], high[order]
        self._place = np.array([ray.place for ray in self._rays])[self._which]
        self._side = np.array([ray.side for ray in self._rays])[self._which]
        self._series, self._back = series[:, order], back[order]
        rounding = exact + 4e-16 * np.abs(self._series[:2]).sum(axis=0)
        self._straight = (np.abs(self._series[2:]) <= rounding).all(axis=0)
        half = 0.5 * (self._high - self._low)
        values = np.exp(chebyshev.chebvander(_NODES, _N - 1) @ self._series)
        # the mass from either end of a panel, over the way from there: its digits are kept
        sums = _INTEGRAL @ (_TO_SERIES @ values) * half
        inner = chebyshev.chebvander(_NODES, _N) @ sums
        up, down = 1.0 + _NODES[:, None], 1.0 - _NODES[:, None]
        self._from_low = _TO_SERIES @ (inner / up)
        self._from_high = _TO_SERIES @ ((sums.sum(axis=0) - inner) / down)
        self._slopes = _SLOPE @ self._series / half
        mass = self._within(np.arange(len(half)), self._high)
        self._mass = mass
        self._ends = self._closing(True), self._closing(False)
        left, right = (end.mass for end in self._ends)
        self.total = float(mass.sum() + left + right)
        self._below = left + np.concatenate([[0.0], np.cumsum(mass)])
        self._above = right + np.concatenate([np.cumsum(mass[::-1])[::-1], [0.0]])
        # ends of the panels, as x: places of the line, rounded
        self._edges = np.append(self._x(np.arange(len(half)), self._start()), self._last())

    # -- panels

    def _start(self) -> FloatArray:
        return np.where(self._back, self._high, self._low)

    def _last(self) -> float:
        last = len(self._low) - 1
        return float(self._x(np.array([last]), np.where(self._back, self._low, self._high)[-1:])[0])

    def _x(self, panel: Index, s: FloatArray) -> FloatArray:
        place, side = self._place[panel], self._side[panel]
        with np.errstate(over="ignore"):
            return place + np.where(side == 0.0, s, side * np.exp(s))

    def _s(self, panel: Index, x: FloatArray) -> FloatArray:
        away, straight = x - self._place[panel], self._side[panel] == 0.0
        with np.errstate(divide="ignore"):
            s = np.log(np.abs(away))
        s[straight] = away[straight]
        return np.clip(s, self._low[panel], self._high[panel])

    def _t(self, panel: Index, s: FloatArray) -> FloatArray:
        low, high = self._low[panel], self._high[panel]
        return np.clip(((s - low) - (high - s)) / (high - low), -1.0, 1.0)

    def _log_mass(self, panel: Index, s: FloatArray) -> FloatArray:
        return _clenshaw(self._series[:, panel], self._t(panel, s))

    def _within(self, panel: Index, s: FloatArray) -> FloatArray:
        """The mass of a panel from its low end to s."""
        width = self._high[panel] - self._low[panel]
        share = 2.0 * (s - self._low[panel]) / width
        out = share * _clenshaw(self._from_low[:, panel], self._t(panel, s))
        straight = self._straight[panel]
        if straight.any():
            mine = panel[straight]
            out[straight] = _exponential(*self._line(mine), s[straight] - self._low[mine])
        return out

    def _beyond(self, panel: Index, s: FloatArray) -> FloatArray:
        """The mass of a panel from s to its high end."""
        width = self._high[panel] - self._low[panel]
        share = 2.0 * (self._high[panel] - s) / width
        out = share * _clenshaw(self._from_high[:, panel], self._t(panel, s))
        straight = self._straight[panel]
        if straight.any():
            mine = panel[straight]
            start, slope = self._line(mine)
            out[straight] = _exponential(
                start + slope * (s[straight] - self._low[mine]),
                slope,
                self._high[mine] - s[straight],
            )
        return np.maximum(out, 0.0)

    def _line(self, panel: Index) -> tuple[FloatArray, FloatArray]:
        """Log mass per s at the low end, and its slope, of straight panels."""
        slope = 2.0 * self._series[1, panel] / (self._high[panel] - self._low[panel])
        return self._series[0, panel] - self._series[1, panel], slope

    def _closing(self, first: bool) -> _Closing:
        """How the densities go on beyond the first or the last panel, from their last values."""
        panel = 0 if first else len(self._low) - 1
        ray, which = self._rays[self._which[panel]], self._which[panel]
        mine = np.flatnonzero(self._which == which)[:: -1 if self._back[panel] else 1]
        # towards larger s, or towards smaller
        grows = first == bool(self._back[panel])
        sign, end = (1.0, self._high[panel]) if grows else (-1.0, self._low[panel])
        step = min(0.25, float(self._high[mine].max() - self._low[mine].min()) / 3.0)
        s = end - sign * step * np.arange(3.0)
        at = mine[np.clip(np.searchsorted(self._low[mine], s, "right") - 1, 0, len(mine) - 1)]
        value = self._log_mass(at, np.clip(s, self._low[at], self._high[at]))
        last, before = (value[0] - value[1]) / step, (value[1] - value[2]) / step
        power = bool(ray.side) and last < 0.0 and abs(last - before) <= 0.25 * _STRAIGHT * abs(last)
        mass = float(np.exp(value[0])) / -last if power else 0.0
        # −log p, where it grows faster than a power of p falls: as a power or as an exponential
        size = np.maximum(s - value, 1.0) if ray.side else np.maximum(-value, 1.0)
        rate, earlier = np.log(size[0] / size[1]) / step, np.log(size[1] / size[2]) / step
        doubly = grows and rate > 1.1 * earlier > 0.0
        rate = rate * step / -np.expm1(-step) if doubly else rate
        return _Closing(
            panel, grows, float(end), float(value[0]), float(last), power, mass, rate, doubly
        )

    # -- what is asked for

    def masses(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The masses below and above points x (n,)."""
        panel = np.clip(np.searchsorted(self._edges, x, "right") - 1, 0, len(self._low) - 1)
        return self._split(panel, self._s(panel, x), x)

    def _split(self, panel: Index, s: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        near, far = self._within(panel, s), self._beyond(panel, s)
        near, far = np.where(self._back[panel], far, near), np.where(self._back[panel], near, far)
        below, above = self._below[panel] + near, self._above[panel + 1] + far
        for end, outside, small in zip(self._ends, self._outside(x), (below, above), strict=True):
            there = self._side[end.panel] * (x - self._place[end.panel]) > 0.0
            small[outside] = 0.0
            small[outside & there] = end.left(self._distances(end, x[outside & there]))
        return np.minimum(below / self.total, 1.0), np.minimum(above / self.total, 1.0)

    def mass_beside(self, place: float, side: float, distance: FloatArray) -> FloatArray:
        """The mass between a place where a ray begins and points at a distance (n,) from there."""
        mine = self._ray(place, side)
        start = self._low[mine]
        s = np.log(distance)
        at = np.clip(np.searchsorted(start, s, "right") - 1, 0, len(mine) - 1)
        begun = np.concatenate([[0.0], np.cumsum(self._mass[mine])])
        outer = mine[0] in (0, len(self._low) - 1)
        if outer:
            begun += self._ends[0 if mine[0] == 0 else 1].mass
        mass = begun[at] + self._within(mine[at], np.clip(s, start[at], self._high[mine[at]]))
        low = s < start[0]
        if low.any():
            value, slope = self._foot(mine[0])
            mass[low] = np.exp(value + slope * (s[low] - start[0])) / slope
        return mass / self.total

    def beside(self, place: float, side: float, distance: FloatArray) -> FloatArray:
        """Logarithm of the density at a distance (n,) from where a ray begins."""
        mine = self._ray(place, side)
        s = np.log(distance)
        at = np.clip(np.searchsorted(self._low[mine], s, "right") - 1, 0, len(mine) - 1)
        out = self._log_mass(mine[at], np.clip(s, self._low[mine[at]], self._high[mine[at]])) - s
        low = s < self._low[mine[0]]
        out[low] = self._outer(mine[0]).log_density(s[low])
        return out

    def score_beside(self, place: float, side: float, distance: FloatArray) -> FloatArray:
        """Its slope along the line."""
        mine = self._ray(place, side)
        s, away = np.log(distance), side * distance
        at = np.clip(np.searchsorted(self._low[mine], s, "right") - 1, 0, len(mine) - 1)
        inner = np.clip(s, self._low[mine[at]], self._high[mine[at]])
        with np.errstate(over="ignore"):
            out = (_clenshaw(self._slopes[:, mine[at]], self._t(mine[at], inner)) - 1.0) / away
        low = s < self._low[mine[0]]
        out[low] = self._outer(mine[0]).score(s[low], away[low], 1)
        return out

    def _outer(self, panel: int) -> _Closing:
        """How the densities go on beyond the first or the last panel."""
        return self._ends[0 if panel == 0 else 1]

    def power(self, place: float, side: float) -> float:
        """That of the distance which the density goes with, where a ray begins; nan for none."""
        mine = self._ray(place, side)
        return self._foot(mine[0])[1] - 1.0 if len(mine) else np.nan

    def _foot(self, panel: int) -> tuple[float, float]:
        """Log mass per s at the low end of a panel, and its slope over a step or the panel."""
        low = np.array([self._low[panel]])
        at = np.array([panel, panel])
        s = np.append(low, np.minimum(low + 1.0, self._high[panel]))
        first, second = self._log_mass(at, s)
        return float(first), float((second - first) / (s[1] - s[0]))

    def _ray(self, place: float, side: float) -> Index:
        """The panels of the ray that begins at a place, from there on."""
        which = [k for k, ray in enumerate(self._rays) if (ray.place, ray.side) == (place, side)]
        mine = np.flatnonzero(self._which == which[0])
        return mine[::-1] if side < 0 else mine

    def quantile(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """The points with masses `lower` below and `upper` above, from the smaller of the two."""
        small, left = np.minimum(lower, upper) * self.total, lower <= upper
        panel = np.where(
            left,
            np.searchsorted(self._below, small, "right") - 1,
            len(self._low) - np.searchsorted(self._above[::-1], small, "right"),
        )
        panel = np.clip(panel, 0, len(self._low) - 1)
        # the mass still to come within the panel, from its low or its high end of s
        rest = small - np.where(left, self._below[panel], self._above[panel + 1])
        from_low = left != self._back[panel]
        low, high = self._low[panel].copy(), self._high[panel].copy()
        s = 0.5 * (low + high)
        linear = self._side[panel] == 0.0
        least = np.where(linear, 1e-14 * (high - low), 1.0)
        for _ in range(_STEPS):
            mass = np.where(from_low, self._within(panel, s), self._beyond(panel, s))
            short = mass < rest
            ahead = short == from_low
            low, high = np.where(ahead, s, low), np.where(ahead, high, s)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                step = (rest - mass) * np.exp(-self._log_mass(panel, s))
            new = s + np.where(from_low, step, -step)
            inside = (new > low) & (new < high)
            new = np.where(inside, new, 0.5 * (low + high))
            done = np.abs(new - s) <= 4e-16 * np.maximum(least, np.abs(s))
            s = new
            if done.all():
                break
        x = self._x(panel, s)
        # beyond the last panel: the rest of a power
        for end, side in zip(self._ends, (left, ~left), strict=True):
            far = side & (small < end.mass)
            if far.any():
                out = np.log(end.mass / np.maximum(small[far], 5e-324)) / -end.slope
                at = np.full(far.sum(), end.panel)
                x[far] = self._x(at, end.s + (out if end.grows else -out))
        return x

    @property
    def tail_index(self) -> float:
        """The power with which the heavier tail's mass falls, inf where none falls as a power."""
        return round(
            min((-end.slope for end in self._ends if end.power and end.grows), default=np.inf), 6
        )

    def moment(self, order: int, centre: float) -> float:
        """E(x − centre)^order, where it exists."""
        s = self._low + 0.5 * (self._high - self._low) * (1.0 + _NODES[:, None])
        panel = np.broadcast_to(np.arange(len(self._low)), s.shape)
        away = self._x(panel.ravel(), s.ravel()).reshape(s.shape) - centre
        log_mass = chebyshev.chebvander(_NODES, _N - 1) @ self._series
        with np.errstate(divide="ignore"):
            size = np.exp(log_mass + order * np.log(np.abs(away)))
        parts = (_INTEGRAL @ (_TO_SERIES @ (size * np.sign(away) ** order))).sum(axis=0)
        total = float((parts * 0.5 * (self._high - self._low)).sum())
        for end in self._ends:
            if end.mass and end.grows:
                side = self._rays[self._which[end.panel]].side
                total += (
                    side**order * float(np.exp(end.value + order * end.s)) / (-end.slope - order)
                )
        return total / self.total

    def _distances(self, end: _Closing, x: FloatArray) -> FloatArray:
        """The logarithms of the distances of points beyond an end from where its ray begins."""
        with np.errstate(divide="ignore"):
            return np.log(np.abs(x - self._place[end.panel]))

    def log_density(self, x: FloatArray) -> FloatArray:
        """Logarithm of the density, by the polynomials; along their continuation outside."""
        panel = np.clip(np.searchsorted(self._edges, x, "right") - 1, 0, len(self._low) - 1)
        s = self._s(panel, x)
        out = self._log_mass(panel, s) - np.where(self._side[panel] == 0.0, 0.0, s)
        for end, outside in zip(self._ends, self._outside(x), strict=True):
            ray = self._rays[self._which[end.panel]]
            if ray.side and outside.any():
                out[outside] = end.log_density(self._distances(end, x[outside]))
        return out

    def score_beyond(self, x: FloatArray, order: int) -> FloatArray:
        """`score` of the continuation outside of the panels, 0 within."""
        out = np.zeros_like(x)
        for end, outside in zip(self._ends, self._outside(x), strict=True):
            ray = self._rays[self._which[end.panel]]
            outside = outside & (x != ray.place)
            if ray.side and outside.any():
                away = x[outside] - ray.place
                out[outside] = end.score(np.log(np.abs(away)), away, order)
        return out

    def _outside(self, x: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return x < self._edges[0], x > self._edges[-1]

    def reaches(self, x: FloatArray) -> NDArray[np.bool_]:
        """Whether the density is known at points, by the panels or as the power it goes on as."""
        lost = [
            out & (not end.power) for end, out in zip(self._ends, self._outside(x), strict=True)
        ]
        return ~(lost[0] | lost[1])

    def score(self, x: FloatArray, order: int = 1) -> FloatArray:
        """Slope of the logarithm of the density, or its slope."""
        panel = np.clip(np.searchsorted(self._edges, x, "right") - 1, 0, len(self._low) - 1)
        s, side = self._s(panel, x), self._side[panel]
        slope = _clenshaw(self._slopes[:, panel], self._t(panel, s))
        away = x - self._place[panel]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if order == 1:
                return np.where(side == 0.0, slope, (slope - 1.0) / away)
            half = 0.5 * (self._high[panel] - self._low[panel])
            bends: FloatArray = chebyshev.chebder(self._slopes, axis=0).astype(float)
            bend = _clenshaw(bends[:, panel], self._t(panel, s)) / half
            return np.where(side == 0.0, bend, (bend - slope + 1.0) / away / away)


@dataclass(frozen=True)
class _Closing:
    """How the densities go on beyond the first or the last panel.

    There s is `s` and the log mass per s `value`, which goes on with `slope` per s, outwards, if
    the density falls as a `power` of the distance; the mass left is then `mass`. If not, −log p
    grows at a `rate` per s: as a power of the distance or, if `doubly`, as an exponential of it.
    `grows` tells whether s does, outwards.
    """

    panel: int
    grows: bool
    s: float
    value: float
    slope: float
    power: bool
    mass: float
    rate: float
    doubly: bool

    def score(self, s: FloatArray, away: FloatArray, order: int) -> FloatArray:
        """Slope of the log density where x is away from the ray's place, or its slope."""
        way = s - self.s if self.grows else self.s - s
        sign = 1.0 if self.grows else -1.0
        with np.errstate(all="ignore"):
            if self.power or self.value - self.s >= 0.0:
                slope = np.full_like(s, sign * self.slope - 1.0)
                return slope / away if order == 1 else -slope / away / away
            rate = self.rate * (np.exp(way) if self.doubly else np.ones_like(way))
            slope = sign * self.log_density(s) * rate
            bend = slope * sign * (rate + (1.0 if self.doubly else 0.0))
            out = slope / away if order == 1 else (bend - slope) / away / away
        # far out there is no mass, and none times infinite would not be a number
        return np.clip(out, -_STEEPEST, _STEEPEST) if self.grows else out

    def left(self, s: FloatArray) -> FloatArray:
        """The mass beyond."""
        way = s - self.s if self.grows else self.s - s
        return self.mass * np.exp(self.slope * way) if self.power else np.zeros_like(s)

    def log_density(self, s: FloatArray) -> FloatArray:
        way = s - self.s if self.grows else self.s - s
        value = self.value - self.s
        if self.power or value >= 0.0:
            return self.value + self.slope * way - s
        with np.errstate(over="ignore"):
            return value * np.exp(self.rate * (np.expm1(way) if self.doubly else way))


def _exponential(start: FloatArray, slope: FloatArray, way: FloatArray) -> FloatArray:
    """∫ exp(start + slope t) dt over a way from 0."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        rise = slope * way
        # from the larger end, which does not overflow
        top = np.exp(start + np.maximum(rise, 0.0))
        return top * np.where(np.abs(rise) < 1e-8, way, -np.expm1(-np.abs(rise)) / np.abs(slope))


def _clenshaw(series: FloatArray, t: FloatArray) -> FloatArray:
    """Chebyshev series (n, ...) at t (...)."""
    first, second = np.zeros_like(t), np.zeros_like(t)
    double = 2.0 * t
    for row in series[:0:-1]:
        first, second = row + double * first - second, first
    return series[0] + t * first - second


def _panels(
    rays: Sequence[Ray], peak: float, core: tuple[float, float], exact: float
) -> tuple[Index, FloatArray, FloatArray, FloatArray, float]:
    """Ray, ends and series (n, P) of panels on which log masses are polynomials; their noise."""
    which, low, high = [], [], []
    for k, ray in enumerate(rays):
        count = max(2, int(np.ceil((ray.high - ray.low) / _FIRST))) if ray.side else 1
        ends = np.linspace(ray.low, ray.high, count + 1)
        which.append(np.full(count, k))
        low.append(ends[:-1])
        high.append(ends[1:])
    ray_of, a, b = (np.concatenate(part) for part in (which, low, high))
    before, stuck = np.full(len(a), np.inf), np.zeros(len(a), int)
    kept: list[tuple[Index, FloatArray, FloatArray, FloatArray]] = []
    broken: list[tuple[Index, FloatArray, FloatArray]] = []
    reach = np.array([np.log(max(abs(end - ray.place) for end in core)) for ray in rays])
    curved, endless = np.array([ray.side != 0.0 for ray in rays]), np.zeros(len(rays), bool)
    noise = 0.0
    unseen, depth = (_UNSEEN, DEPTH) if exact == EXACT else (0.5 * _UNSEEN, _SHALLOW)
    for _ in range(_STEPS):
        s = a[:, None] + 0.5 * (b - a)[:, None] * (1.0 + _NODES)
        values = np.empty_like(s)
        for k in np.unique(ray_of):
            mine = ray_of == k
            with np.errstate(all="ignore"):
                values[mine] = rays[k].log_mass(s[mine].ravel()).reshape(-1, _N)
        # the logarithm of a density that underflows has lost its digits before
        under = ~np.isfinite(values)
        endless |= np.isin(np.arange(len(rays)), ray_of[under.any(axis=1)])
        size = values - np.where(curved[ray_of], 1.0, 0.0)[:, None] * s
        under |= endless[ray_of, None] & (size < _SUBNORMAL)
        whole = ~under.any(axis=1)
        values = np.where(under, -1e4, values)
        highest = values.max(axis=1)
        series = values @ _TO_SERIES.T
        size, fall = np.abs(series[:, -3:]).max(axis=1), highest - values.min(axis=1)
        rounding = exact + 4e-16 * np.abs(values).max(axis=1)
        straight = (np.abs(series[:, 2:]) <= rounding[:, None]).all(axis=1)
        # where halves are no better than the whole, what is left is noise of the density
        least = b - a <= _LEAST * np.maximum(1.0, np.abs(a))
        rough = least | (size > 0.25 * before)
        mass = np.exp(values - highest[:, None]) @ _TO_SERIES.T
        summed = np.abs(mass[:, -3:]).max(axis=1) <= 0.1 * rounding * mass[:, 0]
        good = (size <= rounding) & (straight | (fall <= _DROP) & summed)
        slight = (size < _ROUGH) & (size * np.exp(highest - peak) < _LOST)
        good |= rough & (fall <= _DROP) & (least | slight)
        cut = np.where(a > reach[ray_of] + 3.0, _CUT, 0.04 * _CUT)
        noisy = rough & whole & (size > 10.0 * rounding) & ((fall <= _DROP) | (b - a <= cut))
        stuck = np.where(noisy, stuck + 1, 0)
        # where a density under- or overflows, or is noise far out, what there is of it goes on
        lost = ~good & (highest < peak - unseen) & ((stuck > _STUCK) | ~whole & (b - a <= cut))
        alive = highest > np.where(whole, peak - depth, peak - _UNDERFLOW)
        noise += float((size * np.exp(np.minimum(highest - peak, 0.0)) * (b - a))[good].sum())
        good &= alive
        kept.append((ray_of[good], a[good], b[good], series[good]))
        broken.append((ray_of[lost & alive], a[lost & alive], b[lost & alive]))
        on = alive & ~good & ~lost
        ray_of, a, b, size, stuck = (v[on] for v in (ray_of, a, b, size, stuck))
        if not len(a) or sum(len(part[0]) for part in kept) > _MOST:
            break
        middle = 0.5 * (a + b)
        ray_of, before, stuck = np.tile(ray_of, 2), np.tile(size, 2), np.tile(stuck, 2)
        a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
    ray_of, a, b, series = (np.concatenate([part[i] for part in kept]) for i in range(4))
    at, start, end = (np.concatenate([part[i] for part in broken]) for i in range(3))
    # far out, what rises again, from the left end of a panel to the right
    rise = series[:, 1::2].sum(axis=1)
    far = curved[ray_of] & (a > reach[ray_of] + 1.0)
    odd = far & (rise > 0.0) & (series[:, 0] < peak - unseen)
    at, start, end = (
        np.append(*pair) for pair in ((at, ray_of[odd]), (start, a[odd]), (end, b[odd]))
    )
    inside = np.ones(len(a), bool)
    for k in np.unique(at):
        mine = np.flatnonzero((ray_of == k) & (series[:, 0] < peak + 10.0))
        best = a[mine[np.argmax(series[mine, 0] - 1e9 * far[mine])]] if len(mine) else 0.0
        first = max(end[(at == k) & (end <= best)], default=-np.inf)
        last = min(start[(at == k) & (start >= best)], default=np.inf)
        inside[ray_of == k] = (a[ray_of == k] >= first) & (b[ray_of == k] <= last)
    return ray_of[inside], a[inside], b[inside], series[inside].T.copy(), noise
