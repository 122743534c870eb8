"""How densities end: −log p(x) ≈ c₂u² + c₁u + c₀ log u + constant, far out at u = |x|."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gandyn.system.checks import FloatArray, as_float

BOUNDED = (np.inf, 0.0, 0.0)
"""The ending of a density that is 0 beyond some point."""


def moved(tails: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Endings of a z + b, shape (2, 3, ...): left and right, (c₂, c₁, c₀), for each of (a, b).

    Those of z are `tails`, of shape (2, 3); no a is 0.
    """
    a, b = as_float(a), as_float(b)
    own = as_float(tails).reshape(2, 3, *(1,) * a.ndim)
    own = np.where(a > 0, own, own[::-1])
    square, line, power = np.moveaxis(own, 1, 0)
    side = np.array([-1.0, 1.0]).reshape(2, *(1,) * a.ndim)
    slant = np.where(np.isfinite(square), square, 0.0) * (2.0 * side * b / a**2)
    return np.stack([square / a**2, line / np.abs(a) - slant, power + 0.0 * slant], axis=1)
