"""Objectives: each a force on the line, one row each.

With the discriminator (or critic) at its optimum, a generated particle at x is pushed with a slope
s(x), and dθ/dt = E[s(G(z)) ∂G/∂θ]. For an f-divergence ∫ q f(p/q) the slope is w(ℓ) ℓ', where
ℓ = log p − log q and w = r² f''(r) at r = e^ℓ, so that a row is the weight w and little else.
"""

from gandyn.objectives.base import FDivergence, MeanSquaredError, Objective, Transport
from gandyn.objectives.rows import alpha, names, objective

__all__ = [
    "FDivergence", "MeanSquaredError", "Objective", "Transport", "alpha", "names", "objective",
]  # fmt: skip
