"""The force on one grid of x, fitted to the data and shared by every state: the fast way.

For smooth densities on the whole line the trapezoidal rule converges exponentially in the number
of nodes (Trefethen and Weideman, "The exponentially convergent trapezoidal rule", 2014), also in a
mapped variable t(x), which puts the nodes where the data vary. Since the nodes do not depend on the
state, p and its score are tabulated once, and a stack of states costs one exponential, one division
and a few multiplications a node. What has not converged is returned as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution

__all__ = ["DataGrid"]

Array = NDArray[np.float64]

_PLATEAU = 3.0
"""Widths of a mode over which the nodes lie evenly; beyond, their spacing grows with distance."""

_SPACING = 0.06
"""Spacing of the coarsest grid, in widths of the mode it stands in."""

_PER_STATE = 0.2
"""Spacing that a state asks for, in standard deviations of its generated density."""

_REACH = 8.75
_LEVELS = 7
_BLOCK = 16_384
"""Nodes times states evaluated at a time: a few arrays of them stay in a core's cache."""

_LONGEST = 1500
_TINY = 1e-290
_AGREEMENT = 1e-9
_HALF_WAY = 3e-5

_T, _W = np.polynomial.legendre.leggauss(20)


@dataclass(frozen=True)
class _Level:
    """One grid: nodes, what is tabulated on them, and the columns that sum over them."""

    x: Array
    density: Array
    score: Array
    columns: Array
    """(N, 4): the weights dx, each in the column of the node's index modulo 4."""
    weight: Array


