"""Quantiles of a distribution of which only the cumulative function is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gandyn.system.bracket import roots
from gandyn.system.checks import FloatArray


def log_or_minus_inf(x: FloatArray) -> FloatArray:
    """log(x), -inf where x is zero or, by rounding, below."""
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(x, 0.0))


def invert_tail(
    tail: Callable[[FloatArray], FloatArray], q: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Solve tail(x) = q, 0 < q < 1, within the finite [low, high], all of shape (n,).

    As log tail(x) = log q, which is nearly linear far out, so that q = 1e-300 takes no more steps
    than q = 0.1. To a few units in the last place of x, or of q where that is coarser.
    """
    target = np.log(q)
    return roots(lambda x, index: log_or_minus_inf(tail(x)) - target[index], low, high)
