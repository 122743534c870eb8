"""Reductions over the few components of each of many lanes.

NumPy reduces a short last axis lane by lane; column by column it is five times faster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.guard import Array


def largest(x: Array) -> Array:
    """Largest absolute component (n,) of each row of ``x`` (n, d)."""
    size = np.abs(x)
    out = size[:, 0].copy()
    for j in range(1, x.shape[1]):
        np.maximum(out, size[:, j], out=out)
    return out


def squares(x: Array) -> Array:
    """Sum of squares (n,) of each row of ``x`` (n, d)."""
    out = x[:, 0] ** 2
    for j in range(1, x.shape[1]):
        out += x[:, j] ** 2
    return out


def finite(x: Array) -> NDArray[np.bool_]:
    """Whether each row of ``x`` (n, d) is finite."""
    known = np.isfinite(x)
    out = known[:, 0].copy()
    for j in range(1, x.shape[1]):
        out &= known[:, j]
    return out
