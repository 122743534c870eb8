"""A user's own samples, as a sum of normal kernels."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtri

from gandyn.distributions.base import TAIL
from gandyn.distributions.sums import NormalSum
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, finite_array, positive

_LANDMARK_GAP = 1.5


class KernelDensity(NormalSum):
    """The mean of N(sample, bandwidth²) over the samples; make it with `from_samples`.

    The distinct samples are `values`, sorted, and each came `counts` times; `source` is the text
    notation of where they were read.
    """

    def __init__(
        self, values: FloatArray, counts: FloatArray, bandwidth: float, source: str | None = None
    ) -> None:
        super().__init__(counts / counts.sum(), values, np.full(values.size, bandwidth))
        self.values = values
        self.counts = counts
        self.bandwidth = bandwidth
        self.source = source
        values.flags.writeable = counts.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KernelDensity):
            return NotImplemented
        return (
            self.bandwidth == other.bandwidth
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.counts, other.counts)
        )

    def __hash__(self) -> int:
        return hash((self.bandwidth, self.values.tobytes(), self.counts.tobytes()))

    def __repr__(self) -> str:
        return f"from_samples(<{int(self.counts.sum())} values>, bandwidth={self.bandwidth!r})"

    def __str__(self) -> str:
        return self.source or repr(self)

    @cached_property
    def tails(self) -> FloatArray:
        """Those of the outermost kernels."""
        square, ends = 0.5 / self.bandwidth**2, (self.values[0], -self.values[-1])
        return np.array([[square, 2.0 * square * end, 0.0] for end in ends])

    @cached_property
    def landmarks(self) -> FloatArray:
        """Samples that are at least 1.5 bandwidths apart: panels need no more."""
        gap = _LANDMARK_GAP * self.bandwidth
        places, i = [], 0
        while i < self.values.size:
            places.append(self.values[i])
            i = max(i + 1, int(np.searchsorted(self.values, self.values[i] + gap)))
        return np.column_stack([places, np.full(len(places), self.bandwidth)])

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The outermost samples, and one kernel's reach beyond."""
        margin = -float(ndtri(TAIL)) * self.bandwidth
        return self._within_support(float(self.values[0]) - margin, float(self.values[-1]) + margin)

    @cached_property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.counts))

    @cached_property
    def std(self) -> float:
        """Root of the samples' variance (over n) plus the bandwidth squared."""
        variance = np.average((self.values - self.mean) ** 2, weights=self.counts)
        return math.hypot(math.sqrt(float(variance)), self.bandwidth)

    def sample(
        self, n: int | tuple[int, ...], rng: int | np.random.Generator | None = None
    ) -> FloatArray:
        rng = np.random.default_rng(rng)
        which = np.searchsorted(np.cumsum(self.normals[0][:-1]), rng.random(n), side="right")
        return self.values[which] + self.bandwidth * rng.standard_normal(n)


def from_samples(
    samples: Any, bandwidth: float | None = None, *, source: str | None = None
) -> KernelDensity:
    """A density from samples, by normal kernels.

    Parameters
    ----------
    samples : sequence of float
        One-dimensional, finite; at least two different ones, or one and a bandwidth.
    bandwidth : float, optional
        Standard deviation of a kernel, in units of x. By default Silverman's robust rule,
        0.9 min(std, interquartile range / 1.34) n^(-1/5).
    source : str, optional
        The text notation, where the samples came from a file.

    Raises
    ------
    InputError
        Where a sample is not finite, there are too few, or the bandwidth is not positive.

    Notes
    -----
    B. W. Silverman, Density Estimation for Statistics and Data Analysis (1986), eq. 3.31.

    Examples
    --------
    >>> p = gandyn.from_samples([-1.0, 0.0, 0.5, 2.0], bandwidth=0.4)
    >>> round(p.mean, 12), p.cdf(0.0).round(4)
    (0.375, np.float64(0.3999))
    """
    array = finite_array("samples", samples)
    if not array.size:
        raise InputError("samples: got none, must be at least 2 different finite numbers")
    values, counts = np.unique(array, return_counts=True)
    if bandwidth is not None:
        width = positive("bandwidth", bandwidth)
    elif values.size < 2:
        raise InputError(
            f"samples: got only the value {float(values[0])}, must be at least 2 different ones "
            "unless a bandwidth is given"
        )
    else:
        width = _silverman(array)
    return KernelDensity(values, counts.astype(float), width, source)


def _silverman(samples: FloatArray) -> float:
    scale = float(np.abs(samples).max())
    std = float(np.std(samples / scale, ddof=1)) * scale
    lower, upper = np.quantile(samples, [0.25, 0.75])
    spread = float(upper - lower) / 1.34
    # more than half of the samples may be equal
    width = 0.9 * (min(std, spread) if spread > 0 else std) * samples.size**-0.2
    if not (math.isfinite(width) and width > 0):
        raise InputError(
            f"samples: got a spread of {std}, must allow a bandwidth: give one, or rescale"
        )
    return width
