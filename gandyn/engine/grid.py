"""The force on one grid of x, fitted to the data and shared by every state: the fast way.

For smooth densities on the whole line the trapezoidal rule converges exponentially in the number
of nodes (Trefethen and Weideman, "The exponentially convergent trapezoidal rule", 2014), also in a
mapped variable t(x), which puts the nodes where the data vary. Since the nodes do not depend on the
state, p and its score are tabulated once, and a stack of states costs one exponential, one division
and a few multiplications a node. What has not converged is returned as such.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.distributions.edges import panel_edges

__all__ = ["DataGrid"]

Array = NDArray[np.float64]

_PLATEAU = 2.5
"""Widths of a mode over which the nodes lie evenly; beyond, their spacing grows with distance."""

_HANDOVER = 10.0
"""The same in widths of a handover, whose nodes are then 0.22 widths apart: poles of the score lie
one width off the line, and leave e^(−2π/0.22)."""

_SPACING = 0.055
"""Spacing of the coarsest grid, in widths of the mode it stands in."""

_PER_STATE = 0.2
"""Spacing that a state asks for, in standard deviations of its generated density."""

_REACH = 8.1
_LARGEST = 20_000
"""Nodes of the finest grid: beyond, a table would cost more than the panels of many states."""

_BLOCK = 65_536
"""Nodes times states evaluated at a time: a few arrays of them stay in a core's cache."""

_WASTE = 12_000
"""Nodes that cost as much as the calls that a block takes."""

_LONGEST = 6000
_TINY = 1e-290
_FAINT = -300.0
_CUT = 1e-13
"""What may be left at the ends of a window, relative to the integral of the absolute value."""

_AGREEMENT = 1e-7
_HALF_WAY = 3e-5

_BESIDE = np.array([[-2.0], [0.0], [2.0]])
_SQRT_2PI = math.sqrt(2.0 * math.pi)

_T, _W = np.polynomial.legendre.leggauss(20)


