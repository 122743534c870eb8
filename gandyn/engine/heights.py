"""Total variation where the generated density is the same all over an interval: by its height.

Between two points of its extremes and breaks the data's density p is monotone, so that it crosses
the height of a uniform law once at most in each of these stretches, which no state changes. Total
variation is the sum of the masses of p less those of p_g between the crossings.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gandyn.engine.panels import PanelEngine
from gandyn.engine.quadrature import Integrals
from gandyn.engine.transport import sign_changes
from gandyn.system.bracket import roots

__all__ = ["HeightEngine"]

Array = NDArray[np.float64]

_EPS = float(np.finfo(float).eps)
_BETWEEN = 32
"""Samples of the score for each panel edge of the data."""

_SPLIT, _ROUNDS = 16, 4
"""Where the score may touch 0 between two samples, so many more; and how often."""

_MOST_LANDMARKS = 2000
_BLOCK = 65_536


class HeightEngine:
    """Total variation of a z + b, z uniform.

    Parameters
    ----------
    panels : PanelEngine
        The game.

    Notes
    -----
    Next to p_g = p the value is right to rounding of the masses, no better: nor are the logarithms
    of two densities that are almost alike.
    """

    def __init__(self, panels: PanelEngine) -> None:
        self._data, self._latent = panels.data, panels.generator.latent
        self._place = list(panels.generator.scale_and_place or ())
        low, high = self._latent.support
        self._log_height = float(self._latent.logpdf(0.5 * low + 0.5 * high))
        self._ends = np.array([[low, high], [high, low]])
        self._noise = 1.0 + max(abs(low), abs(high)) / (high - low)

    @staticmethod
    def takes(panels: PanelEngine) -> bool:
        """Whether a game is of this kind."""
        data, latent = panels.data, panels.generator.latent
        if not np.isfinite(latent.support).all() or len(latent.breaks) > 2:
            return False
        flat = np.ptp(latent.logpdf(latent._nodes[0])) == 0.0
        return bool(flat) and not len(data.atoms) and len(data.landmarks) <= _MOST_LANDMARKS

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Total variation alone, for each of the names, at states (L, d)."""
        step = max(1, _BLOCK // len(self._stretches[0]))
        starts = range(0, max(1, len(theta)), step)
        value, error, nodes = np.concatenate(
            [self._sums(theta[k : k + step]) for k in starts], axis=1
        )
        size = len(names), len(theta)
        return Integrals(
            np.broadcast_to(value, size).copy(),
            np.broadcast_to(error, size).copy(),
            np.ones(len(theta), bool),
            nodes.astype(np.intp),
        )

    def _sums(self, theta: Array) -> Array:
        """Total variation, its error, and how many points it took: (3, L)."""
        data, latent = self._data, self._latent
        a, b = theta[:, self._place].T
        log_height = self._log_height - np.log(np.abs(a))
        spread = np.where(a > 0.0, *(np.multiply.outer(end, a) for end in self._ends))
        first, last = spread + b
        at_first, at_last = data.logpdf(first), data.logpdf(last)
        ends, rises = self._stretches
        low, high, lo, hi = ends[:-1], ends[1:], first[:, None], last[:, None]
        left = np.where(low >= lo, rises[0], at_first[:, None]) - log_height[:, None]
        right = np.where(high <= hi, rises[1], at_last[:, None]) - log_height[:, None]
        # Whether p > p_g: outside; and in every stretch that p_g reaches, at both of its ends.
        above = np.ones((len(a), 2 * len(low) + 2), bool)
        apart = (low > hi) | (high < lo)
        above[:, 1:-1:2], above[:, 2:-1:2] = apart | (left > 0.0), apart | (right > 0.0)
        state, change = np.nonzero(above[:, 1:] != above[:, :-1])
        before, stretch, within = above[state, change], change // 2, change % 2 == 1
        # At an end of a stretch, or where p crosses the height within.
        x = np.clip(ends[stretch], first[state], last[state])
        s, k = state[within], stretch[within]
        x[within] = roots(
            lambda point, index: data.logpdf(point) - log_height[s[index]],
            x[within],
            np.minimum(high[k], last[s]),
            left[s, k],
            right[s, k],
        )
        z = (x - b[state]) / a[state]
        below = np.where(a[state] > 0.0, latent.cdf(z), latent.sf(z))
        below = np.where(~within & (ends[stretch] <= first[state]), 0.0, below)
        below = np.where(~within & (ends[stretch] >= last[state]), 1.0, below)
        excess = np.where(before, 1.0, -1.0) * (data.cdf(x) - below)
        value = np.maximum(np.bincount(state, excess, minlength=len(a)), 0.0)
        count = np.bincount(state, minlength=len(a))
        # A crossing's own rounding is of second order, but not that of the two ends.
        rounding = _EPS * (np.abs(spread) + np.abs(b))
        moved = [
            data.cdf(end + off) - data.cdf(end - off)
            for end, off in zip((first, last), rounding, strict=True)
        ]
        error = 4.0 * _EPS * (2.0 + self._noise * count) + np.sum(moved, axis=0)
        return np.stack([value, error, 2.0 + count])

    @cached_property
    def _stretches(self) -> tuple[Array, Array]:
        """Ends (K + 1,) of the stretches where p is monotone; log p within them at both, (2, K)."""
        data, breaks = self._data, self._data.breaks
        sides = np.concatenate([np.nextafter(breaks, side) for side in (-np.inf, np.inf)])
        x = _split(data.edges, np.ones(len(data.edges) - 1, bool), _BETWEEN)
        x = np.union1d(x[~np.isin(x, breaks)], sides)
        for _ in range(_ROUNDS):
            score, slope = data.score(x), data.score_slope(x)
            height, slopes, places = (
                np.stack([row[:-1], row[1:]], axis=1) for row in (score, slope, x)
            )
            # beside a zero the score has the sign of what it rises by
            rise = slopes * np.diff(places) * [_EPS, -_EPS]
            height = np.where(height == 0.0, rise, height)
            change, _, _, touching = sign_changes(height, slopes, places)
            touching &= height.all(axis=1)
            still = x[score == 0.0]
            if not touching.any():
                break
            x = _split(x, touching, _SPLIT)
        found = roots(lambda x, _: data.score(x), *places[change].T, *height[change].T)
        inner = np.unique(np.concatenate([found, still, breaks]))
        jumps = np.isin(inner, breaks)
        # log p on the right and on the left of each, and far out
        beside = [
            data.logpdf(np.where(jumps, np.nextafter(inner, side), inner))
            for side in (np.inf, -np.inf)
        ]
        rises = np.array([[-np.inf, *beside[0]], [*beside[1], -np.inf]])
        with np.errstate(invalid="ignore"):
            way = np.nan_to_num(np.sign(rises[1] - rises[0]))
        kept = np.flatnonzero(jumps | (way[:-1] != way[1:]))
        ends = np.concatenate([[-np.inf], inner[kept], [np.inf]])
        return ends, np.array([rises[0][[0, *(kept + 1)]], rises[1][[*kept, -1]]])


def _split(x: Array, cells: NDArray[np.bool_], count: int) -> Array:
    """Sorted points, and more between them: so many parts of each cell that is named."""
    share = np.arange(1, count) / count
    more = x[:-1][cells, None] + np.diff(x)[cells, None] * share
    return np.union1d(x, more)
