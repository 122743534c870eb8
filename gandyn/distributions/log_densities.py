"""Logarithms of densities that SciPy takes from a density which underflows, or is not as close."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import gammaln

from gandyn.system.checks import FloatArray

__all__ = ["OWN"]

_LOG_2PI = math.log(2.0 * math.pi)

LogDensity = Callable[[FloatArray], FloatArray]


def _levy(side: float) -> Callable[[], LogDensity]:
    def log_density(x: FloatArray) -> FloatArray:
        return -0.5 * _LOG_2PI - 1.5 * np.log(side * x) - 0.5 / (side * x)

    return lambda: log_density


def _inverse_weibull(c: float) -> LogDensity:
    return lambda x: math.log(c) - (c + 1.0) * np.log(x) - x**-c


def _johnson(a: float, b: float) -> LogDensity:
    def log_density(x: FloatArray) -> FloatArray:
        low, high = np.log(x), np.log1p(-x)
        return math.log(b) - 0.5 * _LOG_2PI - low - high - 0.5 * (a + b * (low - high)) ** 2

    return log_density


def _kolmogorov() -> LogDensity:
    """By the series of the theta function that is the shorter."""
    odd, k = np.arange(1.0, 8.0, 2.0), np.arange(1.0, 8.0)

    def log_density(x: FloatArray) -> FloatArray:
        square, near = x[..., None] ** 2, 0.125 * math.pi**2 / x**2
        small = 0.25 * (math.pi * odd) ** 2 / square - 1.0
        small *= np.exp((1.0 - odd**2) * near[..., None])
        large = k**2 * np.exp(2.0 * (1.0 - k**2) * square) * -((-1.0) ** k)
        below = np.log(small.sum(axis=-1)) - near - 2.0 * np.log(x) + 0.5 * _LOG_2PI
        above = np.log(8.0 * x * large.sum(axis=-1)) - 2.0 * x**2
        return np.where(x < 1.0, below, above)

    return log_density


def _stable(alpha: float, beta: float) -> LogDensity | None:
    """That of a stable law far out, where its series tells it.

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


OWN: dict[str, Callable[..., LogDensity | None]] = {
    "levy": _levy(1.0),
    "levy_l": _levy(-1.0),
    "invweibull": _inverse_weibull,
    "johnsonsb": _johnson,
    "kstwobign": _kolmogorov,
    "levy_stable": _stable,
}
"""By SciPy's names of the families, from their shapes; nan where SciPy is to be asked."""
