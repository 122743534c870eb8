"""From a weight w(ℓ) alone: its divergence, and the primitives that boundary terms need."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import numpy as np

from gandyn.system.checks import Array
from gandyn.system.differences import central

_T, _W = np.polynomial.legendre.leggauss(24)
_FAR = 700.0


def log_derivative(log_weight: Callable[[Array], Array], ell: Array) -> Array:
    """d log w/dℓ by eighth-order differences; weights vary over a unit of ℓ."""
    return central(log_weight, ell, 0.02)


class Primitive:
    """Integrals of a weight w(ℓ) > 0 that is smooth over a unit of ℓ.

    With f(1) = f'(1) = 0 and f'' = w/r², q f(p/q) = ∫₀^ℓ (p e^−s − q) w(s) ds, in which p and q
    do not cancel within a unit of ℓ = 0, where it is integrated as it stands.
    """

    def __init__(self, weight: Callable[[Array], Array]) -> None:
        self.weight = weight
        self._up, self._down = _Side(weight, 1.0), _Side(weight, -1.0)

    def first(self, ell: Array) -> Array:
        """∫₀^ℓ w(s) ds."""
        size = np.minimum(np.abs(ell), _FAR)
        return np.where(ell < 0, -self._down(size)[0], self._up(size)[0])

    def tail(self, ell: Array) -> Array:
        """∫_ℓ^∞ w(s) e^−s ds, infinite where it does not converge."""
        table = self._up.gain
        if not np.isfinite(table[-1]) or table[-1] - table[-101] > 1e-12 * table[-1]:
            return np.full_like(ell, np.inf)
        ell = np.clip(ell, 1.0 - _FAR, _FAR - 1.0)
        size = np.abs(ell)
        # Far out the difference has no digits left: integrate what is to come instead.
        ahead = np.zeros_like(ell)
        for k in range(120):
            s = np.maximum(ell, 0.0)[..., None] + k + 0.5 * (1.0 + _T)
            ahead = ahead + (self.weight(s) * np.exp(-s) * 0.5) @ _W
        up = np.where(ell > 1.0, ahead, table[-1] - self._up(size)[1])
        with np.errstate(over="ignore"):
            down = table[-1] + np.exp(size) * self._down(size)[1]
        return np.where(ell >= 0, up, down)

    def density(self, log_p: Array, log_q: Array, ell: Array) -> Array:
        """q f(p/q), nonnegative."""
        ell = np.where(np.isnan(ell), 0.0, ell)
        size = np.abs(ell)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            finite = np.sign(ell) * np.minimum(size, 2.0 * _FAR)
            log_p = np.where(np.isfinite(log_p), log_p, log_q + finite)
            log_q = np.where(np.isfinite(log_q), log_q, log_p - finite)
            near = self._near(np.clip(ell, -1.0, 1.0)) * np.exp(log_q)
            # p − q e^s keeps its sign: for ℓ > 0 all is counted in p, for ℓ < 0 in q.
            above, below = self._up.density(log_p, size), self._down.density(log_q, size)
        out = np.where(size <= 1.0, near, np.where(ell > 0, above, below))
        return np.where(np.isnan(out), np.inf, np.maximum(out, 0.0))

    def _near(self, ell: Array) -> Array:
        """∫₀^ℓ (e^(ℓ−s) − 1) w(s) ds for |ℓ| ≤ 1."""
        s = ell[..., None] * (0.5 * (1.0 + _T))
        return 0.5 * ell * ((np.expm1(ell[..., None] - s) * self.weight(s)) @ _W)


class _Side:
    """Two integrals over the weight on one side of 0, up to a distance k that is its argument.

    ∫₀^k w(±s) ds, and ∫₀^k w(s) e^−s ds above 0 or ∫₀^k w(−s) e^(s−k) ds below, neither of which
    overflows: from tables over unit steps, and by Gauss's rule within a step. With `gain` and
    `rest`, these two or their like, q f(p/q) is p gain − p rest above, q gain − q rest below.
    """

    def __init__(self, weight: Callable[[Array], Array], sign: float) -> None:
        self._weight, self._sign = weight, sign
        steps = np.arange(_FAR + 1.0)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            plain, tilted = self._within(steps[:-1], steps[1:])
            self._plain = np.concatenate([[0.0], np.cumsum(plain)])
            if sign > 0:
                self._tilted = np.concatenate([[0.0], np.cumsum(tilted)])
                self.gain, self._rest = self._tilted, np.exp(-steps) * self._plain
            else:
                damped = accumulate(tilted, lambda sum, new: sum * np.exp(-1.0) + new, initial=0.0)
                self._tilted = np.array(list(damped))
                self.gain, self._rest = self._plain, self._tilted
        # the last step, with one to spare, at which the table has not overflowed
        self._far = float(np.flatnonzero(np.isfinite(self._plain))[-1] - 1)

    def __call__(self, size: Array) -> tuple[Array, Array]:
        base = np.minimum(np.floor(size), _FAR - 1)
        index = base.astype(int)
        with np.errstate(over="ignore", under="ignore"):
            plain, tilted = self._within(base, size)
            before = self._tilted[index] * (1.0 if self._sign > 0 else np.exp(base - size))
        return self._plain[index] + plain, before + tilted

    def density(self, log_density: Array, size: Array) -> Array:
        """q f(p/q) from the logarithm of p above 0, of q below."""
        kept = np.minimum(size, self._far)
        gain, rest = self(kept)
        if self._sign > 0:
            gain, rest = rest, np.exp(-kept) * gain
        out = gain * np.exp(log_density + _growth(self.gain, self._far, size))
        out -= rest * np.exp(log_density + _growth(self._rest, self._far, size))
        return out

    def _within(self, base: Array, size: Array) -> tuple[Array, Array]:
        """What comes of both between two ends less than a step apart."""
        half = 0.5 * (size - base)
        s = base[..., None] + half[..., None] * (1.0 + _T)
        u = self._weight(self._sign * s)
        tilt = np.exp(-s if self._sign > 0 else s - size[..., None])
        return half * (u @ _W), half * ((u * tilt) @ _W)


def _growth(table: Array, far: float, size: Array) -> Array:
    """Log of how much an integral grows beyond its table: as a power of ℓ, or as one of r."""
    last = int(far)
    rate = np.log(table[last] / table[last - 1]) if table[last] > 0.0 else 0.0
    if abs(rate) < 1e-4:
        return np.zeros_like(size)
    if abs(rate) < 0.01:
        return rate * far * np.log(np.maximum(size / far, 1.0))
    return rate * np.maximum(size - far, 0.0)
