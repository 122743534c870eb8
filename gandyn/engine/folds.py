"""Where the pathwise force of an f-divergence is infinite: at the folds of a generator.

Where G turns, at z₀ with image x₀, the generated density is like u^(−1/2) in the distance u from
x₀, so that ℓ' is like 1/(2u) and r = p/p_g like u^(1/2). With w(ℓ) like r^κ as r → 0, the integrand
p_g w ℓ' ∂G/∂θ of the force is like u^((κ−3)/2): its integral exists where κ > 1, and nowhere else.
The non-saturating loss, reverse KL and Jeffreys have κ = 0, Hellinger ½, the saturating loss and
forward KL 1; Pearson has 2 and is finite. The same limit holds at turns of higher order. The force
pushes the fold open, ∂G/∂θ(z₀) upwards at a minimum and downwards at a maximum, while the potential
and its gradient may well be finite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.generators import Generator
from gandyn.objectives import FDivergence, Objective

__all__ = ["WIDER", "push_at_folds"]

Array = NDArray[np.float64]

WIDER = 0.12
"""Share of the latent's reach, on either side, beyond which a fold is too far out to count."""


def push_at_folds(
    data: Distribution, generator: Generator, target: Objective, theta: Array
) -> Array:
    """±∞ in the components of the force (L, d) that folds make infinite, 0 where there are none.

    nan where folds push a component both ways.
    """
    out = np.zeros(theta.shape)
    if not isinstance(target, FDivergence) or target.powers[0] > 1.0:
        return out
    low, high = generator.latent.reach
    low, high = low - WIDER * (high - low), high + WIDER * (high - low)
    for push, state in zip(out, theta, strict=True):
        turns = np.asarray(generator.pieces(state), dtype=float)
        turns = turns[(turns > low) & (turns < high)]
        # Where the latent has no density, at an end or beyond it, nothing turns.
        turns = turns[generator.latent.logpdf(turns) > -np.inf]
        if not len(turns):
            continue
        side = np.sign(generator.curvature(turns, state))  # 0 at a kink, where p_g only jumps
        side = np.where(np.isfinite(data.logpdf(generator(turns, state))), side, 0.0)
        each = side * generator.sensitivity(turns, state)
        with np.errstate(invalid="ignore"):
            push += np.where(each == 0.0, 0.0, each * np.inf).sum(axis=1)
    return out
