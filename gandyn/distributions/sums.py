"""Densities that are sums of many: logarithm, slope and tails, in blocks that stay in the cache."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from gandyn.distributions.base import Distribution, log_or_minus_inf
from gandyn.distributions.edges import graded, panel_edges
from gandyn.distributions.families import LOG_SQRT_2PI
from gandyn.system.checks import FloatArray, as_float

_BLOCK = 1 << 15
_CHUNK = 512
_LARGEST_SCORE = 1e150


class Sum(Distribution):
    """A sum of densities, by log-sum-exp; `_size` says how many."""

    _size: int

    @cached_property
    def edges(self) -> FloatArray:
        """The panel edges of any density, and those where terms change places."""
        edges, more = self._plain_edges, graded(self.handovers)
        return np.union1d(edges, more[(more > edges[0]) & (more < edges[-1])])

    @cached_property
    def _plain_edges(self) -> FloatArray:
        return panel_edges(self.landmarks, self.breaks, self.reach)

    def logpdf(self, x: ArrayLike) -> FloatArray:
        return self._rows(x, 1)[0]

    def score(self, x: ArrayLike) -> FloatArray:
        return self._rows(x, 2)[1]

    def logpdf_and_score(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        log, score = self._rows(x, 2)
        return log, score

    def score_slope(self, x: ArrayLike) -> FloatArray:
        return self._rows(x, 3)[2]

    @abstractmethod
    def _block(self, x: FloatArray, count: int) -> FloatArray:
        """Log density, score and its slope, the first `count` of them, shape (count, n)."""

    def _rows(self, x: ArrayLike, count: int) -> FloatArray:
        return self._in_blocks(lambda part: self._block(part, count), x, count)

    def _in_blocks(
        self, function: Callable[[FloatArray], FloatArray], x: ArrayLike, rows: int
    ) -> FloatArray:
        """A function of points (n,) with values (rows, n), at x: shape (rows, *x.shape)."""
        flat = np.ravel(as_float(x))
        size = max(64, _BLOCK // self._size)
        out = np.empty((rows, flat.size))
        for i in range(0, flat.size, size):
            out[:, i : i + size] = function(flat[i : i + size])
        return out.reshape(rows, *np.shape(x))


class NormalSum(Sum):
    """Σ weights[k] N(means[k], stds[k]), each an array of shape (K,)."""

    normals: tuple[FloatArray, FloatArray, FloatArray]

    def __init__(self, weights: FloatArray, means: FloatArray, stds: FloatArray) -> None:
        self.normals = weights, means, stds
        self._rates = 1.0 / stds
        self._log_factors = (np.log(weights) - np.log(stds) - LOG_SQRT_2PI)[:, None]
        self._chunks: list[NormalSum] = []
        if weights.size > _CHUNK:
            # all of the terms for one block of x would leave the cache
            parts = (slice(i, i + _CHUNK) for i in range(0, weights.size, _CHUNK))
            self._chunks = [NormalSum(weights[p], means[p], stds[p]) for p in parts]
        self._size = len(self._chunks) or weights.size

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self._mass(x, 1.0)

    def sf(self, x: ArrayLike) -> FloatArray:
        return self._mass(x, -1.0)

    def _mass(self, x: ArrayLike, sign: float) -> FloatArray:
        if self._chunks:
            return np.sum([chunk._mass(x, sign) for chunk in self._chunks], axis=0)
        weights = self.normals[0]
        return self._in_blocks(lambda x: _sum(weights, ndtr(sign * self._z(x))), x, 1)[0]

    def _z(self, x: FloatArray) -> FloatArray:
        _, means, stds = self.normals
        with np.errstate(over="ignore"):
            return (x - means[:, None]) / stds[:, None]

    def _block(self, x: FloatArray, count: int) -> FloatArray:
        if self._chunks:
            return joined([1.0] * len(self._chunks), self._chunks, x, count)
        # beyond this |z| the log density is -inf and every component has the same say
        z = self._z(x)
        np.clip(z, -1e154, 1e154, out=z)
        parts = z * z
        parts *= -0.5
        parts += self._log_factors
        top = parts.max(axis=0)
        parts -= top
        np.exp(parts, out=parts)
        total = parts.sum(axis=0)
        out = np.empty((count, x.size))
        out[0] = np.log(total) + top
        if count == 2:
            parts *= z
            out[1] = _sum(-self._rates, parts) / total
        elif count == 3:
            rates = self._rates[:, None]
            scores = np.clip(-z * rates, -_LARGEST_SCORE, _LARGEST_SCORE)
            out[1] = (parts * scores).sum(axis=0) / total
            out[2] = (parts * ((scores - out[1]) ** 2 - rates**2)).sum(axis=0) / total
        return out


def joined(
    weights: Sequence[float], parts: Sequence[Distribution], x: FloatArray, count: int
) -> FloatArray:
    """`Sum._block` of Σ weights[k] parts[k]: scores and slopes weighted by responsibility."""
    logs, scores = np.empty((2, len(parts), x.size))
    for k, (weight, part) in enumerate(zip(weights, parts, strict=True)):
        logs[k], scores[k] = part.logpdf_and_score(x)
        logs[k] += math.log(weight)
    # an infinite score, at the ends of the float range, would make nan of a share of 0
    np.clip(scores, -_LARGEST_SCORE, _LARGEST_SCORE, out=scores)
    # at an end where a part is infinite, so is the sum
    endless = np.isposinf(logs).any(axis=0)
    np.minimum(logs, _LARGEST_SCORE, out=logs)
    top = logs.max(axis=0)
    outside = np.isneginf(top)
    logs -= np.where(outside, 0.0, top)
    shares = np.exp(logs, out=logs)
    total = shares.sum(axis=0)
    # where no component is, every share is 0 and so is the score
    shares /= np.where(outside, 1.0, total)
    score = (shares * scores).sum(axis=0)
    rows = [np.where(endless, np.inf, top + log_or_minus_inf(total)), score]
    if count == 3:
        for k, part in enumerate(parts):
            scores[k] = (scores[k] - score) ** 2 + part.score_slope(x)
        rows.append((shares * scores).sum(axis=0))
    return np.stack(rows[:count])


def _sum(factors: FloatArray, rows: FloatArray) -> FloatArray:
    """Σ factors[k] rows[k], the rows used up.

    A matrix product rounds a column by how many there are; here a point's value is its own.
    """
    rows *= factors[:, None]
    return np.asarray(rows.sum(axis=0))