def _alike(start: NDArray[np.intp], stop: NDArray[np.intp]) -> Iterator[tuple[slice, int, int]]:
    """Runs of states and a common window of each, on which little is wasted."""
    first = 0
    while first < len(start):
        count = max(1, _BLOCK // int(stop[first] - start[first]))
        while True:
            run = slice(first, first + count)
            low, high = int(start[run].min()), int(stop[run].max())
            own = int((stop[run] - start[run]).sum())
            if count == 1 or (high - low) * len(start[run]) - own <= _WASTE:
                break
            count = (count + 1) // 2
        yield run, low, high
        first += count


@dataclass(frozen=True)
class _Level:
    """One grid: nodes, what is tabulated on them, and the columns that sum over them."""

    x: Array
    density: Array
    score: Array
    columns: Array
    """(N, 4): the weights dx, each in the column of the node's index modulo 4."""
    weight: Array
    places: list[float]
    """The nodes and their spacings once more, for looking up single ones."""
    spacings: list[float]


class DataGrid:
    """Force of an f-divergence whose w p_g ends where p or p_g does, for a z + b, z normal.

    Parameters
    ----------
    data : Distribution
        Smooth, without breaks, on the whole line.
    mean, std : float
        The latent's.
    mass : callable
        ``mass(p, q, out)`` puts w p_g into `out`.
    wide : bool
        Whether w p_g is as large as p where p_g is small, and not only where p_g is.

    Notes
    -----
    The sums are taken in four interleaved parts. Where those over the even and the odd nodes agree
    to 1e-7 of the integral of the absolute value, the sum over all is right to far better: halving
    the spacing h squares the error e^(−2πd/h) that a pole at distance d leaves. The four parts also
    show that error at four times the spacing, in both of its phases, so that it cannot hide behind
    one of them. A component is right to some 1e-15 of the integral of its absolute value.
    """

    def __init__(
        self,
        data: Distribution,
        mean: float,
        std: float,
        mass: Callable[[Array, Array, Array], object],
        wide: bool,
    ) -> None:
        self._data = data
        self._mean, self._std = mean, std
        self._mass = mass
        self._window = data.reach if wide else (np.inf, -np.inf)
        self._centres, widths = data.landmarks.T
        self._cores = _PLATEAU * widths
        place, width = data.handovers[:, :2].T
        narrow = self._crowding(place) * _HANDOVER * width < 1.0
        self._centres = np.concatenate([self._centres, place[narrow]])
        self._cores = np.concatenate([self._cores, _HANDOVER * width[narrow]])
        self._steepest = float(np.abs(data.score(np.array(data.reach))).max())
        normals = data.normals
        self._twin = None if normals is None or len(normals[0]) > 1 else (data.mean, data.std)
        self._wide = 60.0 * float(widths.min())
        self._work = np.empty((2, 0))
        self._levels: dict[int, _Level] = {}
        low, high = data.reach
        span = high - low
        far = span * 2.0 ** np.arange(7.0)
        marks = np.stack([self._centres, self._cores / _PLATEAU], axis=1)
        plain = panel_edges(marks, data.breaks, (low - far[0], high + far[0]))
        edges = np.concatenate([low - far[:0:-1], plain, high + far[1:]])
        self._edges = np.unique(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
        half = 0.5 * np.diff(self._edges)
        middle = 0.5 * (self._edges[1:] + self._edges[:-1])
        pieces = half * (self._crowding(middle[:, None] + half[:, None] * _T) @ _W)
        self._t = np.concatenate([[0.0], np.cumsum(pieces)])
        coarsest = self._t[-1] * _PLATEAU / _SPACING
        self._finest = 1 + max(0, int(np.log2(_LARGEST / coarsest)))

    @staticmethod
    def takes(data: Distribution) -> bool:
        """Whether a grid can be fitted to this density."""
        smooth = not len(data.breaks) and not np.isfinite(data.support).any()
        return smooth and len(data.landmarks) <= 500

    def force(
        self, a: Array, b: Array
    ) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.intp]]:
        """Force at states of shape (L,): (L, 2), which converged, which are clean, the nodes used.

        Where a state is not clean, a component that is 0 by symmetry beside one that has nearly
        cancelled may show the other's rounding.
        """
        scale, loc = np.abs(a) * self._std, a * self._mean + b
        # Neighbours side by side, so that they share windows and are looked up faster.
        spread = loc.max(initial=0.0) - loc.min(initial=0.0)
        order = np.argsort(np.round(2.0 * np.log2(scale)) * spread + loc)
        scale, loc = scale[order], loc[order]
        out = np.full((len(a), 2), np.nan)
        good, clean = np.zeros((2, len(a)), bool)
        used = np.zeros(len(a), np.intp)
        level = self._wanted(scale, loc)
        for m in range(int(level.min(initial=self._finest)), self._finest):
            # A state that has not converged on its level is tried once more, on the next.
            index = np.flatnonzero(~good & ((level == m) | (level == m - 1)))
            if len(index):
                self._sweep(self._level(m), scale, loc, index, out, good, clean, used)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        out = out[place]
        # Sums are of (x - loc)/scale; the latent is mean + std z, reflected where a is negative.
        out[:, 0] *= np.sign(a) * self._std
        out[:, 0] += self._mean * out[:, 1]
        return out, good[place], clean[place], used[place]

    def force_at(self, a: float, b: float) -> tuple[tuple[float, float] | None, int]:
        """`force` at one state, None where it has not converged, and the nodes used."""
        scale, loc = abs(a) * self._std, a * self._mean + b
        level, used = self._level(0), 0
        last = len(level.places) - 1
        spacing = max(
            level.spacings[min(bisect_left(level.places, x), last)]
            for x in (loc - 2.0 * scale, loc, loc + 2.0 * scale)
        )
        wanted = max(0, math.ceil(math.log2(spacing / (_PER_STATE * scale))))
        low = min(loc - _REACH * scale, self._window[0])
        high = max(loc + _REACH * scale, self._window[1])
        for m in range(wanted, min(wanted + 2, self._finest)):
            level = self._level(m)
            start = bisect_left(level.places, low) & ~3
            stop = (bisect_left(level.places, high) + 3) & ~3
            if start <= 0 or stop >= len(level.places) or stop - start > _LONGEST:
                continue
            used += stop - start
            tilted, plain, good, clean = self._judged(
                self._sums_at(level, start, stop, scale, loc), scale, loc
            )
            if good and clean:
                reflected = self._std if a > 0 else -self._std
                return (self._mean * plain + reflected * tilted, plain), used
        return None, used

    def _sums_at(
        self, level: _Level, start: int, stop: int, scale: float, loc: float
    ) -> list[float]:
        """`_sums` for one state, in fewer and smaller steps."""
        density, mass, z = np.empty((3, stop - start))
        np.subtract(level.x[start:stop], loc, out=z)
        z *= 1.0 / scale
        np.multiply(z, z, out=density)
        density *= -0.5
        np.exp(density, out=density)
        density *= 1.0 / (scale * _SQRT_2PI)
        self._mass(level.density[start:stop], density, mass)
        np.multiply(z, 1.0 / scale, out=density)
        density += level.score[start:stop]
        mass *= density
        columns, weight = level.columns[start:stop], level.weight[start:stop]
        plain = mass.dot(columns).tolist()
        z *= mass
        tilted = z.dot(columns).tolist()
        np.abs(mass, out=mass)
        ends = max(mass[0] * weight[0], mass[-1] * weight[-1])
        return [*tilted, *plain, float(mass.dot(weight)), float(ends)]

    def _wanted(self, scale: Array, loc: Array) -> NDArray[np.intp]:
        """The level on which a state's own density is resolved."""
        level = self._level(0)
        beside = loc + scale * _BESIDE
        index = np.minimum(level.x.searchsorted(beside), len(level.x) - 1)
        ratio = level.weight[index].max(axis=0) / (_PER_STATE * scale)
        return np.ceil(np.log2(np.minimum(np.maximum(ratio, 1.0), 2.0**self._finest))).astype(
            np.intp
        )

    def _sweep(
        self,
        level: _Level,
        scale: Array,
        loc: Array,
        index: NDArray[np.intp],
        out: Array,
        good: NDArray[np.bool_],
        clean: NDArray[np.bool_],
        used: NDArray[np.intp],
    ) -> None:
        """Evaluate the states of `index` on a level, neighbours together on a common window."""
        low = np.minimum(loc[index] - _REACH * scale[index], self._window[0])
        high = np.maximum(loc[index] + _REACH * scale[index], self._window[1])
        start = np.searchsorted(level.x, low) & ~3
        stop = (np.searchsorted(level.x, high) + 3) & ~3
        covered = (start > 0) & (stop < len(level.x)) & (stop - start <= _LONGEST)
        index, start, stop = index[covered], start[covered], stop[covered]

        raw = np.empty((10, len(index)))

        for run, first, last in _alike(start, stop):
            states = index[run]
            centre = float(loc[states[len(states) // 2]])
            raw[:, run] = self._sums(level, first, last, centre, scale[states], loc[states])
            used[states] += last - first
        judged = self._judged(raw, scale[index], loc[index])
        out[index, 0], out[index, 1], good[index], clean[index] = judged

    def _sums(
        self, level: _Level, start: int, stop: int, centre: float, scale: Array, loc: Array
    ) -> list[Array]:
        """Sums over a window that the states (L,) share.

        Four of w p_g ℓ' z dx, over every fourth node, four of w p_g ℓ' dx, the sum of its
        absolute value and the larger of its ends.
        """
        inverse, offset = 1.0 / scale, loc - centre
        shift = offset * inverse
        basis = np.empty((4, stop - start))
        y = np.subtract(level.x[start:stop], centre, out=basis[1])
        basis[0] = level.score[start:stop]
        np.multiply(y, y, out=basis[2])
        basis[3] = 1.0
        # log p_g, and ℓ' = score_p + z/scale, as combinations of (score_p, y, y², 1)
        square, none = inverse * inverse, 0.0 * inverse
        height = -0.5 * shift * shift - np.log(scale * _SQRT_2PI)
        logs = np.array([none, shift * inverse, -0.5 * square, height]).T.reshape(-1, 4)
        slopes = np.array([none + 1.0, square, none, -shift * inverse]).T.reshape(-1, 4)
        density, mass = self._buffers(len(logs), stop - start)
        np.matmul(logs, basis, out=density)
        # Far from a state its density underflows, and what underflows is very slow to compute with;
        # a parabola is lowest at an end.
        if min(density[:, 0].min(), density[:, -1].min()) < _FAINT:
            np.maximum(density, _FAINT, out=density)
        np.exp(density, out=density)
        self._mass(level.density[start:stop], density, mass)
        mass *= np.matmul(slopes, basis, out=density)
        columns = np.empty((stop - start, 8))
        columns[:, :4] = level.columns[start:stop]
        np.multiply(columns[:, :4], y[:, None], out=columns[:, 4:])
        sums = mass @ columns
        np.abs(mass, out=mass)
        weight = level.weight[start:stop]
        ends = np.maximum(mass[:, 0] * weight[0], mass[:, -1] * weight[-1])
        plain, tilted = sums[:, :4], sums[:, 4:]
        tilted = (tilted - offset[:, None] * plain) * inverse[:, None]
        return [*tilted.T, *plain.T, mass @ weight, ends]

    def _judged(self, raw: Any, scale: Any, loc: Any) -> tuple[Any, Any, Any, Any]:
        """The two integrals, whether they have converged and are clean, from what `_sums` gives."""
        modulus, ends = raw[8], raw[9]
        good = (ends <= _CUT * modulus) & (modulus > 1e-7 * (self._steepest + _REACH / scale))
        values = []
        for p in (raw[:4], raw[4:8]):
            even, odd = p[0] + p[2], p[1] + p[3]
            value = even + odd
            good &= abs(even - odd) <= _AGREEMENT * modulus
            good &= (p[0] - p[2]) ** 2 + (p[1] - p[3]) ** 2 <= (_HALF_WAY * modulus) ** 2
            values.append(value)
        first, second = abs(values[0]), abs(values[1])
        # Across a mode far narrower than p_g the slope's two signs cancel: left to panels.
        little = 1e-2 * modulus
        good &= (first > little) & (second > little) | (scale < self._wide)
        little = 1e-13 * modulus
        clean = (first > little) & (second > little) | (first + second > 3e-3 * modulus)
        if self._twin is not None:
            # Next to p_g = p the two scores cancel, which only panels avoid.
            mean, std = self._twin
            good &= (abs(scale - std) > 1e-2 * std) | (abs(loc - mean) > 1e-2 * std)
        return values[0], values[1], good, clean

    def _buffers(self, states: int, nodes: int) -> tuple[Array, Array]:
        """Two work arrays, kept between blocks so that they stay in the cache."""
        size = states * nodes
        if self._work.shape[1] < size:
            self._work = np.empty((2, size))
        first, second = self._work[:, :size]
        return first.reshape(states, nodes), second.reshape(states, nodes)

    def _crowding(self, x: Array) -> Array:
        """dt/dx: nearly the largest over the modes of 1/√((2.5 width)² + distance²).

        Points where the score jumps from one mode's to the next one's count as well.
        """
        total = np.zeros_like(x)
        for centre, core in zip(self._centres, self._cores, strict=True):
            square = (x - centre) ** 2
            square += core**2
            square *= square
            total += 1.0 / square
        return np.sqrt(np.sqrt(total))

    def _level(self, m: int) -> _Level:
        """The grid of spacing 2^−m in units of the coarsest, tabulated when first asked for."""
        if m not in self._levels:
            step = _SPACING / _PLATEAU / 2.0**m
            count = int(self._t[-1] / step) & ~3
            x = self._at(step * np.arange(0.5, count))
            weight = step / self._crowding(x)
            columns = np.zeros((count, 4))
            columns[np.arange(count), np.arange(count) % 4] = weight
            density = np.exp(self._data.logpdf(x)) + _TINY
            self._levels[m] = _Level(
                x, density, self._data.score(x), columns, weight, x.tolist(), weight.tolist()
            )
        return self._levels[m]

    def _at(self, t: Array) -> Array:
        """x(t), by Newton's method on t(x), which is integrated within a panel by Gauss's rule."""
        panel = np.searchsorted(self._t, t, side="right") - 1
        left = self._edges[panel]
        width = self._edges[panel + 1] - left
        # Newton starts on the cubic that has t(x) and its slope right at both ends of the panel.
        span = self._t[panel + 1] - self._t[panel]
        s = (t - self._t[panel]) / span
        slope = 1.0 / self._crowding(self._edges)
        bend = slope[panel] * (1.0 - s) - slope[panel + 1] * s
        x = left + s * s * (3.0 - 2.0 * s) * width + s * (1.0 - s) * span * bend
        x = np.clip(x, left, left + width)
        for _ in range(8):
            half = 0.5 * (x - left)
            reached = half * (self._crowding(left[:, None] + half[:, None] * (1.0 + _T)) @ _W)
            step = (t - self._t[panel] - reached) / self._crowding(x)
            x = np.clip(x + step, left, left + width)
            if np.all(np.abs(step) <= 1e-9 * width):
                break
        return x
