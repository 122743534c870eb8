"""Whether a force is finite, told from how both densities end, before anything is integrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.distributions.base import moved
from gandyn.objectives import FDivergence

__all__ = ["divergent", "endless"]

Array = NDArray[np.float64]
_ROUNDING = 1e-12
_LARGEST = float(np.log(np.finfo(float).max)) + 5.0
"""Beyond, the height of a peak over the root of its curvature is above every double."""


def divergent(
    target: FDivergence, data: Distribution, latent: Distribution, a: Array, b: Array
) -> Array:
    """The force where it is infinite, or nan, at states (L,): (2, L), for a and b; 0 elsewhere.

    Far out the integrand is p^κ p_g^(1 − κ) ℓ' φ, where κ is the power of r that the weight
    becomes, and p and p_g are known by their tails. Where they are not, nothing is said (0).
    Infinite is also what is larger than any double, as it is next to where it diverges.
    """
    ends = _ends(target.powers, data, latent, a, b)
    if ends is None:
        return np.zeros((2, len(a)))
    rising, order, falling, last, _, fall = ends
    # ℓ' goes with u, with 1 or with 1/u, and φ = (z, 1) with u and with 1.
    growth = np.array([1.0, 0.0, -1.0])[order] + np.array([1.0, 0.0])[:, None, None]
    infinite = np.where(last == 2, falling <= 1.0 + growth, falling <= 0.0) & (rising != 0.0)
    side = np.array([-1.0, 1.0])[:, None]
    sign = np.sign(rising) * side * np.stack([side * np.sign(a), np.ones_like(rising)])
    with np.errstate(all="ignore"):
        force = np.where(infinite, sign * np.inf, 0.0).sum(axis=1)
        # Where the integrand has a peak far out, its exponent rises to there by so much.
        peaked = (fall[:, 1] < 0.0) & (rising != 0.0)
        rise = np.where(peaked, fall[:, 1] ** 2 / (4.0 * fall[:, 0]), 0.0)
        high = np.flatnonzero((rise > 600.0).any(axis=0) & (force == 0.0).all(axis=0))
        if not len(high):
            return force
        x = -0.5 * side * (fall[:, 1] / fall[:, 0])[:, high]
        z = (x - b[high]) / a[high]
        log_p, score = data.logpdf_and_score(x)
        log_q, other = latent.logpdf_and_score(z)
        log_q -= np.log(np.abs(a[high]))
        size = target.log_weight(log_p - log_q) + log_q - 0.5 * np.log(fall[:, 0, high])
        push = (score - other / a[high]) * np.stack([z, np.ones_like(z)])
        size = np.where(rise[:, high] > 0.0, size + np.log(np.abs(push)), -np.inf)
        beyond = size.max(axis=1) > _LARGEST
        beyond &= np.abs(size[:, 0] - size[:, 1]) > 40.0
        heads = np.where(size[:, 0] > size[:, 1], push[:, 0], push[:, 1])
        force[:, high] = np.where(beyond.all(axis=0), np.copysign(np.inf, heads), 0.0)
    return force


def endless(
    powers: tuple[float, float], data: Distribution, latent: Distribution, a: Array, b: Array
) -> NDArray[np.bool_]:
    """Whether the divergence of a weight with these powers is infinite at states (L,).

    p_g f(r) goes with p^κ p_g^(1 − κ) where κ is above 1 as r grows, or below 0 as r falls, and
    with ℓ besides where it is 1 or 0.
    """
    ends = _ends(powers, data, latent, a, b)
    if ends is None:
        return np.zeros(len(a), bool)
    rising, order, falling, last, power, _ = ends
    growth = np.where((power == 0.0) | (power == 1.0), np.array([2.0, 1.0, 0.0])[order], 0.0)
    infinite = np.where(last == 2, falling <= 1.0 + growth, falling <= 0.0)
    grows = np.where(rising > 0, power >= 1.0, power <= 0.0) & (rising != 0.0)
    return np.asarray((infinite & grows).any(axis=0))


def _ends(
    powers: tuple[float, float], data: Distribution, latent: Distribution, a: Array, b: Array
) -> tuple[Array, NDArray[np.intp], Array, NDArray[np.intp], Array, Array] | None:
    """On both sides (2, L): how ℓ rises, and in which coefficient; how p^κ p_g^(1 − κ) falls, and
    in which; κ; and all three coefficients, (2, 3, L). Where a density ends, nothing rises."""
    tails = data.tails, latent.tails
    if tails[0] is None or tails[1] is None:
        return None
    p, q = np.broadcast_arrays(tails[0][:, :, None], moved(tails[1], a, b))
    bounded = np.isinf(p[:, 0]) | np.isinf(q[:, 0])
    p, q = np.where(np.isinf(p), 0.0, p), np.where(np.isinf(q), 0.0, q)
    rising, order = _leading(q - p, np.abs(q) + np.abs(p))
    rising = np.where(bounded, 0.0, rising)
    power = np.where(rising > 0, powers[1], powers[0])
    parts = power[:, None] * p, (1.0 - power[:, None]) * q
    falling, last = _leading(parts[0] + parts[1], np.abs(parts[0]) + np.abs(parts[1]))
    return rising, order, falling, last, power, parts[0] + parts[1]


def _leading(coefficients: Array, sizes: Array) -> tuple[Array, NDArray[np.intp]]:
    """The first coefficient (along axis 1) that is not 0 to rounding, and which it is."""
    kept = np.abs(coefficients) > _ROUNDING * sizes
    order = np.where(kept.any(axis=1), kept.argmax(axis=1), 2)
    return np.take_along_axis(np.where(kept, coefficients, 0.0), order[:, None], axis=1)[
        :, 0
    ], order
