"""Sums of many normal densities: logarithm, slope and tails, in blocks that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from gandyn.distributions.normal import LOG_SQRT_2PI
from gandyn.system.checks import FloatArray

_BLOCK = 1 << 15
_CHUNK = 512


@dataclass(frozen=True, eq=False)
class NormalSum:
    """Σ weights[k] N(means[k], stds[k]), each an array of shape (K,).

    Every method takes and returns an array of shape (n,).
    """

    weights: FloatArray
    means: FloatArray
    stds: FloatArray

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Logarithm of the density by log-sum-exp."""
        if self._chunks:
            return self.logpdf_and_score(x)[0]

        def block(x: FloatArray) -> FloatArray:
            z = self._z(x)
            top, parts = self._parts(z)
            return (top + np.log(parts.sum(axis=0)))[None]

        return self._blocks(block, x)[0]

    def score(self, x: FloatArray) -> FloatArray:
        """Slope of the log density: each component's, weighted by its responsibility."""
        return self.logpdf_and_score(x)[1]

    def logpdf_and_score(self, x: FloatArray) -> FloatArray:
        """Both, as the two rows of an array of shape (2, n)."""
        if self._chunks:
            logs, scores = np.stack([chunk.logpdf_and_score(x) for chunk in self._chunks], axis=1)
            return np.stack(_join(logs, scores)[:2])

        def block(x: FloatArray) -> FloatArray:
            z = self._z(x)
            top, parts = self._parts(z)
            total = parts.sum(axis=0)
            parts *= z
            score = _sum(-self._rates, parts)
            score /= total
            np.log(total, out=total)
            total += top
            return np.stack([total, score])

        return self._blocks(block, x, rows=2)

    def score_slope(self, x: FloatArray) -> FloatArray:
        """Mean slope of the components' scores plus the variance of the scores."""
        if self._chunks:
            logs, scores = np.stack([chunk.logpdf_and_score(x) for chunk in self._chunks], axis=1)
            slopes = np.stack([chunk.score_slope(x) for chunk in self._chunks])
            _, score, shares = _join(logs, scores)
            return (shares * (slopes + (scores - score) ** 2)).sum(axis=0)

        def block(x: FloatArray) -> FloatArray:
            z = self._z(x)
            _, parts = self._parts(z)
            total = parts.sum(axis=0)
            scores = np.clip(-z * self._rates[:, None], -1e150, 1e150)
            centred = scores - (parts * scores).sum(axis=0) / total
            return ((parts * (centred**2 - self._rates[:, None] ** 2)).sum(axis=0) / total)[None]

        return self._blocks(block, x)[0]

    def cdf(self, x: FloatArray) -> FloatArray:
        """Mass below x."""
        if self._chunks:
            return np.sum([chunk.cdf(x) for chunk in self._chunks], axis=0)
        return self._blocks(lambda x: _sum(self.weights, ndtr(self._z(x)))[None], x)[0]

    def sf(self, x: FloatArray) -> FloatArray:
        """Mass above x."""
        if self._chunks:
            return np.sum([chunk.sf(x) for chunk in self._chunks], axis=0)
        return self._blocks(lambda x: _sum(self.weights, ndtr(-self._z(x)))[None], x)[0]

    @cached_property
    def _chunks(self) -> list[NormalSum]:
        """Sums of fewer terms, where all of them for one block of x would leave the cache."""
        if self.weights.size <= _CHUNK:
            return []
        parts = (slice(i, i + _CHUNK) for i in range(0, self.weights.size, _CHUNK))
        return [NormalSum(self.weights[p], self.means[p], self.stds[p]) for p in parts]

    @cached_property
    def _rates(self) -> FloatArray:
        return 1.0 / self.stds

    @cached_property
    def _log_factors(self) -> FloatArray:
        return (np.log(self.weights) - np.log(self.stds) - LOG_SQRT_2PI)[:, None]

    def _z(self, x: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            return (x - self.means[:, None]) / self.stds[:, None]

    def _parts(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The largest log term, and every term relative to it."""
        # beyond this |z| the log density is -inf and every component has the same say
        z = np.clip(z, -1e154, 1e154, out=z)
        terms = z * z
        terms *= -0.5
        terms += self._log_factors
        top = terms.max(axis=0)
        terms -= top
        return top, np.exp(terms, out=terms)

    def _blocks(
        self, block: Callable[[FloatArray], FloatArray], x: FloatArray, rows: int = 1
    ) -> FloatArray:
        size = max(64, _BLOCK // self.weights.size)
        out = np.empty((rows, x.size))
        for i in range(0, x.size, size):
            out[:, i : i + size] = block(x[i : i + size])
        return out


def _sum(factors: FloatArray, rows: FloatArray) -> FloatArray:
    """Σ factors[k] rows[k], the rows used up.

    A matrix product rounds a column by how many there are; here a point's value is its own.
    """
    rows *= factors[:, None]
    return np.asarray(rows.sum(axis=0))


def _join(logs: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density, score and every part's share, from parts of shape (parts, n)."""
    top = logs.max(axis=0)
    shares = np.exp(logs - top)
    total = shares.sum(axis=0)
    shares /= total
    return top + np.log(total), (shares * scores).sum(axis=0), shares
