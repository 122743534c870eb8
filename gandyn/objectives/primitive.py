"""From a weight w(ℓ) alone: its divergence, and the primitives that boundary terms need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gandyn.system.differences import central

__all__ = ["Primitive", "log_derivative"]

Array = NDArray[np.float64]

_T, _W = np.polynomial.legendre.leggauss(24)
_FAR = 700.0


def log_derivative(log_weight: Callable[[Array], Array], ell: Array) -> Array:
    """d log w/dℓ by eighth-order differences; weights vary over a unit of ℓ."""
    return central(log_weight, ell, 0.02)


class Primitive:
    """Integrals of a weight, from a table over unit steps of ℓ and Gauss's rule within a step.

    The weight w(ℓ) > 0 is smooth over a unit of ℓ.

    With f(1) = f'(1) = 0 and f'' = w/r², q f(p/q) = ∫₀^ℓ (p e^−s − q) w(s) ds, in which p and q
    do not cancel within a unit of ℓ = 0, where it is integrated as it stands. Beyond, the table
    gives A(k) = ∫₀^k w ds and B(k) = ∫₀^k w e^(−s) ds, for positive k, and e^k B(k) for
    negative k, which neither overflow.
    """

    def __init__(self, weight: Callable[[Array], Array]) -> None:
        self.weight = weight
        steps = np.arange(0.0, _FAR)
        s = steps[:, None] + 0.5 * (1.0 + _T)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            up = weight(s)
            down = weight(-s)
            self._up_first = _cumulative((up * 0.5) @ _W)
            self._up_tilted = _cumulative((up * np.exp(-s) * 0.5) @ _W)
            self._down_first = _cumulative((down * 0.5) @ _W)
            # e^−(k+1) B(−(k+1)) from e^−k B(−k): one step, damped by e^−1.
            piece = (down * np.exp(s - steps[:, None] - 1.0) * 0.5) @ _W
        tilted = np.zeros(len(steps) + 1)
        for k in range(len(steps)):
            tilted[k + 1] = tilted[k] * np.exp(-1.0) + piece[k]
        self._down_tilted = tilted
        self._up_far = _last_finite(self._up_first)
        self._down_far = _last_finite(self._down_first)

    def first(self, ell: Array) -> Array:
        """∫₀^ℓ w(s) ds."""
        size = np.minimum(np.abs(ell), _FAR)
        base = np.minimum(np.floor(size), _FAR - 1).astype(int)
        sign = np.where(ell < 0, -1.0, 1.0)
        rest = self._within(base, size, sign, tilt=None)
        table = np.where(ell < 0, self._down_first[base], self._up_first[base])
        return sign * (table + rest)

    def tail(self, ell: Array) -> Array:
        """∫_ℓ^∞ w(s) e^−s ds, infinite where it does not converge."""
        total = self._up_tilted[-1]
        if not np.isfinite(total) or self._up_tilted[-1] - self._up_tilted[-101] > 1e-12 * total:
            return np.full_like(ell, np.inf)
        ell = np.clip(ell, 1.0 - _FAR, _FAR - 1.0)
        size = np.abs(ell)
        base = np.floor(size).astype(int)
        up = total - self._up_tilted[base] - self._within(base, size, 1.0, tilt=0.0)
        # Far out the difference has no digits left: integrate what is to come instead.
        ahead = np.zeros_like(ell)
        for k in range(120):
            s = np.maximum(ell, 0.0)[..., None] + k + 0.5 * (1.0 + _T)
            ahead = ahead + (self.weight(s) * np.exp(-s) * 0.5) @ _W
        up = np.where(ell > 1.0, ahead, up)
        with np.errstate(over="ignore"):
            scale = np.exp(size)
            down = total + scale * self._tilted_down(base, size)
        return np.where(ell >= 0, up, down)

    def density(self, log_p: Array, log_q: Array, ell: Array) -> Array:
        """q f(p/q), nonnegative."""
        ell = np.where(np.isnan(ell), 0.0, ell)
        size = np.abs(ell)
        kept = np.minimum(size, np.where(ell > 0, self._up_far, self._down_far))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            finite = np.sign(ell) * np.minimum(size, 2.0 * _FAR)
            log_p = np.where(np.isfinite(log_p), log_p, log_q + finite)
            log_q = np.where(np.isfinite(log_q), log_q, log_p - finite)
            near = self._near(np.clip(ell, -1.0, 1.0)) * np.exp(log_q)
            base = np.floor(kept).astype(int)
            # p − q e^s keeps its sign: for ℓ > 0 all is counted in p, for ℓ < 0 in q.
            steps = np.arange(len(self._up_first))
            rest = np.exp(-kept) * (self._up_first[base] + self._within(base, kept, 1.0, None))
            gain = self._up_tilted[base] + self._within(base, kept, 1.0, 0.0)
            tilted = np.exp(-steps) * self._up_first
            above = gain * np.exp(log_p + _growth(self._up_tilted, self._up_far, size))
            above -= rest * np.exp(log_p + _growth(tilted, self._up_far, size))
            gain = self._down_first[base] + self._within(base, kept, -1.0, None)
            rest = self._tilted_down(base, kept)
            below = gain * np.exp(log_q + _growth(self._down_first, self._down_far, size))
            below -= rest * np.exp(log_q + _growth(self._down_tilted, self._down_far, size))
        out = np.where(size <= 1.0, near, np.where(ell > 0, above, below))
        return np.where(np.isnan(out), np.inf, np.maximum(out, 0.0))

    def _near(self, ell: Array) -> Array:
        """∫₀^ℓ (e^(ℓ−s) − 1) w(s) ds for |ℓ| ≤ 1."""
        s = ell[..., None] * (0.5 * (1.0 + _T))
        return 0.5 * ell * ((np.expm1(ell[..., None] - s) * self.weight(s)) @ _W)

    def _within(self, base: Array, size: Array, sign: Array | float, tilt: float | None) -> Array:
        """∫ of w(±s), times e^−s with a tilt, from s = base to s = size."""
        half = 0.5 * (size - base)
        s = base[..., None] + half[..., None] * (1.0 + _T)
        with np.errstate(over="ignore", under="ignore"):
            value = self.weight(np.asarray(sign)[..., None] * s)
            if tilt is not None:
                value = value * np.exp(-s)
        return half * (value @ _W)

    def _tilted_down(self, base: Array, size: Array) -> Array:
        """e^ℓ ∫_ℓ^0 w(s) e^−s ds at ℓ = −size."""
        half = 0.5 * (size - base)
        s = base[..., None] + half[..., None] * (1.0 + _T)
        rest = half * ((self.weight(-s) * np.exp(s - size[..., None])) @ _W)
        return self._down_tilted[base] * np.exp(base - size) + rest


def _cumulative(pieces: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(pieces)])


def _last_finite(table: Array) -> float:
    """The last step, with one to spare, at which a table has not overflowed."""
    return float(np.flatnonzero(np.isfinite(table))[-1] - 1)


def _growth(table: Array, far: float, size: Array) -> Array:
    """Log of how much an integral grows beyond its table: as a power of ℓ, or as one of r."""
    last = int(far)
    rate = np.log(table[last] / table[last - 1]) if table[last] > 0.0 else 0.0
    if abs(rate) < 1e-4:
        return np.zeros_like(size)
    if abs(rate) < 0.01:
        return rate * far * np.log(np.maximum(size / far, 1.0))
    return rate * np.maximum(size - far, 0.0)