class DataGrid:
    """Force of an objective with a bounded weight, for x = a z + b with a normal latent.

    Parameters
    ----------
    data : Distribution
        Smooth, without breaks, on the whole line.
    mean, std : float
        The latent's.
    mass : callable
        w p_g as a function of p and p_g.

    Notes
    -----
    The sums are taken in four interleaved parts. Where those over the even and the odd nodes agree
    to 1e-9 of the integral of the absolute value, the sum over all is right to far better: halving
    the spacing h squares the error e^(−2πd/h) that a pole at distance d leaves. The four parts also
    show that error at four times the spacing, in both of its phases, so that it cannot hide behind
    one of them.
    """

    def __init__(
        self,
        data: Distribution,
        mean: float,
        std: float,
        mass: Callable[[Array, Array], Array],
    ) -> None:
        self._data = data
        self._mean, self._std = mean, std
        self._mass = mass
        self._centres, self._widths = data.landmarks.T
        self._steepest = float(np.abs(data.score(np.array(data.reach))).max())
        self._levels: dict[int, _Level] = {}
        low, high = data.reach
        span = high - low
        far = span * 2.0 ** np.arange(7.0)
        edges = np.concatenate([low - far[::-1], data.edges, high + far])
        self._edges = np.unique(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
        half = 0.5 * np.diff(self._edges)
        middle = 0.5 * (self._edges[1:] + self._edges[:-1])
        pieces = half * (self._crowding(middle[:, None] + half[:, None] * _T) @ _W)
        self._t = np.concatenate([[0.0], np.cumsum(pieces)])

    @staticmethod
    def takes(data: Distribution) -> bool:
        """Whether a grid can be fitted to this density."""
        smooth = not len(data.breaks) and not np.isfinite(data.support).any()
        return smooth and len(data.landmarks) <= 200

    def force(self, a: Array, b: Array) -> tuple[Array, NDArray[np.bool_], NDArray[np.intp]]:
        """Force at states of shape (L,): (L, 2), which converged, and the nodes used."""
        scale, loc = np.abs(a) * self._std, a * self._mean + b
        out = np.empty((len(a), 2))
        good = np.zeros(len(a), bool)
        used = np.zeros(len(a), np.intp)
        level = self._wanted(scale, loc)
        for attempt in range(2):
            at = level + attempt
            for m in np.unique(at[~good & (at < _LEVELS)]):
                index = np.flatnonzero(~good & (at == m))
                self._sweep(self._level(int(m)), scale, loc, index, out, good, used)
        # Sums are of (x - loc)/scale; the latent is mean + std z, reflected where a is negative.
        force = np.empty_like(out)
        force[:, 0] = self._mean * out[:, 1] + np.sign(a) * self._std * out[:, 0]
        force[:, 1] = out[:, 1]
        return force, good, used

    def _wanted(self, scale: Array, loc: Array) -> NDArray[np.intp]:
        """The level on which a state's own density is resolved."""
        beside = loc + scale * np.array([[-2.0], [0.0], [2.0]])
        spacing = _SPACING / _PLATEAU / self._crowding(beside).min(axis=0)
        ratio = np.maximum(spacing / (_PER_STATE * scale), 1.0)
        return np.ceil(np.log2(np.minimum(ratio, 2.0 ** (_LEVELS + 2)))).astype(np.intp)

    def _sweep(
        self,
        level: _Level,
        scale: Array,
        loc: Array,
        index: NDArray[np.intp],
        out: Array,
        good: NDArray[np.bool_],
        used: NDArray[np.intp],
    ) -> None:
        """Evaluate the states of `index` on a level, neighbours together on a common window."""
        if len(index) > 1:
            index = index[np.lexsort((loc[index], np.round(np.log2(scale[index]))))]
        start = np.searchsorted(level.x, loc[index] - _REACH * scale[index]) & ~3
        stop = (np.searchsorted(level.x, loc[index] + _REACH * scale[index]) + 3) & ~3
        stop = np.minimum(stop, len(level.x))
        covered = (start > 0) & (stop < len(level.x)) & (stop - start <= _LONGEST)
        index, start, stop = index[covered], start[covered], stop[covered]
        first = 0
        while first < len(index):
            length = stop[first] - start[first]
            count = max(1, int(_BLOCK // max(length, 1)))
            block = slice(first, first + count)
            window = slice(int(start[block].min()), int(stop[block].max()))
            states = index[block]
            values, accepted = self._sums(level, window, scale[states], loc[states])
            out[states], good[states] = values, accepted
            used[states] += window.stop - window.start
            first += count

    def _sums(
        self, level: _Level, window: slice, scale: Array, loc: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Integrals of w p_g ℓ' (z, 1) over a window, (L, 2), and where they have converged."""
        x, score = level.x[window], level.score[window]
        centre = loc[len(loc) // 2]
        y = x - centre
        offset = loc - centre
        inverse = 1.0 / scale
        shift = offset * inverse
        basis = np.stack([y * y, y, np.ones_like(y)])
        normal = np.log(scale) + 0.5 * np.log(2.0 * np.pi)
        coefficients = np.stack(
            [-0.5 * inverse**2, shift * inverse, -0.5 * shift**2 - normal], axis=1
        )
        density = coefficients @ basis
        np.exp(density, out=density)
        mass = self._mass(level.density[window], density)
        # ℓ' = score_p + z/scale
        basis[0] = score
        slope = np.stack([np.ones_like(scale), inverse**2, -shift * inverse], axis=1) @ basis
        mass *= slope
        columns = level.columns[window]
        plain = mass @ columns
        tilted = (mass @ (y[:, None] * columns) - offset[:, None] * plain) * inverse[:, None]
        ends = np.abs(mass[:, [0, -1]]) * level.weight[window][[0, -1]]
        np.abs(mass, out=mass)
        modulus = mass @ level.weight[window]
        good = ends.max(axis=1) <= 1e-15 * modulus
        good &= modulus > 1e-7 * (self._steepest + _REACH * inverse)
        for part in (plain, tilted):
            even, odd = part[:, 0] + part[:, 2], part[:, 1] + part[:, 3]
            good &= np.abs(even - odd) <= _AGREEMENT * modulus
            quarter = np.hypot(part[:, 0] - part[:, 2], part[:, 1] - part[:, 3])
            good &= quarter <= _HALF_WAY * modulus
            # Across a mode far narrower than p_g the slope's two signs cancel: left to panels.
            good &= (np.abs(even + odd) > 1e-4 * modulus) | (scale < 20.0 * self._widths.min())
        return np.stack([tilted.sum(axis=1), plain.sum(axis=1)], axis=1), good

    def _crowding(self, x: Array) -> Array:
        """dt/dx: nearly the largest over the modes of 1/√((4 width)² + distance²)."""
        total = np.zeros_like(x)
        for centre, width in zip(self._centres, self._widths, strict=True):
            total += ((_PLATEAU * width) ** 2 + (x - centre) ** 2) ** -2
        return total**0.25

    def _level(self, m: int) -> _Level:
        """The grid of spacing 2^−m in units of the coarsest, tabulated when first asked for."""
        if m not in self._levels:
            step = _SPACING / _PLATEAU / 2.0**m
            count = int(self._t[-1] / step) & ~3
            x = self._at(step * (0.5 + np.arange(count)))
            weight = step / self._crowding(x)
            columns = np.zeros((count, 4))
            columns[np.arange(count), np.arange(count) % 4] = weight
            density = np.exp(self._data.logpdf(x)) + _TINY
            self._levels[m] = _Level(x, density, self._data.score(x), columns, weight)
        return self._levels[m]

    def _at(self, t: Array) -> Array:
        """x(t), by Newton's method on t(x), which is integrated within a panel by Gauss's rule."""
        panel = np.searchsorted(self._t, t, side="right") - 1
        left = self._edges[panel]
        width = self._edges[panel + 1] - left
        x = left + width * (t - self._t[panel]) / (self._t[panel + 1] - self._t[panel])
        for _ in range(8):
            half = 0.5 * (x - left)
            reached = half * (self._crowding(left[:, None] + half[:, None] * (1.0 + _T)) @ _W)
            step = (t - self._t[panel] - reached) / self._crowding(x)
            x = np.clip(x + step, left, left + width)
        return x
